/**
 * How a tier begins where nobody stands in it, and who follows. People with two names each live for some epochs on a log of
 * passes: “work” gets verdicts, and “club” none. Each chooses as a daemon does, by the log and by what its owner reaches.
 * What must not be is a “club” that stands at a tier where only its owner's other name could be.
 */
import { test } from 'tap'
import { tierToTake } from '../../../node/identity/anonymity-set.ts'
import { publicStanding } from '../../../node/identity/earned.ts'
import { stepsUp } from '../../../node/identity/habits.ts'
import { decay, scoreOne, tierOf } from '../../../protocol/reputation.ts'
import { bytesToHex } from '@noble/hashes/utils.js'
import { rules as small } from '../../kit/fixtures.ts'
import { addressOfName, createPassLog, type PassMade } from '../../kit/pass-log.ts'
import { presets } from '../../../node/settings/presets.ts'

const rules = { ...small, reputation: presets.testnet!.reputation }
const hideAmong = 8

type Person = {
  readonly name: string
  /** What verdicts bring “work” in an epoch, for and against it; and what stands against “club”. */
  readonly earns: (epoch: number) => number
  readonly against?: (epoch: number) => number
}
/** Whoever cheats shows what they like under all four keys of an identity, and can have each of them valued. */
type Cheat = { readonly name: string; readonly tier: number; readonly earns: number }

/** Let them live; the passes of each epoch. */
async function live(people: readonly Person[], { epochs, cheats = [] }: { epochs: number; cheats?: readonly Cheat[] }) {
  const { store, take } = createPassLog()
  const hidden = new Map(people.map(({ name }) => [name, { positive: 0n, negative: 0n }]))
  const log: PassMade[][] = [[]]
  const sums = (score: number) => BigInt(Math.round(score * Number(scoreOne)))
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { earned, before } = await publicStanding(store, rules, epoch)
    const passes: PassMade[] = []
    for (const { name, earns, against = () => 0 } of people) {
      if (epoch > 2) {
        const { positive, negative } = hidden.get(name)!
        const gathered = { positive: positive + sums(earns(epoch - 2)), negative: negative + sums(against(epoch - 2)) }
        hidden.set(name, decay(rules, gathered, 1))
      }
      for (const pseudonym of ['work', 'club'].map((label) => `${label} of ${name}`)) {
        const address = addressOfName(pseudonym)
        const { tier } = tierToTake(before, {
          reached: tierOf(rules, hidden.get(name)!),
          earned: earned.get(bytesToHex(address)) ?? 0,
          shown: log.at(-1)!.find((pass) => pass.pseudonym === pseudonym)?.tier ?? 0,
          stepsUp: stepsUp({ key: addressOfName(name), own: { address } }, epoch),
          hideAmong,
        })
        const isWork = pseudonym.startsWith('work')
        passes.push({ pseudonym, tier, positive: isWork ? earns(epoch) : 0, negative: isWork ? 0 : against(epoch) })
      }
    }
    for (const { name, tier, earns } of cheats)
      for (const slot of [0, 1, 2, 3]) passes.push({ pseudonym: `${name} ${slot}`, tier, positive: earns })
    await take(epoch, passes)
    log.push(passes)
  }
  return log
}

const at = (passes: readonly PassMade[], label: string, tier: number): number =>
  passes.filter((pass) => pass.pseudonym.startsWith(`${label} `) && pass.tier >= tier).length

const crowd = (count: number, earns: (person: number) => (epoch: number) => number): Person[] =>
  Array.from({ length: count }, (_, person) => ({ name: `person ${person}`, earns: earns(person) }))

/** What brings somebody to tier 1 at once, and holds them there: one person more in each epoch, or two. */
const oneByOne = (count: number, perEpoch = 1): Person[] =>
  crowd(count, (person) => (epoch) => {
    const since = epoch - 1 - Math.floor(person / perEpoch)
    return since < 0 ? 0 : since === 0 ? 6 : 1
  })

test('a tier begins with those who earned it for everybody to see, and the others come once enough did', async (t) => {
  const log = await live(oneByOne(14), { epochs: 30 })
  const [works, clubs] = ['work', 'club'].map((label) => log.map((passes) => at(passes, label, 1)))
  t.equal(
    works!.findIndex((count) => count > 0),
    3,
    'as soon as the first verdicts are folded',
  )
  t.equal(Math.max(...clubs!.slice(0, works!.findIndex((count) => count >= hideAmong) + 1)), 0)
  for (const [epoch, count] of clubs!.entries()) if (count > 0) t.ok(works![epoch - 1]! >= hideAmong, `epoch ${epoch}`)
  t.equal(clubs!.at(-1), works!.at(-1), 'in the end nothing sets the two apart')
})

/** Of whoever looks on and takes the “club” that goes up for that of the person whose “work” went up last. */
test('when a “club” goes up says little about whose it is', async (t) => {
  const people = 60
  const log = await live(oneByOne(people, 2), { epochs: 50 })
  const first = (name: string) =>
    log.findIndex((passes) => passes.some(({ pseudonym, tier }) => pseudonym === name && tier > 0))
  const delays = Array.from(
    { length: people },
    (_, person) => first(`club of person ${person}`) - first(`work of person ${person}`),
  ).slice(2 * hideAmong + 4)
  t.ok(delays.every((delay) => delay >= 0))
  const shares = [0, 1, 2, 3].map((delay) => delays.filter((other) => other === delay).length / delays.length)
  t.ok(Math.max(...shares) < 0.5, `${shares}`)
  t.ok(delays.some((delay) => delay > 3))
})

test('each higher tier begins in the same way', async (t) => {
  const log = await live(
    crowd(12, () => () => 20),
    { epochs: 20 },
  )
  for (const tier of [1, 2, 3, 4]) {
    const [works, clubs] = ['work', 'club'].map((label) => log.map((passes) => at(passes, label, tier)))
    const begun = works!.findIndex((count) => count > 0)
    t.equal(works![begun], 12, `tier ${tier} begins in ${begun}`)
    t.equal(Math.max(...clubs!.slice(0, begun + 1)), 0)
    t.ok(clubs!.at(-1)! > 8, `${clubs}`)
  }
})

test('on a small network it begins all the same, and the names that did not earn it stay where all are', async (t) => {
  for (const count of [1, 2, 3, hideAmong - 1]) {
    const log = await live(
      crowd(count, () => () => 20),
      { epochs: 16 },
    )
    t.equal(at(log.at(-1)!, 'work', 4), count)
    t.equal(Math.max(...log.map((passes) => at(passes, 'club', 1))), 0)
  }
})

test('where few are left that earned it, the others leave it together', async (t) => {
  const log = await live(
    crowd(10, (person) => (epoch) => (epoch < 6 || person === 0 ? 6 : 0)),
    { epochs: 24 },
  )
  const clubs = log.map((passes) => at(passes, 'club', 1))
  t.equal(Math.max(...clubs), 10)
  t.equal(clubs.at(-1), 0, 'that of the one who is still valued, too')
  t.equal(at(log.at(-1)!, 'work', 1), 1)
})

test('what stands against an owner under one name lowers the other, whatever that one earned', async (t) => {
  const [person] = crowd(1, () => () => 20)
  const log = await live([{ ...person!, against: (epoch) => (epoch === 6 ? 200 : 0) }], { epochs: 8 })
  t.ok(at(log[7]!, 'work', 3) > 0)
  t.equal(at(log[8]!, 'work', 1), 0)
})

/** The victim has earned tier 1 under “work”; the attacker stands there so that “club” comes, and is the only other honest one. */
const victim = crowd(1, () => () => 6)

test('attack: one Sybil that stands in a tier draws nobody there, not even where all of its names are valued', async (t) => {
  for (const earns of [0, 6]) {
    const log = await live(victim, { epochs: 12, cheats: [{ name: 'sybil', tier: 1, earns }] })
    t.equal(Math.max(...log.map((passes) => at(passes, 'club', 1))), 0, `earning ${earns}`)
    t.equal(at(log.at(-1)!, 'sybil', 1), 4, 'it stood there')
  }
})

test('attack: several Sybils draw nobody by standing there; each of so many names must have been paid for', async (t) => {
  const cheats = (count: number, earns: number): Cheat[] =>
    Array.from({ length: count }, (_, sybil) => ({ name: `sybil ${sybil}`, tier: 1, earns }))
  const drawn = async (all: readonly Cheat[]) =>
    Math.max(...(await live(victim, { epochs: 12, cheats: all })).map((passes) => at(passes, 'club', 1)))
  t.equal(await drawn(cheats(25, 0)), 0, 'a hundred names that earned nothing')
  t.equal(await drawn(cheats(25, 0.3)), 0, 'nor where verdicts are spread thin')
  t.equal(
    await drawn(cheats(2, 6)),
    1,
    'what is paid for is not told from what is honest: two identities, eight names valued',
  )
  t.equal(await drawn([...cheats(1, 6), ...cheats(25, 0).slice(1)]), 0)
})

test('attack: where whoever stands there would be counted, two Sybils that earned nothing would do', async (t) => {
  const eight = Array.from({ length: hideAmong }, () => ({ tier: 1, checkpoint: 1 }))
  const taken = (earned: number) =>
    tierToTake(
      eight.map((pass) => ({ ...pass, earned })),
      { reached: 1, earned: 0, shown: 0, stepsUp: true, hideAmong },
    ).tier
  t.equal(taken(1), 1)
  t.equal(taken(0), 0)
})
