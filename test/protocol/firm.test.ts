/**
 * Firm prices: what was quoted suffices until it expires, whatever others do; and each notice that others have to give is
 * needed for that. The lowest prices of a while, slot by slot.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { test } from 'tap'
import { askedAt, countsFrom, longestHold, type Low, withLow } from '../../protocol/firm.ts'
import { apply, asks, openBatch } from '../../protocol/ledger.ts'
import { passFeeAt } from '../../protocol/pass.ts'
import { costToSender, holdsUntil, quote } from '../../protocol/quote.ts'
import { play, type PricingMachine, type Pricing, pricings } from '../kit/firm.ts'
import { rules as fixed } from '../kit/fixtures.ts'

const ours: PricingMachine = { apply, asks, openBatch, quote, costToSender, holdsUntil, passFeeAt }

test('firm: what was quoted suffices until it expires, whatever others do and however time goes by', async (t) => {
  let tried = 0
  fc.assert(
    fc.property(pricings, (story) => {
      const course = play(story, ours)
      tried += course.tried
      if (course.broken.length > 0) throw new Error(course.broken.join('\n'))
    }),
    { numRuns: 250 },
  )
  t.ok(tried > 3_000, `tried ${tried} times`)
})

type Mutant = { readonly name: string; readonly file: string; readonly from: string; readonly to: string }

const mutants: readonly Mutant[] = [
  {
    name: 'the base price counts at once',
    file: 'quote.ts',
    from: 'const { basePrice } = askedAt(rules, meta, until)',
    to: 'const { basePrice } = meta',
  },
  { name: 'a pass costs more at once', file: 'pass.ts', from: 'askedAt(rules, meta, at).passes', to: 'meta.passes' },
  {
    name: 'a fall counts at once',
    file: 'operations/ack.ts',
    from: 'from: countsFrom(rules, metaOf(draft).time)',
    to: 'from: metaOf(draft).time',
  },
  {
    name: 'a flag ends an acquaintance at once',
    file: 'operations/ack.ts',
    from: 'const from = countsFrom(rules, time)',
    to: 'const from = time',
  },
  {
    name: 'a policy counts at once',
    file: 'operations/policy.ts',
    from: 'from: countsFrom(rules, time)',
    to: 'from: time',
  },
  {
    name: 'a grant ends at once',
    file: 'operations/revoke.ts',
    from: 'countsFrom(rules, metaOf(draft).time)',
    to: 'metaOf(draft).time',
  },
  {
    name: 'notice ends a slot too early',
    file: 'firm.ts',
    from: 'countsFrom(rules, from + slotMs(rules)) > at',
    to: 'countsFrom(rules, from) > at',
  },
  {
    name: 'what held until a batch is not noted',
    file: 'ledger.ts',
    from: '  noteLow(draft, context, meta)\n',
    to: '',
  },
  {
    name: 'a price holds a moment longer than notice is given',
    file: 'firm.ts',
    from: 'countsFrom(rules, time) - 1n',
    to: 'countsFrom(rules, time)',
  },
]

for (const { name, file, from, to } of mutants)
  test(`firm: is not where ${name}`, async (t) => {
    const folder = t.testdir({})
    cpSync(new URL('../../protocol', import.meta.url), folder, { recursive: true })
    const path = join(folder, file)
    const source = readFileSync(path, 'utf8')
    t.equal(source.split(from).length, 2, 'the line is there, once')
    writeFileSync(path, source.replace(from, to))
    const load = async <Part>(part: string): Promise<Part> =>
      (await import(pathToFileURL(join(folder, part)).href)) as Part
    const machine: PricingMachine = {
      ...(await load<Pick<PricingMachine, 'apply' | 'asks' | 'openBatch'>>('ledger.ts')),
      ...(await load<Pick<PricingMachine, 'quote' | 'costToSender' | 'holdsUntil'>>('quote.ts')),
      ...(await load<Pick<PricingMachine, 'passFeeAt'>>('pass.ts')),
    }
    const broken = firstBroken(machine)
    t.ok(broken, `${broken}`)
  })

const minuteMs = 60_000n
/** Slots of a minute, and notice of eight. */
const short = { ...fixed, expiryMaxMs: 8 * Number(minuteMs) }
const noted = (moments: readonly { at: bigint; basePrice?: bigint; passes?: number }[]): Low[] =>
  moments.reduce<Low[]>(
    (lows, { at, basePrice = 7n, passes = 0 }) => withLow(short, lows, at, { basePrice, passes }),
    [],
  )

test('lows: a slot of time has one, the lowest in it, on a grid from 1970 on', async (t) => {
  t.strictSame(noted([{ at: 119_999n }]), [{ from: minuteMs, basePrice: 7n, passes: 0 }])
  const twice = noted([
    { at: 120_000n, basePrice: 9n, passes: 3 },
    { at: 120_000n, basePrice: 8n, passes: 4 },
    { at: 179_999n, basePrice: 11n, passes: 2 },
  ])
  t.strictSame(twice, [{ from: 2n * minuteMs, basePrice: 8n, passes: 2 }], 'price and passes each for itself')
  t.strictSame(
    withLow({ ...fixed, expiryMaxMs: 1_001 }, [], 1_000n, { basePrice: 1n, passes: 0 })[0]!.from,
    1_000n - (1_000n % 126n),
    'an eighth is rounded up',
  )
})

test('lows: what ended longer ago than notice takes is dropped, also after a long silence', async (t) => {
  const all = noted(Array.from({ length: 40 }, (_, minute) => ({ at: BigInt(minute) * minuteMs })))
  t.strictSame(
    all.map(({ from }) => from / minuteMs),
    [31n, 32n, 33n, 34n, 35n, 36n, 37n, 38n, 39n],
  )
  const edge = noted([{ at: 0n }, { at: 9n * minuteMs - 1n }])
  t.equal(edge.length, 2, 'a part of the slot is within')
  t.equal(noted([{ at: 0n }, { at: 9n * minuteMs }]).length, 1)
  t.equal(noted([{ at: 0n }, { at: 10_000n * minuteMs }]).length, 1)
})

test('lows: a rise counts once it has lasted, a fall at once', async (t) => {
  const lows = noted([{ at: 0n, basePrice: 5n, passes: 1 }])
  const now = { basePrice: 9n, passes: 4, lows }
  t.strictSame(askedAt(short, now, 0n), { basePrice: 5n, passes: 1 })
  t.strictSame(askedAt(short, now, 9n * minuteMs - 1n), { basePrice: 5n, passes: 1 })
  t.strictSame(askedAt(short, now, 9n * minuteMs), { basePrice: 9n, passes: 4 })
  t.strictSame(askedAt(short, { ...now, basePrice: 2n }, 0n), { basePrice: 2n, passes: 1 })
  t.equal(longestHold(short, 3n), countsFrom(short, 3n) - 1n)
})

test('lows: at most nine, and what is asked is at most what any moment of the longest expiry had, and never too late', async (t) => {
  const moments = fc.array(
    fc.record({ wait: fc.bigInt({ min: 0n, max: 700_000n }), basePrice: fc.bigInt({ min: 1n, max: 99n }) }),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(moments, fc.integer({ min: 1_000, max: 600_000 }), (waits, expiryMaxMs) => {
      const rules = { ...fixed, expiryMaxMs }
      const slot = BigInt(Math.ceil(expiryMaxMs / 8))
      let [time, held, lows] = [1_000_000n, 50n, [] as Low[]]
      const past = [{ from: 0n, basePrice: held }]
      return waits.every(({ wait, basePrice }) => {
        time += wait
        for (const price of [held, basePrice]) lows = withLow(rules, lows, time, { basePrice: price, passes: 0 })
        held = basePrice
        past.push({ from: time, basePrice })
        const asked = askedAt(rules, { basePrice, passes: 0, lows }, time).basePrice
        // What held at some moment since then: what began since, and what had begun before.
        const lowestSince = (since: bigint) => {
          const before = past.findLastIndex(({ from }) => from <= since)
          const seen = past.slice(Math.max(0, before)).map(({ basePrice: price }) => Number(price))
          return BigInt(Math.min(...seen))
        }
        const notice = BigInt(expiryMaxMs)
        return lows.length <= 9 && asked <= lowestSince(time - notice) && asked >= lowestSince(time - notice - slot)
      })
    }),
  )
  t.pass('always')
})

/** What does not hold in the first story in which something does not. */
function firstBroken(machine: PricingMachine): string | undefined {
  let found: string | undefined
  fc.check(
    fc.property(pricings, (story: Pricing) => {
      found ??= play(story, machine).broken[0]
      return found === undefined
    }),
    { numRuns: 1_000, seed: 7, endOnFailure: true },
  )
  return found
}
