/**
 * The base price: what a unit costs before its factors. It follows demand, counted as what the network asks for fees and
 * for carriage ÷ base price, so that a message at a discount cannot pump it, and many small ones can; by the time of
 * batches, in small steps, between floor and ceiling.
 */
import { timesOne, type Rules } from './rules.ts'

/** The price and the demand gathered since `since`, as the totals hold them. Demand in basis points of a base price. */
export type Market = { readonly basePrice: bigint; readonly demand: bigint; readonly since: bigint }

/** What the demand of an interval saturates at: far beyond what can be settled in one, and still 64 bits. */
export const demandMax = 2n ** 62n

/**
 * The market at `time`. For each whole interval that passed, the price goes a step of the way from where it is to where
 * the demand of that interval would have it: floor × demand ÷ target. Every batch advances the market before its ops, so
 * the demand that was gathered is of the first interval, and in the following ones nobody wrote. So it does not matter how
 * batches cut the time.
 */
export function advanceMarket({ price }: Rules, { basePrice, demand, since }: Market, time: bigint): Market {
  const interval = BigInt(price.intervalMs)
  const passed = (time - since) / interval
  if (passed <= 0n) return { basePrice, demand, since }
  let now = stepTowards(price, basePrice, goalOf(price, demand))
  // Rounding brings the price to rest somewhere, so the loop is bounded however long the log has stalled.
  for (let left = passed - 1n; left > 0n; left--) {
    const next = stepTowards(price, now, price.floor)
    if (next === now) break
    now = next
  }
  return { basePrice: between(price.floor, now, price.ceiling), demand: 0n, since: since + passed * interval }
}

/** The demand of an interval with something settled more, which was asked so much at that base price. */
export function withDemand(demand: bigint, { asked, basePrice }: { asked: bigint; basePrice: bigint }): bigint {
  const sum = demand + (asked * timesOne) / basePrice
  return sum < demandMax ? sum : demandMax
}

/**
 * One step from the price towards the goal, rounded towards the price. Upwards it is a step in the harmonic mean of the
 * two, downwards in the arithmetic mean. Both are shorter than the same step in the geometric mean, and that keeps the
 * price from swinging: where demand falls with the price to the power of e, a step in the logarithm of the price closes
 * step × (1 + e) of the distance to the goal. Steps are at most an eighth, so up to e = 7 none goes past the goal,
 * however far away it is. (An arithmetic step upwards would.)
 */
function stepTowards({ step }: Rules['price'], price: bigint, goal: bigint): bigint {
  if (goal <= price) return price - ((price - goal) * step) / timesOne
  return (price * goal * timesOne) / ((timesOne - step) * goal + step * price)
}

/** Where demand (basis points an interval) would have the price. */
const goalOf = (price: Rules['price'], demand: bigint): bigint =>
  between(price.floor, (price.floor * demand) / (price.target * timesOne), price.ceiling)

const between = (least: bigint, value: bigint, most: bigint): bigint =>
  value < least ? least : value > most ? most : value
