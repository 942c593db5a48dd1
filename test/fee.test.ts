/** What a message costs: each factor, the split, and which way everything rounds. */
import fc from 'fast-check'
import { test } from 'tap'
import { type FeeInput, factors, lifetimeFactor, type Price, priceOf } from '../protocol/fee.ts'
import { faultsOf, one, type Rules } from '../protocol/rules.ts'
import { genesis, rules } from './fixtures.ts'

/** 1 KiB for 30 days to one stranger without a policy, at 1,000 a unit. */
const plain: FeeInput = {
  basePrice: 1_000n,
  sizeClass: 0,
  lifetimeDays: 30,
  recipientCount: 1,
  floor: 0n,
  granted: false,
}

type Vector = { readonly name: string; readonly input: Partial<FeeInput>; readonly rules?: Partial<Rules> } & Pick<
  Price,
  'fee' | 'burned' | 'operators' | 'credit'
>

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
  { name: 'a day', input: { lifetimeDays: 1 }, fee: 334n, burned: 66n, operators: 16n, credit: 252n },
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
    name: 'burned and operators round down',
    input: { basePrice: 39n },
    fee: 39n,
    burned: 7n,
    operators: 1n,
    credit: 31n,
  },
  {
    name: 'the floor below the market',
    input: { floor: 999n },
    fee: 1_000n,
    burned: 200n,
    operators: 50n,
    credit: 750n,
  },
  {
    name: 'the floor above the market',
    input: { floor: 1_001n },
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
    const { fee, burned, operators, credit, paid } = priceOf({ ...rules, ...changed }, { ...plain, ...input })
    t.strictSame({ fee, burned, operators, credit }, expected)
    t.equal(paid, credit + burned + operators)
  })

test('fee: each factor has a line of its own, in the order people see them', async (t) => {
  const { factors: lines } = priceOf(rules, { ...plain, sizeClass: 3, lifetimeDays: 365, recipientCount: 4 })
  t.strictSame(lines, [
    { name: 'size', basisPoints: 80_000n },
    { name: 'lifetime', basisPoints: 40_000n },
    { name: 'recipients', basisPoints: 13_000n },
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

const inputs = fc.record({
  basePrice: fc.bigInt({ min: 1n, max: 2n ** 32n }),
  sizeClass: fc.nat({ max: 8 }),
  lifetimeDays: fc.integer({ min: 1, max: 365 }),
  recipientCount: fc.integer({ min: 1, max: 100 }),
  floor: fc.bigInt({ min: 0n, max: 2n ** 48n }),
  granted: fc.boolean(),
})
const anyRules = fc
  .record({
    burnShare: fc.bigInt({ min: 0n, max: one }),
    operatorsShare: fc.bigInt({ min: 0n, max: one }),
    recipientFactor: fc.bigInt({ min: 0n, max: 10n * one }),
    factor: fc.bigInt({ min: 1n, max: 10_000n * one }),
  })
  .filter(({ burnShare, operatorsShare }) => burnShare + operatorsShare <= one)
  .map(({ factor, ...shares }): Rules => ({ ...rules, ...shares, lifetimes: [{ days: 365, factor }] }))

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

test('fee: it is the market, rounded up by less than one, or the floor', async (t) => {
  fc.assert(
    fc.property(anyRules, inputs, (some, input) => {
      const { fee, factors: lines } = priceOf(some, input)
      const product = lines.reduce((sum, { basisPoints }) => sum * basisPoints, input.basePrice)
      const scale = one ** BigInt(lines.length)
      const isMarket = fee * scale >= product && (fee - 1n) * scale < product
      return fee === input.floor ? fee * scale >= product : isMarket
    }),
  )
  t.pass('always')
})

test('fee: more of anything never costs less', async (t) => {
  const more: readonly ((input: FeeInput) => FeeInput)[] = [
    (input) => ({ ...input, basePrice: input.basePrice + 1n }),
    (input) => ({ ...input, sizeClass: Math.min(8, input.sizeClass + 1) }),
    (input) => ({ ...input, lifetimeDays: Math.min(365, input.lifetimeDays + 30) }),
    (input) => ({ ...input, recipientCount: input.recipientCount + 1 }),
    (input) => ({ ...input, floor: input.floor + 1n }),
  ]
  fc.assert(
    fc.property(inputs, fc.constantFrom(...more), (input, grow) => {
      const [less, greater] = [priceOf(rules, input), priceOf(rules, grow(input))]
      return less.fee <= greater.fee && less.burned <= greater.burned && less.operators <= greater.operators
    }),
  )
  t.pass('never')
})

test('fee: a grant never makes a message dearer', async (t) => {
  fc.assert(
    fc.property(inputs, (input) => {
      const [granted, not] = [true, false].map((granted) => priceOf(rules, { ...input, granted }))
      return granted!.paid <= not!.paid && granted!.burned === not!.burned && granted!.operators === not!.operators
    }),
  )
  t.pass('never')
})

test('fee: the dearest message that rules allow still fits in 64 bits', async (t) => {
  const dearest: Rules = {
    ...rules,
    recipientsMax: 100,
    basePrice: 2n ** 32n,
    recipientFactor: 100_000n,
    lifetimes: [{ days: 365, factor: 100_000_000n }],
  }
  t.strictSame(faultsOf(dearest, genesis), [])
  t.ok(priceOf(dearest, { ...plain, basePrice: 2n ** 32n, sizeClass: 8, recipientCount: 100 }).fee < 2n ** 64n)
})
