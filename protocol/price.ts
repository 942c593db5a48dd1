/**
 * The base price: what a unit costs before its factors. It follows demand, counted as Σ fee ÷ base price, so that a
 * message at a discount cannot pump it; per unit of the batches' time; in small steps; between floor and ceiling.
 */
import { one, type Rules } from './rules.ts'

/** The price and the demand gathered since `since`, as the totals hold them. Demand in basis points of a base price. */
export type Market = { readonly basePrice: bigint; readonly demand: bigint; readonly since: bigint }

/** The most intervals that one batch makes up for; further ones change nothing that the price has not reached. */
const intervalsMax = 256

/**
 * The market at `time`. For each whole interval that passed, the price goes a step of the way from where it is to where
 * demand would have it: floor × demand ÷ target. A fixed demand has a fixed goal, and a step is at most an eighth of the
 * way, so the price settles without swinging, also where demand falls as the price rises (elasticity up to 7).
 */
export function advanceMarket({ price }: Rules, market: Market, time: bigint): Market {
  const interval = BigInt(price.intervalMs)
  const passed = (time - market.since) / interval
  if (passed <= 0n) return market
  const goal = goalOf(price, market.demand / passed)
  const steps = passed < BigInt(intervalsMax) ? Number(passed) : intervalsMax
  let basePrice = market.basePrice
  for (let step = 0; step < steps; step++) basePrice += ((goal - basePrice) * price.step) / one
  return {
    basePrice: between(price.floor, basePrice, price.ceiling),
    demand: 0n,
    since: market.since + passed * interval,
  }
}

/** What a settled fee adds to demand, in basis points of a base price. */
export const demandOf = (fee: bigint, basePrice: bigint): bigint => (fee * one) / basePrice

/** Where demand (basis points an interval) would have the price. */
const goalOf = (price: Rules['price'], demand: bigint): bigint =>
  between(price.floor, (price.floor * demand) / (price.target * one), price.ceiling)

const between = (least: bigint, value: bigint, most: bigint): bigint =>
  value < least ? least : value > most ? most : value
