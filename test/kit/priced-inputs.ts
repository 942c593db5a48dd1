/** What prices depend on, drawn at random; and rules of which some numbers are. */
import fc from 'fast-check'
import type { FeeInput } from '../../protocol/fee.ts'
import { timesOne, type Rules } from '../../protocol/rules.ts'
import { realRules } from './pricing.ts'

const terms = fc.record({
  kind: fc.constantFrom('first' as const, 'exchange' as const),
  standing: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
})
/** Terms, and what flags made of them: a lower tier, a bad name, a closed door with a policy on it. */
export const inputs: fc.Arbitrary<FeeInput> = fc
  .record({
    unflagged: terms,
    falls: fc.nat({ max: 4 }),
    isClosed: fc.boolean(),
    isBad: fc.boolean(),
    policy: fc.bigInt({ min: 0n, max: 2n ** 48n }),
    granted: fc.boolean(),
    about: fc.record({
      basePrice: fc.bigInt({ min: realRules.price.floor, max: 2n ** 32n }),
      sizeClass: fc.nat({ max: 8 }),
      lifetimeDays: fc.integer({ min: 1, max: 365 }),
      recipientCount: fc.integer({ min: 1, max: 100 }),
    }),
  })
  .map(({ unflagged, falls, isClosed, isBad, policy, granted, about }) => {
    const open = granted ? 'exchange' : unflagged.kind
    const kind = isClosed && !granted ? 'first' : open
    const { standing } = unflagged
    return {
      ...about,
      kind,
      standing: standing === undefined ? undefined : Math.max(0, standing - falls),
      hasBadName: isBad && standing !== undefined,
      floor: kind === 'first' ? policy : 0n,
      unflagged: { kind: open, standing, hasBadName: false, floor: open === 'first' ? policy : 0n },
      granted,
    }
  })
export const anyRules = fc
  .record({
    burnShare: fc.bigInt({ min: 0n, max: timesOne }),
    operatorsShare: fc.bigInt({ min: 0n, max: timesOne }),
    recipientFactor: fc.bigInt({ min: 0n, max: 10n * timesOne }),
    factor: fc.bigInt({ min: 1n, max: 10_000n * timesOne }),
  })
  .filter(({ burnShare, operatorsShare }) => burnShare + operatorsShare <= timesOne)
  .map(({ factor, ...shares }): Rules => ({ ...realRules, ...shares, lifetimes: [{ days: 365, factor }] }))
