/** The simulation: the same from the same seed, in the shape that programs read, and with attacks that lose. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { presets } from '../../../node/settings/presets.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { chanceOf } from '../../../node/simulation/chance.ts'
import { renewed } from '../../../node/simulation/identity.ts'
import { simulate } from '../../../node/simulation/simulate.ts'
import { type Summary, summarize } from '../../../node/simulation/summary.ts'
import { makeTrace, parseTrace, type Trace, type TraceShape } from '../../../node/simulation/trace.ts'
import { firstHidden, type Hidden } from '../../../protocol/identity.ts'
import { bmail } from '../../kit/command.ts'

const numbers = presets.personal!
const shape: TraceShape = { people: 60, messages: 1_000, days: 42, circle: 6, answered: 0.6 }
const traceFrom = (seed: string) => makeTrace(chanceOf(seededRandom(new TextEncoder().encode(seed), 'trace')), shape)
const summaryOf = (seed: string) => summarize(simulate({ trace: traceFrom('1'), numbers, seed }))

const noKeepers = { version: 1, threshold: 1, members: [] }

const wanted = {
  trace: 'string',
  messages: 'number',
  people: 'number',
  honest: { netMedian: 'number', netP5: 'number', netP95: 'number', paidMedian: 'number' },
  spam: { paidPerMessage: 'number', ratioToHonestMedian: 'number' },
  attacks: { name: 'string', spent: 'number', gained: 'number', roi: 'number', reputation: 'number' },
  bounds: { reputation: 'boolean', damage: 'boolean' },
  price: { min: 'number', max: 'number', last: 'number' },
  refusedWrongly: 'number',
}

test('simulate: what it shows', async (t) => {
  const summary = summaryOf('1')
  t.strictSame(summaryOf('1'), summary, 'the same seed shows the same')
  t.notSame(summaryOf('2'), summary, 'another seed shows something else')
  t.strictSame(shapeOf(summary), wanted)
  t.equal(new Set(summary.attacks.map(({ name }) => name)).size, 10)
  for (const { name, spent, gained, roi } of summary.attacks) {
    t.ok(spent > 0, `${name} cost something`)
    t.ok(gained < spent && roi < 0, `${name} loses`)
  }
  t.ok(summary.attacks.find(({ name }) => name === 'wash-ring')!.reputation > 0, 'reputation can be bought')
  t.ok(summary.attacks.find(({ name }) => name === 'spam-fresh-passes')!.reputation < 0, 'and lost')
  t.strictSame(summary.bounds, { reputation: true, damage: true })
  t.ok(summary.spam.ratioToHonestMedian >= 50, `${summary.spam.ratioToHonestMedian} times the honest price`)
  t.ok(Math.abs(summary.honest.netMedian) < summary.spam.paidPerMessage, 'a month costs less than one spam message')
  t.ok(summary.price.min >= Number(numbers.price.floor) && summary.price.max <= Number(numbers.price.ceiling))
  t.equal(summary.refusedWrongly, 0)
})

test('simulate: spam is dear on traffic of other shapes, where people answer or approve', async (t) => {
  for (const [name, change] of Object.entries<Partial<TraceShape>>({
    'few who know each other well': { people: 20, circle: 8 },
    'many who mostly do not answer twice': { people: 150, answered: 0.5 },
    'long conversations': { answered: 0.85 },
  })) {
    const chance = chanceOf(seededRandom(new TextEncoder().encode(name), 'trace'))
    const trace = makeTrace(chance, { ...shape, ...change })
    judged(t, name, summarize(simulate({ trace, numbers, seed: '1' })))
  }
  judged(t, 'a few who write to many', summarize(simulate({ trace: announcements(), numbers, seed: '1' })))
})

function judged(t: Test, name: string, { spam, attacks, bounds, refusedWrongly }: Summary): void {
  t.ok(spam.ratioToHonestMedian >= 50, `${name}: ${spam.ratioToHonestMedian} times the honest price`)
  for (const { name: attack, roi } of attacks) t.ok(roi < 0, `${name}: ${attack} loses`)
  t.strictSame(bounds, { reputation: true, damage: true })
  t.equal(refusedWrongly, 0)
}

/** Six people write to half of forty every five days, one letter in eight is answered, and everybody has friends beside. */
function announcements(): Trace {
  const chance = chanceOf(seededRandom(new TextEncoder().encode('announcements'), 'trace'))
  const friends = makeTrace(chance, { people: 160, messages: 1_000, days: 100, circle: 8, answered: 0.5 })
  const messages = [...friends.messages]
  const start = messages[0]!.timeSeconds
  for (let day = 0; day < 100; day += 5)
    for (let from = 0; from < 6; from++)
      for (let reader = 0; reader < 40; reader++) {
        const to = 6 + ((from * 25 + reader) % 154)
        const timeSeconds = start + day * 86_400 + from * 600 + reader
        if (chance.chance(0.5)) messages.push({ from, to, timeSeconds })
        if (chance.chance(1 / 16)) messages.push({ from: to, to: from, timeSeconds: timeSeconds + 36_000 })
      }
  return { ...friends, name: 'announcements', messages: messages.sort((a, b) => a.timeSeconds - b.timeSeconds) }
}

test('simulate: a bound that does not hold is seen', async (t) => {
  // The books count fees and burns by themselves, so that rules that mint from elsewhere do not agree with them.
  const { books } = simulate({ trace: traceFrom('1'), numbers, seed: '1' })
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
  const tiny = summarize(simulate({ trace: parseTrace('x', '1 2 3\n'), numbers, seed: '1' }))
  t.equal(tiny.messages, 1)
})

test('simulate: the command replays a file, ends with a line of JSON, and draws a report', async (t) => {
  const folder = t.testdir({})
  const trace = join(folder, 'trace.txt')
  const lines = traceFrom('2').messages.map(({ from, to, timeSeconds }) => `p${from} p${to} ${timeSeconds}`)
  writeFileSync(trace, `${lines.join('\n')}\n`)
  const out = join(folder, 'report.html')
  const ran = await bmail(['simulate', '--trace', trace, '--seed', '3', '--json', '--out', out])
  t.equal(ran.code, 0, ran.stderr)
  const last = JSON.parse(ran.stdout.trimEnd().split('\n').at(-1)!)
  t.strictSame(shapeOf(last), wanted)
  t.equal(last.trace, 'trace.txt')
  t.match(ran.stderr, /100 % of 1,000 messages/)
  const html = readFileSync(out, 'utf8')
  t.equal(html.match(/<svg /g)?.length, 6)
  t.notMatch(html, /(src|href)=/, 'nothing is loaded from elsewhere')
  const wrong = await bmail(['simulate', '--trace', join(folder, 'none.txt'), '--json'])
  t.equal(wrong.code, 1)
  t.match(wrong.stdout, /cannot be read/)
})

/** Types in place of values; a list is what its first element is. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return shapeOf(value[0])
  if (typeof value !== 'object' || value === null) return Number.isNaN(value) ? 'no number' : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]))
}
