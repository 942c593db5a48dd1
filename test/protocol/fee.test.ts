/** What a message costs: each factor, the split, and which way everything rounds. */
import fc from 'fast-check'
import { test } from 'tap'
import {
  carriageOf,
  type FeeInput,
  factors,
  feeLimit,
  lifetimeFactor,
  type Price,
  priceOf,
  splitOf,
} from '../../protocol/fee.ts'
import { timesOne, type Rules } from '../../protocol/rules.ts'
import { faultsOf } from '../../protocol/faults.ts'
import { genesis, rules } from '../kit/fixtures.ts'
import { anyRules, inputs } from '../kit/priced-inputs.ts'
import { firstLetter, realRules } from '../kit/pricing.ts'

type Vector = { readonly name: string; readonly input: Partial<FeeInput>; readonly rules?: Partial<Rules> } & Pick<
  Price,
  'fee' | 'burned' | 'operators' | 'credit'
>

/** What a policy asks, of which no flag is the reason. */
const asking = (floor: bigint) => ({ floor, unflagged: { ...firstLetter.unflagged, floor } })

const vectors: readonly Vector[] = [
  { name: 'the base', input: {}, fee: 1_000n, burned: 200n, operators: 50n, credit: 750n },
  {
    name: 'the largest class',
    input: { sizeClass: 8 },
    fee: 256_000n,
    burned: 51_200n,
    operators: 12_800n,
    credit: 192_000n,
  },
  { name: 'a day', input: { lifetimeDays: 1 }, fee: 334n, burned: 67n, operators: 16n, credit: 251n },
  {
    name: 'two days count as thirty',
    input: { lifetimeDays: 2 },
    fee: 1_000n,
    burned: 200n,
    operators: 50n,
    credit: 750n,
  },
  { name: 'a year', input: { lifetimeDays: 365 }, fee: 4_000n, burned: 800n, operators: 200n, credit: 3_000n },
  { name: 'ten recipients', input: { recipientCount: 10 }, fee: 1_900n, burned: 380n, operators: 95n, credit: 1_425n },
  {
    name: 'all factors at once: 1,000 × 4 × 0.3333 × 1.2',
    input: { sizeClass: 2, lifetimeDays: 1, recipientCount: 3 },
    fee: 1_600n,
    burned: 320n,
    operators: 80n,
    credit: 1_200n,
  },
  {
    name: 'up by less than one',
    input: { basePrice: 1n, lifetimeDays: 1 },
    fee: 1n,
    burned: 0n,
    operators: 0n,
    credit: 1n,
  },
  {
    name: 'one division only: 7 × 0.3333 × 1.1 is 2.56641',
    input: { basePrice: 7n, lifetimeDays: 1, recipientCount: 2 },
    fee: 3n,
    burned: 0n,
    operators: 0n,
    credit: 3n,
  },
  {
    name: 'what is taken rounds down, and of that what operators get',
    input: { basePrice: 39n },
    fee: 39n,
    burned: 8n,
    operators: 1n,
    credit: 30n,
  },
  {
    name: 'the floor below the market',
    input: asking(999n),
    fee: 1_000n,
    burned: 200n,
    operators: 50n,
    credit: 750n,
  },
  {
    name: 'the floor above the market',
    input: asking(1_001n),
    fee: 1_001n,
    burned: 200n,
    operators: 50n,
    credit: 751n,
  },
  {
    name: 'a grant waives what the recipient would take',
    input: { granted: true },
    fee: 1_000n,
    burned: 200n,
    operators: 50n,
    credit: 0n,
  },
  {
    name: 'everything burned',
    input: {},
    rules: { burnShare: 10_000n, operatorsShare: 0n },
    fee: 1_000n,
    burned: 1_000n,
    operators: 0n,
    credit: 0n,
  },
  {
    name: 'nothing burned',
    input: {},
    rules: { burnShare: 0n, operatorsShare: 0n },
    fee: 1_000n,
    burned: 0n,
    operators: 0n,
    credit: 1_000n,
  },
]

for (const { name, input, rules: changed, ...expected } of vectors)
  test(`fee: ${name}`, async (t) => {
    const { fee, burned, operators, credit, paid } = priceOf({ ...rules, ...changed }, { ...firstLetter, ...input })
    t.strictSame({ fee, burned, operators, credit }, expected)
    t.equal(paid, credit + burned + operators)
  })

test('fee: each factor has a line of its own, in the order people see them', async (t) => {
  const { factors: lines } = priceOf(rules, { ...firstLetter, sizeClass: 3, lifetimeDays: 365, recipientCount: 4 })
  t.strictSame(lines, [
    { name: 'size', basisPoints: 80_000n },
    { name: 'lifetime', basisPoints: 40_000n },
    { name: 'correspondence', basisPoints: 10_000n },
    { name: 'recipients', basisPoints: 13_000n },
    { name: 'reputation', basisPoints: 10_000n },
  ])
  t.strictSame(
    Object.keys(factors),
    lines.map(({ name }) => name),
  )
})

test('fee: a lifetime is the first that reaches so far', async (t) => {
  const cases = [
    [-1, undefined],
    [0, undefined],
    [1, 3_333n],
    [2, 10_000n],
    [30, 10_000n],
    [31, 40_000n],
    [365, 40_000n],
    [366, undefined],
  ] as const
  for (const [days, factor] of cases) t.equal(lifetimeFactor(rules, days), factor, `${days} days`)
})

test('fee: under any rules nothing is lost in the split, and nobody gets less than nothing', async (t) => {
  fc.assert(
    fc.property(anyRules, inputs, (some, input) => {
      const { fee, paid, credit, burned, operators, floor } = priceOf(some, input)
      const whole = credit + burned + operators === paid && (input.granted ? credit === 0n : paid === fee)
      return (
        whole &&
        fee >= floor &&
        [credit, burned, operators].every((part) => part >= 0n) &&
        paid < 2n ** 64n &&
        fee < 2n ** 64n
      )
    }),
  )
  t.pass('always')
})

/** Whether no part is less than it was, none is negative, and they come to the fee. */
function goesOn(some: Parameters<typeof splitOf>[0], fee: bigint): boolean {
  const [before, after] = [splitOf(some, fee - 1n), splitOf(some, fee)]
  const parts = ['credit', 'burned', 'operators'] as const
  const sum = parts.reduce((all, part) => all + after[part], 0n)
  return sum === fee && parts.every((part) => before[part] >= 0n && after[part] >= before[part])
}
const shares = anyRules.map(({ burnShare, operatorsShare }) => ({ burnShare, operatorsShare }))

test('fee: who names what a fee asked has named enough for every fee below it, part by part', async (t) => {
  const edges = [0n, 1n, 500n, 2_000n, 3_333n, 5_000n, 9_500n, 9_999n, timesOne]
  const pairs = edges.flatMap((burnShare) => edges.map((operatorsShare) => ({ burnShare, operatorsShare })))
  for (const some of pairs.filter(({ burnShare, operatorsShare }) => burnShare + operatorsShare <= timesOne)) {
    const fees = Array.from({ length: 3_000 }, (_, at) => BigInt(at + 1))
    const fallsAt = fees.find((fee) => !goesOn(some, fee))
    t.equal(fallsAt, undefined, `${some.burnShare} burned and ${some.operatorsShare} to operators`)
  }
  const small = fc.bigInt({ min: 1n, max: 20_001n })
  fc.assert(fc.property(shares, fc.oneof(small, fc.bigInt({ min: 1n, max: feeLimit })), goesOn), { numRuns: 20_000 })
  t.pass('always')
})

test('fee: the recipient gets less than a unit more than their share, and operators less than two units less', async (t) => {
  fc.assert(
    fc.property(shares, fc.bigInt({ min: 0n, max: feeLimit }), (some, fee) => {
      const { credit, operators } = splitOf(some, fee)
      const over = credit * timesOne - fee * (timesOne - some.burnShare - some.operatorsShare)
      const short = fee * some.operatorsShare - operators * timesOne
      return over >= 0n && over < timesOne && short >= 0n && short < 2n * timesOne
    }),
  )
  t.pass('always')
})

test('fee: it is what the network asks, rounded up by less than one, where no policy asks more', async (t) => {
  fc.assert(
    fc.property(anyRules, inputs, (some, input) => {
      const { fee, factors: lines } = priceOf(some, { ...input, floor: 0n })
      const product = lines.reduce((sum, { basisPoints }) => sum * basisPoints, input.basePrice)
      const scale = timesOne ** BigInt(lines.length)
      return fee === feeLimit ? fee * scale <= product : fee * scale >= product && (fee - 1n) * scale < product
    }),
  )
  t.pass('always')
})

test('fee: what flags add, and what the base price is above its floor, burns', async (t) => {
  fc.assert(
    fc.property(inputs, (input) => {
      const flagged = priceOf(realRules, input)
      const { unflagged } = input
      const plain = priceOf(realRules, { ...input, ...unflagged, basePrice: realRules.price.floor })
      const dearer = input.basePrice >= realRules.price.floor
      return (
        !dearer ||
        (flagged.credit === plain.credit && flagged.operators === plain.operators && flagged.burned >= plain.burned)
      )
    }),
  )
  t.pass('always')
})

test('fee: what a policy asks above the network’s price is the recipient’s whole, and counts for nothing', async (t) => {
  fc.assert(
    fc.property(
      inputs.filter(({ unflagged, ...flagged }) =>
        (['kind', 'standing', 'hasBadName'] as const).every((term) => unflagged[term] === flagged[term]),
      ),
      (input) => {
        const [asked, free] = [input, { ...input, floor: 0n, unflagged: { ...input.unflagged, floor: 0n } }].map(
          (some) => priceOf(realRules, some),
        )
        const more = asked!.fee - free!.fee
        return (
          asked!.credit - free!.credit === (input.granted ? 0n : more) &&
          asked!.burned - free!.burned === 0n &&
          (['demand', 'fee', 'burned', 'asStranger'] as const).every(
            (part) => asked!.counts[part] === free!.counts[part],
          )
        )
      },
    ),
  )
  t.pass('always')
})

test('carriage: base × (20 + 25 × recipients + 5 × units × lifetime) thousandths, rounded up, and inclusion at least', async (t) => {
  const letter = { basePrice: 1_000n, recipientCount: 1, sizeClass: 0, lifetimeDays: 30 }
  const of = (some: Partial<typeof letter>) => carriageOf(realRules, { ...letter, ...some })
  t.equal(of({}), 50n)
  t.equal(of({ basePrice: 1_001n }), 51n)
  t.equal(of({ recipientCount: 10 }), 275n)
  t.equal(of({ sizeClass: 8 }), 1_325n)
  t.equal(of({ sizeClass: 8 }) * 4_096n, 5_427_200n, 'a gigabyte')
  t.equal(of({ lifetimeDays: 365 }), 65n)
  t.equal(of({ basePrice: 1n }), realRules.inclusionFee)
})

/** The recipient asks for a unit more of strangers. */
const asksMore = (input: FeeInput): FeeInput => ({
  ...input,
  floor: input.floor + 1n,
  unflagged: { ...input.unflagged, floor: input.unflagged.floor + 1n },
})

type Grow = (input: FeeInput) => FeeInput
const neverLess = (grow: readonly Grow[], parts: readonly ('fee' | 'paid' | 'credit' | 'burned' | 'operators')[]) =>
  fc.assert(
    fc.property(inputs, fc.constantFrom(...grow), (input, more) => {
      const [less, greater] = [priceOf(realRules, input), priceOf(realRules, more(input))]
      return parts.every((part) => less[part] <= greater[part])
    }),
    { numRuns: 1_000 },
  )

test('fee: more of anything never costs less', async (t) => {
  const more: readonly Grow[] = [
    (input) => ({ ...input, sizeClass: Math.min(8, input.sizeClass + 1) }),
    (input) => ({ ...input, lifetimeDays: Math.min(365, input.lifetimeDays + 30) }),
    (input) => ({ ...input, recipientCount: input.recipientCount + 1 }),
  ]
  neverLess(more, ['fee', 'paid'])
  t.pass('never')
})

test('fee: nothing that others can do makes any part of it less, where it makes it dearer', async (t) => {
  const more: readonly Grow[] = [
    (input) => ({ ...input, basePrice: input.basePrice + 1n }),
    (input) => (input.unflagged.kind === 'first' ? asksMore(input) : input),
    (input) => ({ ...input, standing: input.standing && input.standing - 1 }),
    (input) => ({ ...input, hasBadName: input.standing !== undefined }),
    (input) => ({ ...input, kind: 'first' }),
  ]
  neverLess(more, ['fee', 'paid', 'credit', 'burned', 'operators'])
  t.pass('never')
})

test('fee: what flags add to a name burns beside whatever a policy asks, so lowering it makes no part of a price more', async (t) => {
  const underBadName = (floor: bigint): FeeInput => {
    const { unflagged, ...letter } = { ...firstLetter, standing: 0, hasBadName: true, floor }
    return { ...letter, unflagged: { ...unflagged, standing: 0, floor } }
  }
  const parts = (floor: bigint) => {
    const { credit, burned, operators } = priceOf(realRules, underBadName(floor))
    return { credit, burned, operators }
  }
  t.strictSame(parts(0n), { credit: 6_000n, burned: 5_600n, operators: 400n })
  // Between the price of a name without flags and of a bad one, at both, and above.
  for (const floor of [8_000n, 10_000n, 12_000n, 20_000n])
    t.strictSame(parts(floor), { credit: floor - 2_000n, burned: 5_600n, operators: 400n })
})

/** A first letter under a tier that fell, and the same once its reader wrote. */
const answeredUnderFallen = (some: Rules) => {
  const letter: FeeInput = { ...firstLetter, standing: 0, unflagged: { ...firstLetter.unflagged, standing: 4 } }
  const kind = 'exchange'
  const exchange = priceOf(some, { ...letter, kind, unflagged: { ...letter.unflagged, kind } })
  return { first: priceOf(some, letter), exchange }
}

test('fee: what comes back makes no part of a price more, also under a tier that fell, by rules that can be lived by', async (t) => {
  const { first, exchange } = answeredUnderFallen(realRules)
  for (const part of ['credit', 'burned', 'operators'] as const) t.ok(first[part] >= exchange[part], part)
  const nothingBurns = { ...realRules, burnShare: 0n }
  const short = answeredUnderFallen(nothingBurns)
  t.ok(short.first.burned < short.exchange.burned, 'it would fall short')
  t.match(faultsOf(nothingBurns, genesis).join(), /burnShare must be higher/)
})

test('fee: a grant never makes a message dearer', async (t) => {
  fc.assert(
    fc.property(inputs, (input) => {
      const [granted, not] = [true, false].map((granted) => priceOf(realRules, { ...input, granted }))
      return granted!.paid <= not!.paid && granted!.burned === not!.burned && granted!.operators === not!.operators
    }),
  )
  t.pass('never')
})
