/** The base price: that it follows demand, comes to rest, never swings, and does not ask how batches cut the time. */
import fc from 'fast-check'
import { test } from 'tap'
import { faultsOf } from '../../protocol/faults.ts'
import { askedAt, type Low, withLow } from '../../protocol/firm.ts'
import { advanceMarket, demandMax, type Market, withDemand } from '../../protocol/price.ts'
import { timesOne, type Rules } from '../../protocol/rules.ts'
import {
  accountOf,
  ada,
  bob,
  cyd,
  genesis,
  sendTo,
  seedOf,
  settle,
  signedInTurn,
  type State,
  totalsOf,
} from '../kit/fixtures.ts'
import { realContext, realRules } from '../kit/pricing.ts'
import { world } from '../vectors/world.ts'

type Price = Rules['price']
const real: Price = realRules.price
const within = (price: Price): Rules => ({ ...realRules, price })
const interval = (price: Price): bigint => BigInt(price.intervalMs)

/**
 * The price after each interval, where the demand in basis points follows from the price, until it moves by less than a
 * thousandth of a step (demand is counted in whole basis points, so that there is a grain in where it leads).
 */
function course(price: Price, start: bigint, demandAt: (basePrice: bigint) => bigint, most = 200_000): bigint[] {
  const prices = [start]
  let market: Market = { basePrice: start, demand: 0n, since: 0n }
  for (let step = 0; step < most; step++) {
    const demand = demandAt(market.basePrice)
    const next = advanceMarket(within(price), { ...market, demand }, market.since + interval(price))
    const moved = next.basePrice - market.basePrice
    if ((moved < 0n ? -moved : moved) * 1_000n * timesOne <= market.basePrice * price.step) return prices
    prices.push(next.basePrice)
    market = next
  }
  return prices
}

/** Where demand would have the price. */
function goalAt({ floor, ceiling, target }: Price, demand: bigint): bigint {
  const goal = (floor * demand) / (target * timesOne)
  return goal < floor ? floor : goal > ceiling ? ceiling : goal
}

/** It only ever goes one way. */
const isSteady = (prices: readonly bigint[]): boolean => {
  const rises = prices.at(-1)! >= prices[0]!
  return prices.every((price, at) => at === 0 || (rises ? price > prices[at - 1]! : price < prices[at - 1]!))
}

/** As close to where demand would have it as the rounding of a step comes: a ninth. */
const isNear = (goal: bigint, price: bigint): boolean => (goal > price ? goal - price : price - goal) <= price / 9n + 1n

test('price: constant demand settles, demand that doubles settles again, twice as high, and back', async (t) => {
  const demand = 3n * real.target * timesOne
  const up = course(real, real.start, () => demand)
  t.ok(isSteady(up) && up.length > 20, `in ${up.length} small steps`)
  t.ok(isNear(3_000n, up.at(-1)!), `${up.at(-1)}`)
  t.ok(
    up.every((price, at) => at === 0 || price * 100n <= up[at - 1]! * 107n),
    'at most a fifteenth at once',
  )
  const doubled = course(real, up.at(-1)!, () => 2n * demand)
  t.ok(isSteady(doubled))
  t.ok(isNear(6_000n, doubled.at(-1)!), `${doubled.at(-1)}`)
  const back = course(real, doubled.at(-1)!, () => demand)
  t.ok(isSteady(back))
  t.ok(isNear(3_000n, back.at(-1)!), `${back.at(-1)}`)
  t.equal(course(real, back.at(-1)!, () => 0n).at(-1)! < real.floor + 16n, true, 'and without demand to the floor')
})

const networks: fc.Arbitrary<Price> = fc
  .record({
    floor: fc.oneof(fc.bigInt({ min: 1n, max: 5_000n }), fc.bigInt({ min: 1n, max: 2n ** 31n })),
    factor: fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: 100_000n })),
    target: fc.oneof(fc.bigInt({ min: 100n, max: 5_000n }), fc.bigInt({ min: 100n, max: 2n ** 40n })),
    step: fc.oneof(fc.constantFrom(1_250n, 1_249n, 625n), fc.bigInt({ min: 40n, max: 1_250n })),
  })
  .map(({ floor, factor, target, step }) => {
    const ceiling = floor * factor < 2n ** 32n ? floor * factor : 2n ** 32n
    return { start: floor, floor, ceiling, target, intervalMs: 60_000, step }
  })
  .filter((price) => faultsOf(within(price), genesis).length === 0)
/** Where a price begins, between floor and ceiling in 10,000 parts. */
const places = fc.bigInt({ min: 0n, max: timesOne })
const placed = ({ floor, ceiling }: Price, place: bigint): bigint => floor + ((ceiling - floor) * place) / timesOne
/** Demand at the floor, in basis points of the target: from next to nothing to thousands of times as much. */
const demands = fc.oneof(fc.bigInt({ min: 1n, max: 10n * timesOne }), fc.bigInt({ min: 1n, max: 5_000n * timesOne }))

/** Demand that falls with the price to the power of an elasticity. */
const elastic =
  ({ floor, target }: Price, { demand, elasticity }: { demand: bigint; elasticity: bigint }) =>
  (basePrice: bigint): bigint =>
    (target * demand * floor ** elasticity) / basePrice ** elasticity

test('price: with every step that rules may have it never swings, also where demand falls as the price rises', async (t) => {
  fc.assert(
    fc.property(networks, places, demands, fc.bigInt({ min: 0n, max: 7n }), (price, place, demand, elasticity) => {
      const demandAt = elastic(price, { demand, elasticity })
      const prices = course(price, placed(price, place), demandAt, 20_000)
      const end = prices.at(-1)!
      return prices.length < 20_000 && isSteady(prices) && isNear(goalAt(price, demandAt(end)), end)
    }),
    { numRuns: 400 },
  )
  t.pass('never')
})

test('price: steps that the rules may not have do swing, so that the test above can fail', async (t) => {
  const price = { ...real, step: 5_000n }
  t.match(faultsOf(within(price), genesis), [/larger steps can swing/])
  const demandAt = elastic(price, { demand: 50n * timesOne, elasticity: 7n })
  const prices = course(price, price.start, demandAt, 100)
  t.notOk(isSteady(prices))
  t.equal(prices.length, 101, 'and do not come to rest')
})

test('price: the smallest step comes to rest too', async (t) => {
  const price = { ...real, floor: 100_000n, start: 100_000n, ceiling: 1_000_000n, step: 1n }
  // At so high a floor what carrying many burns no longer keeps a lure dear enough.
  const correspondence = { ...realRules.correspondence, patience: 1 }
  t.strictSame(faultsOf({ ...within(price), correspondence }, genesis), [])
  const prices = course(price, price.start, () => 5n * price.target * timesOne)
  t.ok(isSteady(prices))
  t.ok(isNear(500_000n, prices.at(-1)!), `${prices.at(-1)}`)
})

test('price: between floor and ceiling, whatever the demand and however long the log has stalled', async (t) => {
  fc.assert(
    fc.property(
      networks,
      places,
      fc.bigInt({ min: 0n, max: demandMax }),
      fc.bigInt({ min: 0n, max: 2n ** 48n }),
      (price, place, demand, wait) => {
        const market = { basePrice: placed(price, place), demand, since: 5n }
        const after = advanceMarket(within(price), market, 5n + wait)
        const left = 5n + wait - after.since
        if (wait < interval(price)) return after.basePrice === market.basePrice && after.demand === demand
        return (
          after.basePrice >= price.floor &&
          after.basePrice <= price.ceiling &&
          after.demand === 0n &&
          left >= 0n &&
          left < interval(price) &&
          (after.since - 5n) % interval(price) === 0n
        )
      },
    ),
  )
  t.pass('always')
})

const traffic = fc.array(
  fc.record({ waitMs: fc.bigInt({ min: 0n, max: 400_000n }), fee: fc.bigInt({ min: 0n, max: 10n ** 8n }) }),
  { maxLength: 30 },
)

test('price: it does not ask how batches cut the time', async (t) => {
  const empties = fc.array(fc.bigInt({ min: 0n, max: 6_000_000n }), { maxLength: 30 })
  fc.assert(
    fc.property(networks, places, traffic, empties, (price, place, sends, times) => {
      const rules = within(price)
      const begin: Market = { basePrice: placed(price, place), demand: 0n, since: 0n }
      const play = (more: readonly bigint[]) => {
        let now = 0n
        const events = [
          ...sends.map(({ waitMs, fee }) => ({ at: (now += waitMs), fee })),
          ...more.map((at) => ({ at, fee: 0n })),
        ].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
        let market = begin
        for (const { at, fee } of events) {
          market = advanceMarket(rules, market, at)
          market = { ...market, demand: withDemand(market.demand, { asked: fee, basePrice: market.basePrice }) }
        }
        return advanceMarket(rules, market, 20_000_000n)
      }
      const [few, many] = [play([]), play(times)]
      return few.basePrice === many.basePrice && few.since === many.since && few.demand === many.demand
    }),
  )
  t.pass('never')
})

test('demand: counted in base prices, so that the same traffic counts the same at every price; it saturates', async (t) => {
  t.equal(withDemand(0n, { asked: 1_000n, basePrice: 1_000n }), timesOne)
  t.equal(withDemand(0n, { asked: 500_000n, basePrice: 500_000n }), timesOne)
  t.equal(withDemand(7n, { asked: 1n, basePrice: 30_000n }), 7n)
  t.equal(withDemand(demandMax - 1n, { asked: 2n ** 56n, basePrice: 1n }), demandMax)
})

/** The price that is asked in each interval, where people answer to what they are asked, and rises count later. */
function asking(price: Price, expiryMaxMs: number, demandAt: (asked: bigint) => bigint, intervals: number): bigint[] {
  const rules = { ...within(price), expiryMaxMs }
  let market: Market = { basePrice: price.floor, demand: 0n, since: 0n }
  let lows: Low[] = []
  return Array.from({ length: intervals }, () => {
    const time = market.since
    const asked = askedAt(rules, { ...market, passes: 0, lows }, time).basePrice
    const next = advanceMarket(rules, { ...market, demand: demandAt(asked) }, time + interval(price))
    for (const { basePrice } of [market, next])
      lows = withLow(rules, lows, time + interval(price), { basePrice, passes: 0 })
    market = next
    return asked
  })
}

test('price: where rises count a longest expiry later it overshoots once, and comes to rest near its goal', async (t) => {
  const expiries = fc.integer({ min: 1, max: 40 }).map((intervals) => intervals * real.intervalMs)
  const steps = fc.constantFrom(625n, 1_250n)
  const excesses = fc.bigInt({ min: timesOne, max: 30n * timesOne })
  fc.assert(
    fc.property(expiries, steps, excesses, fc.bigInt({ min: 0n, max: 7n }), (expiryMaxMs, step, demand, elasticity) => {
      const price = { ...real, target: 1_000_000n, step }
      const demandAt = elastic(price, { demand, elasticity })
      const last = asking(price, expiryMaxMs, demandAt, 4_000).slice(-500)
      const end = last.at(-1)!
      return last.every((asked) => asked === end) && isNear(goalAt(price, demandAt(end)), end)
    }),
    { numRuns: 60 },
  )
  const ten = asking(real, 10 * real.intervalMs, elastic(real, { demand: 16n * timesOne, elasticity: 1n }), 1_000)
  const most = ten.reduce((a, b) => (a > b ? a : b))
  t.ok(most < 2n * ten.at(-1)!, `with notice of ten intervals up to ${most}, and then ${ten.at(-1)}`)
})

test('price: in the ledger, what people pay moves it, and who writes pays the lowest of the longest expiry', async (t) => {
  const price = { ...real, target: 4n, start: 2_000n }
  const rules = { ...realContext.rules, price, expiryMaxMs: 80_000 }
  const context = { ...realContext, rules, verify: () => true }
  const begun = settle(world, {}, context).state
  t.equal(totalsOf(begun).basePrice, 1_000n, 'the world began under rules that start at 1,000')
  const sendIn = (state: State, to: typeof bob, wait = 0n) => {
    const time = genesis.time + wait
    const wishes = [{ by: ada, action: sendTo([to], { envelopeHash: seedOf(`${accountOf(state, ada).nonce}`) }) }]
    return settle(state, { time, ops: signedInTurn(state, { time, wishes }, context) }, context)
  }
  const { state } = sendIn(begun, bob)
  t.equal(totalsOf(state).demand, 160_500n, 'sixteen base prices and the carriage, and four are the target')
  const early = settle(state, { time: genesis.time + 59_999n }, context).state
  t.equal(totalsOf(early).basePrice, 1_000n)
  const later = sendIn(early, cyd, 60_000n)
  // Goal 4,012: 1,000 × 4,012 ÷ (0.9375 × 4,012 + 0.0625 × 1,000).
  t.match(totalsOf(later.state), { basePrice: 1_049n, since: genesis.time + 60_000n, demand: 160_500n })
  t.match(later.applied[0], { kind: 'settled', sent: { basePrice: 1_000n, lines: [{ fee: 16_000n }] } })
  const third = settle(later.state, { time: genesis.time + 120_000n }, context).state
  t.equal(totalsOf(third).basePrice, 1_099n)
  const at = (time: bigint) => sendIn(third, bob, time).applied[0]
  t.match(at(149_999n), { kind: 'settled', sent: { basePrice: 1_000n } }, 'it was that much within the longest expiry')
  t.match(at(150_000n), { kind: 'settled', sent: { basePrice: 1_049n } }, 'and now it was not')
  const demandOf = (time: bigint) => totalsOf(sendIn(third, cyd, time).state).demand
  // The same letter at another price: all that differs is the fee's rounding.
  const [low, high] = [demandOf(149_999n), demandOf(150_000n)]
  t.ok(low <= high && high < low + 10n, 'demand is counted in what was asked')
})
