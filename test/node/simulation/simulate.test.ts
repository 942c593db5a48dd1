/** The simulation: the same from the same seed, in the shape that programs read, and with attacks that lose. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { type Numbers, presets } from '../../../node/settings/presets.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { chanceOf } from '../../../node/simulation/chance.ts'
import type { Attack } from '../../../node/simulation/attack.ts'
import { library } from '../../../node/simulation/attacks.ts'
import { firstLetterOf } from '../../../node/simulation/first-letter.ts'
import { type Habits, otherHabits } from '../../../node/simulation/habits.ts'
import { renewed } from '../../../node/simulation/identity.ts'
import { simulate } from '../../../node/simulation/simulate.ts'
import { studyOf } from '../../../node/simulation/study.ts'
import { summarize } from '../../../node/simulation/summary.ts'
import { talksOf } from '../../../node/simulation/talk.ts'
import {
  halfSilentTrace,
  makeTrace,
  parseTrace,
  type Trace,
  type TraceShape,
  withLateAnswers,
} from '../../../node/simulation/trace.ts'
import { splitOf } from '../../../protocol/fee.ts'
import { firstHidden, type Hidden } from '../../../protocol/identity.ts'
import { bmail } from '../../kit/command.ts'

const numbers = presets.personal!
const shape: TraceShape = { people: 60, messages: 1_000, days: 42, circle: 6, answered: 0.6 }
const traceFrom = (seed: string) => makeTrace(chanceOf(seededRandom(new TextEncoder().encode(seed), 'trace')), shape)

const noKeepers = { version: 1, threshold: 1, members: [] }

const wanted = {
  trace: 'string',
  messages: 'number',
  people: 'number',
  firstLetter: 'number',
  honest: {
    netMedian: 'number',
    netP5: 'number',
    netP95: 'number',
    paidMedian: 'number',
    paidMean: 'number',
    answeredMedian: 'number',
    answeredMean: 'number',
    firstLetterNet: 'number',
  },
  spam: {
    paidPerMessage: 'number',
    ratioToHonestMedian: 'number',
    cheapest: 'string',
    cheapestPaid: 'number',
    paidPerRead: 'number',
    paidPerUnanswered: 'number',
  },
  attacks: {
    name: 'string',
    spent: 'number',
    gained: 'number',
    roi: 'number',
    reputation: 'number',
    profit: 'number',
    paidPerLetter: 'number',
  },
  bounds: { reputation: 'boolean', damage: 'boolean' },
  price: { min: 'number', max: 'number', last: 'number' },
  refusedWrongly: 'number',
  refusedByReason: {},
  sensitivity: {},
}

test('simulate: what it shows', async (t) => {
  const outcome = simulate({ trace: traceFrom('1'), numbers, seed: '1' })
  const summary = summarize(outcome)
  t.strictSame(
    summarize(simulate({ trace: traceFrom('1'), numbers, seed: '1' })),
    summary,
    'the same seed shows the same',
  )
  t.notSame(summarize(simulate({ trace: traceFrom('1'), numbers, seed: '2' })), summary, 'another seed something else')
  t.strictSame(shapeOf(summary), { ...wanted, sensitivity: 'undefined' })
  const { firstLetter, spam, honest, attacks } = summary
  const lost = outcome.attacks.map(({ attack, before, after }) => {
    const { deliveries, reads } = outcome.books.side(attack.name)
    return { name: attack.name, profit: Number(after - before), deliveries, reads }
  })
  const reaching = lost.filter(({ deliveries }) => deliveries > 0)
  t.ok(reaching.length >= 18, 'attacks that reach people')
  for (const { name, profit, deliveries, reads } of reaching) {
    t.ok(spam.cheapestPaid <= -profit / deliveries + 0.001, `the cheapest is no dearer than ${name}`)
    t.ok(reads <= deliveries && spam.paidPerRead <= -profit / reads + 0.001, `nor where a letter has to be read`)
  }
  t.ok(spam.paidPerUnanswered >= spam.cheapestPaid && 3 * spam.paidPerUnanswered >= firstLetter, 'what nobody answers')
  const cheapest = lost.find(({ name }) => name === spam.cheapest)!
  t.ok(Math.abs(spam.cheapestPaid + cheapest.profit / cheapest.deliveries) < 0.001, 'and has its name')
  for (const { name, spent, gained, roi, profit } of attacks) {
    t.equal(
      profit > 0,
      ['fake-profile', 'fake-profile-that-spams'].includes(name),
      `${name} earns nothing, unless people write to it by themselves`,
    )
    t.ok(spent > 0 || (roi === 0 && gained > 0), `${name} did something`)
  }
  t.ok(attacks.find(({ name }) => name === 'wash-ring')!.reputation > 0, 'reputation can be bought')
  t.ok(attacks.find(({ name }) => name === 'spam-fresh-passes')!.reputation < 0, 'and lost')
  t.strictSame(summary.bounds, { reputation: true, damage: true })
  t.ok(honest.answeredMedian * 50 < firstLetter, 'who answers is written to for next to nothing')
  t.ok(honest.answeredMean < honest.paidMean && honest.paidMedian < honest.paidMean)
  t.ok(summary.price.min >= Number(numbers.price.floor) && summary.price.max <= Number(numbers.price.ceiling))
  t.equal(summary.refusedWrongly, 0)
  t.strictSame(summary.refusedByReason, {})
})

/** Each of a number of people writes once to somebody who never writes. */
const strangers = (count: number): Trace => ({
  name: 'strangers',
  people: 2 * count,
  messages: Array.from({ length: count }, (_, at) => ({ from: at, to: count + at, timeSeconds: 1_700_000_000 + at })),
})

test('simulate: people read what arrives, whether they write or not', async (t) => {
  const letters = 40
  const firstLetter = Number(firstLetterOf(numbers))
  const keen = { valuesStranger: 1, away: 0, givesBackValued: 0 }
  const valued = (habits: Partial<Habits>): number[] =>
    simulate({ trace: strangers(letters), numbers, seed: '1', attacks: [], habits }).books.valuedFirst()
  t.strictSame(valued(keen), new Array(letters).fill(firstLetter), 'all of it within a day')
  t.strictSame(valued({ ...keen, neverOpens: 1 }), [], 'unless they open no stranger’s letter')
  const late = valued({ ...keen, away: 1 }).length
  t.ok(late > 0 && late < letters, 'some are away for longer than a verdict may take')
  const back = valued({ ...keen, givesBackValued: 1 })
  const share = Number(10_000n - numbers.burnShare - numbers.operatorsShare) / 10_000
  const credit = Math.ceil((firstLetter - Number(numbers.inclusionFee)) * share)
  t.strictSame(back, new Array(letters).fill(firstLetter - credit), 'what it brought is given back')
})

test('simulate: who flags nobody flags no honest letter by mistake either', async (t) => {
  const against = (flaggers: number): bigint => {
    const habits = { flaggers, mistakes: 1, valuesStranger: 0, away: 0 }
    return simulate({ trace: strangers(10), numbers, seed: '1', attacks: [], habits }).books.side('honest').negative
  }
  t.ok(against(1) > 0n)
  t.equal(against(0), 0n)
})

test('simulate: people pay for being enrolled, and for giving back', async (t) => {
  const netOf = (numbers: Numbers, givesBackValued: number): number[] => {
    const habits = { valuesStranger: 1, away: 0, givesBackValued }
    const { books } = simulate({ trace: strangers(1), numbers, seed: '1', attacks: [], habits })
    return [...books.months.values()].map(({ paid, earned }) => paid - earned)
  }
  const [writer, reader] = netOf(numbers, 0)
  const enrolFee = 1_000n
  const cheap = { ...numbers, identity: { ...numbers.identity, enrolFee } }
  const saved = Number(numbers.identity.enrolFee - enrolFee)
  t.strictSame(netOf(cheap, 0), [writer! - saved, reader! - saved], 'each once')
  const credit = Number(splitOf(numbers, firstLetterOf(numbers) - numbers.inclusionFee).credit)
  t.strictSame(netOf(numbers, 1), [writer! - credit, reader! + credit + Number(numbers.inclusionFee)])
})

test('simulate: attacks begin where the traffic is, at a quarter of the messages', async (t) => {
  const trace = { ...traceFrom('1') }
  // A year in which one letter was written, before all others.
  const messages = [{ from: 0, to: 1, timeSeconds: trace.messages[0]!.timeSeconds - 365 * 86_400 }, ...trace.messages]
  const begins: number[] = []
  const attack: Attack = {
    name: 'watch',
    about: 'Looks at the clock, and whether anybody is there.',
    members: () => 1,
    begin: ({ world, victims, people }) => ({
      day: () => {
        begins.push(Number(world.meta().time) / 1000)
        t.ok(victims().length < people.length && victims().length > people.length / 4, 'those who were there last week')
      },
    }),
  }
  simulate({ trace: { ...trace, messages }, numbers, seed: '1', attacks: [attack] })
  const quarter = messages[Math.floor(messages.length / 4)]!.timeSeconds
  t.ok(Math.abs(begins[0]! - quarter) <= 60, 'to a batch')
  t.equal(begins.length, 28)
})

test('simulate: who is refused for want of funds is not refused wrongly', async (t) => {
  const enrolFee = 20_000n * numbers.price.floor - 6_000n
  const poor = { ...numbers, identity: { ...numbers.identity, enrolFee } }
  const summary = summarize(simulate({ trace: strangers(3), numbers: poor, seed: '1', attacks: [] }))
  t.strictSame(summary.refusedByReason, { 'funds-short': 3 })
  t.equal(summary.refusedWrongly, 0)
})

test('simulate: what hangs on how people act', async (t) => {
  const trace = makeTrace(chanceOf(seededRandom(new TextEncoder().encode('x'), 'trace')), { ...shape, messages: 300 })
  const told: number[] = []
  const { sensitivity, pressures, outcome } = studyOf({
    trace,
    numbers,
    seed: '1',
    attacks: library.filter(({ name }) => name === 'spam-fresh-passes'),
    isThorough: true,
    progress: (done, all) => told.push(done / all),
  })
  const [usual, ...others] = sensitivity
  t.strictSame(
    others.map(({ habits }) => habits),
    otherHabits.map(({ name }) => name),
  )
  t.strictSame(summarize(outcome, { sensitivity, pressures }).sensitivity, sensitivity)
  t.equal(pressures.length, 3)
  t.ok(told.at(-1) === 1 && told.every((share, at) => at === 0 || share > told[at - 1]!), 'progress goes on over all')
  const under = (habits: string) => others.find((row) => row.habits === habits)!
  t.ok(under('a third opens no stranger’s letter').paidPerRead > usual!.paidPerRead)
  t.ok(under('half of letters are read late').paidPerRead > usual!.paidPerRead)
  t.equal(under('nobody gives back').firstLetterNet, Number(firstLetterOf(numbers)))
  t.ok(under('half give back').firstLetterNet > usual!.firstLetterNet)
  t.equal(
    under('a third answers half a year late').answeredMedian,
    usual!.answeredMedian,
    'as an answer that is owed costs the same whenever it is written',
  )
})

test('simulate: however much is answered, a letter that nobody answers costs a third of a first letter', async (t) => {
  const first = Number(firstLetterOf(numbers))
  const talks = talksOf(numbers)
  for (const { answers, unanswered } of talks) t.ok(3 * unanswered >= first, `${answers} answers`)
  const [none, one] = talks
  t.strictSame(none, { answers: 0, letter: first, unanswered: first })
  t.equal(Math.round((one!.letter / one!.unanswered) * 3), 2, 'two of three letters are not answered')
  t.ok(talks.at(-1)!.letter < first / 10, 'while those of people who talk cost next to nothing')
  const eager = { ...numbers, correspondence: { ...numbers.correspondence, patience: 8 } }
  t.ok(
    talksOf(eager).some(({ unanswered }) => 3 * unanswered < first),
    'which more patience would break',
  )
})

test('simulate: a bound that does not hold is seen', async (t) => {
  // The books count fees and burns by themselves, so that rules that mint from elsewhere do not agree with them.
  const { books } = simulate({ trace: traceFrom('1'), numbers, seed: '1', attacks: [] })
  const side = books.side('honest')
  t.strictSame(books.bounds(), { reputation: true, damage: true })
  side.positive = side.positiveMost + 1n
  t.strictSame(books.bounds(), { reputation: false, damage: true })
})

test('simulate: an identity is folded once, and decays by its age', async (t) => {
  const rules = { ...numbers, name: '', hostKey: new Uint8Array(33), operators: [], keepers: noKeepers }
  const asked: number[] = []
  const gathered = (epoch: number) => {
    asked.push(epoch)
    return { positive: 1_000n, negative: 100n }
  }
  let hidden: Hidden = firstHidden
  for (const now of [1, 2, 3, 7, 8, 9]) hidden = renewed(rules, hidden, now, gathered)
  t.strictSame(asked, [1, 2, 3, 7], 'each epoch with a pass, once, when its verdicts are final')
  const once = renewed(rules, { ...firstHidden, previous: 1, last: 2, asOf: 2 }, 3, () => ({
    positive: 1_000n,
    negative: 5n,
  }))
  t.strictSame(
    once,
    { positive: 899n, negative: 5n, previous: 2, last: 3, asOf: 3 },
    'positive rounds down, and so does what is left of it, negative up',
  )
  t.equal(renewed(rules, hidden, 9, gathered), hidden, 'nothing twice in an epoch')
})

test('simulate: traces are read as they come', async (t) => {
  const trace = parseTrace('x', 'src dst time\n# words\n7 9 200\r\n\n9 7 100.5\n7 7 150\n')
  t.strictSame(trace.messages, [
    { from: 1, to: 0, timeSeconds: 100 },
    { from: 0, to: 1, timeSeconds: 200 },
  ])
  t.equal(trace.people, 2)
  for (const [text, sentence] of [
    ['', /no message/],
    ['1 2 3\n1 2\n', /Line 2/],
    ['1 2 3\n1 2 soon\n', /Line 2/],
    ['1 2 -5\n', /Line 1/],
    ['1 2 0\n1 2 9999999999\n', /20 years/],
  ] as const)
    t.throws(() => parseTrace('x', text), { name: 'TraceError', message: sentence })
  const tiny = summarize(simulate({ trace: parseTrace('x', '1 2 3\n'), numbers, seed: '1', attacks: [] }))
  t.equal(tiny.messages, 1)
})

test('simulate: in the other made trace half of all letters go to people who never write', async (t) => {
  const trace = halfSilentTrace('1', shape)
  t.equal(trace.messages.length, shape.messages)
  const writers = new Set(trace.messages.map(({ from }) => from))
  t.equal(trace.messages.filter(({ to }) => !writers.has(to)).length, shape.messages / 2)
  const written = (seed: string): string => JSON.stringify(halfSilentTrace(seed, shape))
  t.equal(written('1'), JSON.stringify(trace), 'the same from the same seed')
  t.not(written('2'), written('1'))
})

test('simulate: who answers late does so once, and the two go on from there', async (t) => {
  const trace = parseTrace('x', '1 2 10\n2 1 20\n1 2 30\n1 3 40\n3 1 50\n')
  const late = withLateAnswers(trace, { isLate: (person) => person === 1, seconds: 100 })
  t.strictSame(
    late.messages.map(({ from, to, timeSeconds }) => [from + 1, to + 1, timeSeconds]),
    [
      [1, 2, 10],
      [1, 3, 40],
      [3, 1, 50],
      [2, 1, 120],
      [1, 2, 130],
    ],
  )
  t.strictSame(withLateAnswers(trace, { isLate: () => false, seconds: 100 }), trace)
})

test('simulate: the command replays a file, ends with a line of JSON, and draws a report', async (t) => {
  const folder = t.testdir({})
  const trace = join(folder, 'trace.txt')
  const lines = traceFrom('2').messages.map(({ from, to, timeSeconds }) => `p${from} p${to} ${timeSeconds}`)
  writeFileSync(trace, `${lines.join('\n')}\n`)
  const attack = join(folder, 'attack.mjs')
  writeFileSync(attack, example)
  const out = join(folder, 'report.html')
  const how = ['--seed', '3', '--no-sensitivity', '--json']
  const ran = await bmail(['simulate', '--trace', trace, '--attack', attack, '--out', out, ...how])
  t.equal(ran.code, 0, ran.stderr)
  const last = JSON.parse(ran.stdout.trimEnd().split('\n').at(-1)!)
  t.strictSame(shapeOf(last), { ...wanted, sensitivity: 'undefined' })
  t.equal(last.trace, 'trace.txt')
  const names = last.attacks.map(({ name }: { name: string }) => name)
  t.equal(new Set(names).size, library.length + 1 + 3, 'the library, the named one, and those on the network')
  t.ok(
    last.attacks[library.length].profit < -10 * last.firstLetter,
    'what the map has for others to write is tried, too',
  )
  t.match(ran.stderr, /100 % of 1,000 messages/)
  const html = readFileSync(out, 'utf8')
  t.equal(html.match(/<svg /g)?.length, 7)
  t.match(html, /two-letters/)
  t.notMatch(html, /(src|href)=/, 'nothing is loaded from elsewhere')
})

/** The attack that ARCHITECTURE.md shows to whoever wants to write one. */
const [, example = ''] =
  /^```js\n(export const attack .*?)^```/ms.exec(
    readFileSync(join(import.meta.dirname, '../../../ARCHITECTURE.md'), 'utf8'),
  ) ?? []

test('simulate: what the command cannot use is told', async (t) => {
  const folder = t.testdir({
    'empty.mjs': 'export const x = 1',
    'twice.mjs': example.replace('two-letters', 'burst'),
    'broken.mjs': '}',
    'failing.mjs': example.replace('victims()', 'victims.none()'),
  })
  for (const [args, sentence] of [
    [['--trace', join(folder, 'none.txt')], /cannot be read/],
    [['--made', 'none'], /--made is one of small, half-silent/],
    [['--made', 'small', '--trace', 'x'], /two traces/],
    [['--made', 'small', '--attack', join(folder, 'none.mjs')], /cannot be loaded/],
    [['--made', 'small', '--attack', join(folder, 'broken.mjs')], /cannot be loaded/],
    [['--made', 'small', '--attack', join(folder, 'empty.mjs')], /has to export `attack`/],
    [['--made', 'small', '--attack', join(folder, 'twice.mjs')], /two attacks by the name burst/],
    [['--made', 'small', '--attack', join(folder, 'failing.mjs')], /The attack .*failing.mjs failed: .*none/],
  ] as const) {
    const ran = await bmail(['simulate', ...args, '--json'])
    t.not(ran.code, 0)
    t.match(ran.stdout, sentence)
  }
})

/** Types in place of values; a list is what its first element is. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return shapeOf(value[0])
  if (typeof value !== 'object' || value === null) return Number.isNaN(value) ? 'no number' : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]))
}
