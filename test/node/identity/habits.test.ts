/** For which pseudonyms a pass is taken, and that what is drawn for one says nothing of what is drawn for another. */
import { test } from 'tap'
import { isWanted, lingers, sitsOut, stepsUp, wantOf } from '../../../node/identity/habits.ts'
import { usualHabit } from '../../../node/keys/keystore.ts'
import { addressOfName } from '../../kit/pass-log.ts'

const keyOf = (person: number): Uint8Array => new Uint8Array(32).fill(person)
const drawingOf = (person: number, name: string, habit = {}) => ({
  key: keyOf(person),
  own: { address: addressOfName(`${name} of ${person}`), habit: { ...usualHabit, ...habit } },
})
const people = Array.from({ length: 200 }, (_, person) => person)
const epochs = Array.from({ length: 20 }, (_, at) => at + 1)

test('a pseudonym is wanted a pass where it was used lately, is kept warm, or is asked one for', async (t) => {
  const want = (habit: object, told: Partial<Parameters<typeof wantOf>[1]>) =>
    wantOf(drawingOf(1, 'shop', habit), { epoch: 10, usedIn: undefined, isAsked: false, ...told })
  t.equal(want({}, {}), 'unused')
  t.equal(want({}, { usedIn: 10 }), 'used', 'in the epoch itself')
  t.equal(want({}, { usedIn: 9 }), 'used', 'and at least in the next one')
  t.equal(want({}, { usedIn: 5 }), 'unused', 'and never in the fifth')
  t.equal(want({ warm: true }, {}), 'warm')
  t.equal(want({ warm: true, skipPercent: 100 }, {}), 'sits-out')
  t.equal(want({ skipPercent: 100 }, { usedIn: 10 }), 'sits-out', 'even while it is used')
  t.equal(want({ skipPercent: 100 }, { isAsked: true }), 'asked', 'but not where a letter asks for one')
  for (const [one, is] of [
    ['asked', true],
    ['warm', true],
    ['used', true],
    ['unused', false],
    ['sits-out', false],
  ] as const)
    t.equal(isWanted(one), is)
})

test('it lingers for 1 to 4 epochs, evenly, drawn anew after each use, and the same on every device', async (t) => {
  const counts = [0, 0, 0, 0, 0]
  for (const person of people)
    for (const epoch of epochs) {
      const drawing = drawingOf(person, 'shop')
      counts[lingers(drawing, epoch)]!++
      t.equal(lingers(drawingOf(person, 'shop', { warm: true }), epoch), lingers(drawing, epoch))
    }
  t.equal(counts[0], 0)
  for (const count of counts.slice(1)) t.ok(count > 850 && count < 1_150, `${counts}`)
})

/** 4,000 pairs: the chance of a fair one is within 4 standard deviations, that is 0.03. */
test('two pseudonyms of one person stop, sit out and go up together as seldom as two of strangers', async (t) => {
  const both = { stop: 0, out: 0, one: 0, up: 0 }
  for (const person of people)
    for (const epoch of epochs) {
      const [shop, club] = ['shop', 'club'].map((name) => drawingOf(person, name, { skipPercent: 30 }))
      if (lingers(shop!, epoch) === lingers(club!, epoch)) both.stop++
      if (sitsOut(shop!, epoch)) both.one++
      if (stepsUp(shop!, epoch) && stepsUp(club!, epoch)) both.up++
      if (sitsOut(shop!, epoch) && sitsOut(club!, epoch)) both.out++
    }
  const pairs = people.length * epochs.length
  t.ok(Math.abs(both.stop / pairs - 1 / 4) < 0.03, `${both.stop} of ${pairs}`)
  t.ok(Math.abs(both.up / pairs - 1 / 9) < 0.03, `${both.up} of ${pairs}`)
  t.ok(Math.abs(both.one / pairs - 0.3) < 0.03, `${both.one} of ${pairs}`)
  t.ok(Math.abs(both.out / pairs - 0.09) < 0.03, `${both.out} of ${pairs}`)
})
