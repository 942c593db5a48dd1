/**
 * Firm prices: what others can do to a price takes effect `rules.expiryMaxMs` later, so that whoever signs what was asked
 * pays enough for as long as the operation can settle. What falls (the base price, the count of passes) falls at once; a
 * rise counts once it has lasted that long. So both are asked at the lowest that they were within that time.
 */
import type { Rules } from './rules.ts'
import type { Meta } from './state.ts'

/** The lowest that the base price and the count of passes were in one slot of time, which begins at `from`. */
export type Low = Meta['lows'][number]
/** What is asked at the lowest that it was. */
type Asked = { readonly basePrice: bigint; readonly passes: number }

/** The same as it is now, with what it was lately. */
export type Held = Asked & Pick<Meta, 'lows'>

/** How many slots of time make up the longest expiry. */
const slotsPerExpiry = 8

/** When what others do at a time begins to count in prices: it does from then on. */
export const countsFrom = ({ expiryMaxMs }: Rules, time: bigint): bigint => time + BigInt(expiryMaxMs)

/** The longest that a price asked at a time can hold: until right before the first thing that others do then counts. */
export const longestHold = (rules: Rules, time: bigint): bigint => countsFrom(rules, time) - 1n

/** How long a slot is, in milliseconds: an eighth of the longest expiry, rounded up. Slots lie on a grid from 1970 on. */
const slotMs = ({ expiryMaxMs }: Rules): bigint => BigInt(Math.ceil(expiryMaxMs / slotsPerExpiry))

/**
 * The lows once `asked` was held at `time`. What held up to a batch is noted at the batch too, so a slot without one needs
 * none. Slots that no price goes by any more are dropped: at most 9 are left.
 */
export function withLow(rules: Rules, lows: readonly Low[], time: bigint, asked: Asked): Low[] {
  const from = time - (time % slotMs(rules))
  const last = lows.at(-1)
  const before = lows.filter((low) => low.from < from && isWithin(rules, low, time))
  return [...before, { from, ...(last?.from === from ? lower(last, asked) : lower(asked, asked)) }]
}

/**
 * What is asked at `at`, as far as it is known now: the lowest that held from the longest expiry before that until now. A
 * slot counts as a whole. As `at` goes on it never falls, and whatever happens until then, no more than this is asked.
 */
export function askedAt(rules: Rules, { basePrice, passes, lows }: Held, at: bigint): Asked {
  return lows.filter((low) => isWithin(rules, low, at)).reduce(lower, { basePrice, passes })
}

/** Whether any part of a slot lies within the longest expiry before a time. */
const isWithin = (rules: Rules, { from }: Low, at: bigint): boolean => countsFrom(rules, from + slotMs(rules)) > at

const lower = (a: Asked, b: Asked): Asked => ({
  basePrice: a.basePrice < b.basePrice ? a.basePrice : b.basePrice,
  passes: Math.min(a.passes, b.passes),
})
