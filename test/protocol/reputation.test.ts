/** The reputation rules by themselves: what verdicts weigh, what tiers ask for, how scores fade and standings fall. */
import fc from 'fast-check'
import { test } from 'tap'
import {
  decay,
  effectiveTier,
  flagWeight,
  type Paid,
  rankOf,
  reaches,
  saturated,
  scoreMax,
  scoreOne,
  type Standing,
  tierOf,
  valueWeight,
  within,
} from '../../protocol/reputation.ts'
import { realRules } from '../kit/pricing.ts'
import { verdictSettled } from '../vectors/verdicts.ts'

/** A first message of 1 KiB under a pass of tier 1: four base prices, of which a fifth burns. */
const paid: Paid = { fee: 4_000n, burned: 800n, basePrice: 1_000n, sizeClass: 0 }
const score = (number: number): bigint => (BigInt(Math.round(number * 1_000)) * scoreOne) / 1_000n

test('value: 5 × what burned in base prices × the weight of who says so', async (t) => {
  const weights = ([undefined, 0, 1, 2, 3, 4] as Standing[]).map((acker) =>
    valueWeight(realRules, paid, { acker, recent: 0n }),
  )
  t.strictSame(weights, [0n, score(2), score(2.8), score(3.4), score(4), score(4)])
})

test('value: less with each that was lately given between the two, rounded down', async (t) => {
  const after = (recent: bigint) => valueWeight(realRules, paid, { acker: 4, recent })
  t.equal(after(scoreOne), score(2))
  t.equal(after(2n * scoreOne), 87_381n)
  t.equal(after(3n * scoreOne), score(1))
  t.equal(after(1n << 48n), 0n)
})

test('value: whatever the price at which the message was settled, and nothing where nothing burned', async (t) => {
  const of = (some: Partial<Paid>) => valueWeight(realRules, { ...paid, ...some }, { acker: 4, recent: 0n })
  t.equal(of({ basePrice: 2_000n }), score(4), 'what burns is counted as at the floor')
  t.equal(of({ fee: 1_000_000n }), score(4), 'the fee itself is no matter')
  t.equal(of({ burned: 0n }), 0n)
})

test('flag: 2 × the fee in base prices × the weight of who says so, and five times that for abuse', async (t) => {
  const of = (acker: Standing, verdict: 'spam' | 'abuse') => flagWeight(realRules, paid, { acker, verdict })
  t.strictSame(
    ([undefined, 0, 1, 2, 3, 4] as Standing[]).map((acker) => of(acker, 'spam')),
    [0n, score(4), (scoreOne * 56n) / 10n, (scoreOne * 68n) / 10n, score(8), score(8)],
  )
  t.equal(of(4, 'abuse'), score(40))
  t.equal(of(undefined, 'abuse'), 0n)
})

test('flag: of the fee at most 16 base prices a unit count', async (t) => {
  const of = (some: Partial<Paid>) => flagWeight(realRules, { ...paid, ...some }, { acker: 4, verdict: 'spam' })
  t.equal(of({ fee: 16_000n }), score(32))
  t.equal(of({ fee: 2n ** 56n }), score(32))
  t.equal(of({ fee: 2n ** 56n, sizeClass: 3 }), score(256))
  t.equal(of({ fee: 0n }), 0n)
})

test('weights: never more than the law says, to the last bit, and never negative', async (t) => {
  const amounts = fc.bigInt({ min: 0n, max: 2n ** 56n })
  const payments = fc.record({
    fee: amounts,
    burned: amounts,
    basePrice: fc.bigInt({ min: 1n, max: 2n ** 32n }),
    sizeClass: fc.nat({ max: 8 }),
  })
  const { kappa, lambda, abuse } = realRules.reputation
  fc.assert(
    fc.property(payments, fc.nat({ max: 4 }), fc.bigInt({ min: 0n, max: 2n ** 40n }), (some, acker, recent) => {
      const value = valueWeight(realRules, some, { acker, recent })
      const [spam, grave] = (['spam', 'abuse'] as const).map((verdict) =>
        flagWeight(realRules, some, { acker, verdict }),
      )
      return (
        value >= 0n &&
        value * realRules.price.floor * 10_000n <= kappa * some.burned * scoreOne &&
        spam! >= 0n &&
        spam! <= grave! &&
        grave! * some.basePrice * 10_000n * 10_000n <= lambda * abuse * some.fee * scoreOne
      )
    }),
  )
  t.pass('always')
})

test('tier: enough score and not too much against it, each to the last bit', async (t) => {
  const of = (positive: bigint, negative = 0n) => tierOf(realRules, { positive, negative })
  t.equal(of(0n), 0)
  for (const [at, needed] of [4, 16, 48, 120].entries()) {
    t.equal(of(score(needed)), at + 1)
    t.equal(of(score(needed) - 1n), at)
  }
  // The score is what is left of the positive, and the negative has a ceiling of its own.
  t.equal(of(score(136), score(16)), 4)
  t.equal(of(score(136) - 1n, score(16)), 3)
  t.equal(of(score(1_000), score(16) + 1n), 3)
  t.equal(of(score(1_000), score(32) + 1n), 2)
  t.equal(of(score(1_000), score(48) + 1n), 1)
  t.equal(of(score(1_000), score(64)), 1)
  t.equal(of(score(1_000), score(64) + 1n), 0, 'one grave flag is not drowned by mild approval')
  t.equal(reaches(realRules, 0, { positive: 0n, negative: 2n ** 40n }), true)
  t.equal(reaches(realRules, 5, { positive: 2n ** 40n, negative: 0n }), false)
})

test('live demotion: a pass is worth at most what its own negative allows, and never more than it proved', async (t) => {
  const sums = fc.bigInt({ min: 0n, max: score(100) })
  t.strictSame(
    [0, 16, 17, 32, 33, 48, 49, 64, 65].map((negative) =>
      effectiveTier(realRules, { tier: 4, negative: score(negative) }),
    ),
    [4, 4, 3, 3, 2, 2, 1, 1, 0],
  )
  fc.assert(
    fc.property(fc.nat({ max: 4 }), sums, sums, (tier, negative, more) => {
      const now = effectiveTier(realRules, { tier, negative })
      const later = effectiveTier(realRules, { tier, negative: negative + more })
      return now <= tier && later <= now && later >= 0
    }),
  )
  t.equal(rankOf(undefined), 0)
  t.equal(rankOf(effectiveTier(realRules, { tier: 4, negative: scoreMax })), 1, 'a pass stays better than none')
})

test('decay: a tenth an epoch, positive rounded down and negative up, so that nothing is stuck in anybody’s favour', async (t) => {
  const after = (positive: bigint, negative: bigint, epochs: number) => decay(realRules, { positive, negative }, epochs)
  t.strictSame(
    after(100n, 100n, 1),
    { positive: 89n, negative: 91n },
    'a factor with 32 fractional bits is rounded, too',
  )
  t.strictSame(after(9n, 9n, 1), { positive: 8n, negative: 9n })
  t.strictSame(after(score(100), score(100), 2), { positive: score(81) - 1n, negative: score(81) + 1n })
  t.strictSame(after(score(100), score(100), 0), { positive: score(100), negative: score(100) })
  t.strictSame(after(score(100), score(100), 63), after(score(100), score(100), 1_000), 'at most 63 steps')
})

test('decay: in six steps by the bits of the number of epochs, it is the power of a tenth less, to a few units', async (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 47n }), fc.integer({ min: 0, max: 63 }), (sum, epochs) => {
      const { positive, negative } = decay(realRules, { positive: sum, negative: sum }, epochs)
      const exact = (sum * 9n ** BigInt(epochs)) / 10n ** BigInt(epochs)
      const slack = 6n + (6n * sum) / 2n ** 32n
      return positive <= exact && exact <= negative && exact - positive <= slack && negative - exact <= slack + 1n
    }),
  )
  t.pass('it is')
})

test('budgets: as much as is left, and sums that stop', async (t) => {
  t.strictSame([within(10n, 0n, 4n), within(10n, 8n, 4n), within(10n, 10n, 4n), within(10n, 99n, 4n)], [4n, 2n, 0n, 0n])
  t.equal(saturated(scoreMax - 1n), scoreMax - 1n)
  t.equal(saturated(scoreMax + 1n), scoreMax)
})

test('verdicts: money never moves', async (t) => {
  for (const { name, changes } of verdictSettled.filter(({ op }) => op.action.TAG === 'ack'))
    t.ok(
      changes.flat().every(({ table, fields }) => table !== 'accounts' || !('funds' in (fields ?? {}))),
      name,
    )
})
