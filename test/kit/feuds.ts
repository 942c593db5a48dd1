/** Schedules of two who write to each other and flag each other, and what they are without somebody's flags. */
import fc from 'fast-check'
import { realRules } from './pricing.ts'
import type { Deed, Verdict } from './schedule.ts'
import type { Tale } from './tale.ts'

const either = fc.nat({ max: 1 })
const pairDeed: fc.Arbitrary<readonly Deed[]> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ who: either, sizeClass: fc.nat({ max: 1 }), automatic: fc.constantFrom(false, false, false, true) })
      .map(({ who, sizeClass, automatic }): Deed[] => [
        { what: 'send', who, to: [1 - who], sizeClass, passing: true, automatic, over: false },
      ]),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ pick: fc.nat({ max: 4 }), verdict: fc.constantFrom<Verdict[]>('abuse', 'abuse', 'spam', 'value') })
      .map((said): Deed[] => [{ what: 'ack', ...said, reader: 0, passing: true, back: 'nothing' }]),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(2_000n, realRules.epochMs).map((waitMs): Deed[] => [
      { what: 'wait', waitMs },
      { what: 'pass', who: 0, tier: 4 },
      { what: 'pass', who: 1, tier: 4 },
    ]),
  },
)

/** Two who write to each other and flag each other, epoch after epoch. */
export const feuds: fc.Arbitrary<Deed[]> = fc
  .array(pairDeed, { minLength: 12, maxLength: 40, size: 'max' })
  .map((deeds) => [{ what: 'pass', who: 0, tier: 4 }, { what: 'pass', who: 1, tier: 4 }, ...deeds.flat()])

/** The same, where one of them says nothing wherever they flagged. */
export const unflagged = (schedule: readonly Deed[], tale: Tale, who: number): Deed[] =>
  schedule.map((deed, at) =>
    deed.what === 'ack' && tale.flags.get(at) === who ? { ...deed, verdict: 'abstain' as const } : deed,
  )
