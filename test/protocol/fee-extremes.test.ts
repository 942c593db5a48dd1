/** Prices where the numbers of the rules are as large or as small as they may be. */
import fc from 'fast-check'
import { test } from 'tap'
import { faultsOf } from '../../protocol/faults.ts'
import { feeLimit, priceOf } from '../../protocol/fee.ts'
import { timesOne, type Rules } from '../../protocol/rules.ts'
import { genesis, rules } from '../kit/fixtures.ts'
import { inputs } from '../kit/priced-inputs.ts'
import { dearest, firstLetter } from '../kit/pricing.ts'

test('fee: whatever rules can be lived by, a fee is at most what leaves room for a hundred of them in 64 bits', async (t) => {
  const extreme: Rules = { ...rules, ...dearest, lifetimes: [{ days: 365, factor: 100_000_000n }] }
  t.strictSame(faultsOf(extreme, genesis), [])
  const most = { ...firstLetter, basePrice: 2n ** 32n, sizeClass: 8, recipientCount: 100 }
  const { fee, factors: lines, paid } = priceOf(extreme, most)
  t.equal(fee, feeLimit)
  t.equal(paid, feeLimit)
  t.ok((feeLimit * 100n * 5n) / 4n < 2n ** 64n)
  t.ok(lines.every(({ basisPoints }) => basisPoints > 0n && basisPoints < 2n ** 64n))
})

/** Numbers at and around the edges of what is allowed, and now and then beyond them. */
const near = (least: bigint, most: bigint) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.bigInt({ min: least, max: most }) },
    { weight: 6, arbitrary: fc.constantFrom(least, most) },
    { weight: 1, arbitrary: fc.constantFrom(least - 1n, most + 1n).filter((number) => number >= 0n) },
  )
const size = (least: number, most: number) => near(BigInt(least), BigInt(most)).map(Number)
const wide = 1_000n * timesOne
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const extremes: fc.Arbitrary<Rules> = fc
  .record({
    price: near(1n, 2n ** 32n),
    first: near(1n, wide),
    exchange: near(1n, wide),
    patience: size(1, 2),
    strangers: near(1n, wide),
    badName: near(1n, wide),
    lifetime: near(1n, 10_000n * timesOne),
    recipientFactor: near(0n, 10n * timesOne),
    reputation: fc.array(near(1n, wide), { minLength: 6, maxLength: 6 }),
    burnShare: near(0n, timesOne),
    operatorsShare: near(0n, timesOne),
  })
  .map((some) => ({
    ...rules,
    ...dearest,
    price: { ...dearest.price, floor: some.price, start: some.price, ceiling: some.price },
    correspondence: {
      first: some.first,
      exchange: lesser(some.exchange, some.first),
      patience: some.patience,
      decay: timesOne,
    },
    lifetimes: [{ days: 365, factor: some.lifetime }],
    recipientFactor: some.recipientFactor,
    reputation: {
      ...dearest.reputation,
      // Strangers pay the same under any pass, more under a bad name, and most without one.
      strangers: [wide, ...Array<bigint>(5).fill(some.strangers)],
      badName: some.badName > some.strangers ? some.badName : some.strangers,
      flagMax: 0n,
      factors: some.reputation
        .map((factor) => lesser(factor, some.strangers))
        .toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)),
    },
    burnShare: some.burnShare,
    operatorsShare: some.operatorsShare,
  }))

test('fee: under any rules that can be lived by, at their extremes, no price overflows or goes negative', async (t) => {
  let lived = 0
  fc.assert(
    fc.property(extremes, inputs, (some, input) => {
      if (faultsOf(some, genesis).length > 0) return true
      lived++
      const {
        fee,
        paid,
        credit,
        burned,
        operators,
        factors: lines,
      } = priceOf(some, { ...input, basePrice: some.price.start })
      const fits = (amount: bigint) => amount >= 0n && amount <= feeLimit
      return (
        fee >= 1n &&
        [fee, paid, credit, burned, operators].every(fits) &&
        credit + burned + operators === paid &&
        lines.every(({ basisPoints }) => basisPoints >= 1n && basisPoints < 2n ** 63n)
      )
    }),
    { numRuns: 5_000 },
  )
  t.ok(lived > 200, `${lived} of them could be lived by`)
})
