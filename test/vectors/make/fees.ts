/** Numbers that every node must compute alike: prices with all their factors, what they count, decay, the base price, reputation. */
import { advanceEpoch } from '../../../protocol/epoch.ts'
import { type FeeInput, factorNumbers, type FactorName, feeMax, priceOf } from '../../../protocol/fee.ts'
import { askedAt, type Low, withLow } from '../../../protocol/firm.ts'
import {
  answered,
  type Pair,
  pairIn,
  pairKey,
  valued,
  withMine,
  wrote,
  wroteAsStranger,
} from '../../../protocol/pair.ts'
import { policyAt } from '../../../protocol/policy.ts'
import { advanceMarket, type Market, withDemand } from '../../../protocol/price.ts'
import { rateAt, rateWith } from '../../../protocol/rate.ts'
import {
  decay,
  decayFactors,
  effectiveTier,
  fallsWith,
  flagWeight,
  scoreOne,
  tierAt,
  tierOf,
  valueWeight,
  within,
} from '../../../protocol/reputation.ts'
import { Rules } from '../../../protocol/rules.ts'
import { ada, bob, genesis, network, rules } from '../../kit/fixtures.ts'
import { dearest, firstLetter, realRules } from '../../kit/pricing.ts'
import { assertRest } from './asserted.ts'
import { plain } from './plain.ts'

const one = 1n << 16n
const dearestRules: Rules = { ...rules, ...dearest }
/** The rules that a vector is computed under, by name. */
const under = {
  real: realRules,
  dearest: dearestRules,
  unburned: { ...realRules, burnShare: 0n },
  unshared: { ...realRules, operatorsShare: 0n },
  barely: { ...realRules, burnShare: 0n, operatorsShare: 1n },
  untaken: { ...realRules, burnShare: 0n, operatorsShare: 0n },
  uneven: { ...realRules, rate: { ...realRules.rate, quota: 11 } },
  /** What is alike in the others, or nothing, is told apart here. */
  distinct: {
    ...realRules,
    batchOpsMax: 999,
    price: { ...realRules.price, start: 1_234n },
    identity: { ...rules.identity, verdictDelayMs: 0x010203 },
  },
}

/** Each factor at its edges, the others as for a first letter. */
const edges: { readonly [Name in FactorName]: readonly Partial<FeeInput>[] } = {
  size: [0, 1, 8].map((sizeClass) => ({ sizeClass })),
  lifetime: [1, 2, 30, 31, 365].map((lifetimeDays) => ({ lifetimeDays })),
  familiarity: [0, 1, 2, 3, 9, 10, 4_000_000_000].map((familiarity) => ({ familiarity })),
  rate: [0, 1, 5, 6, 10, 11, 25, 26, 100, 4_000_000_000].map((strangers) => ({ strangers })),
  correspondence: [
    [0n, 0n],
    [one, 0n],
    [one, one],
    [5n * one, one],
    [3n * one - 1n, 2n * one],
    [9n * one, one],
    [2n ** 63n, 0n],
    [0n, 2n ** 63n],
    [1n, 0n],
  ].map(([written, received]) => ({ written: written!, received: received! })),
  recipients: [1, 2, 3, 100].map((recipientCount) => ({ recipientCount })),
  reputation: [undefined, 0, 1, 2, 3, 4].flatMap((standing) => [
    { standing, acquainted: false },
    { standing, acquainted: true },
  ]),
}

const wholes: readonly Partial<FeeInput>[] = [
  {
    basePrice: 1_237n,
    sizeClass: 3,
    lifetimeDays: 200,
    recipientCount: 7,
    familiarity: 2,
    written: 77_777n,
    received: 55_555n,
    standing: 3,
    acquainted: true,
  },
  { floor: 1_000_001n },
  { floor: 16_000n },
  { granted: true, basePrice: 999n },
  { granted: true, floor: 123_456n },
  { basePrice: 1n, standing: 4, acquainted: true, familiarity: 10, written: one, received: one },
]

export const feeVectors = () => {
  const price = (of: keyof typeof under, change: Partial<FeeInput>, name: string) => {
    const input = { ...firstLetter, ...change }
    return { name, rules: of, input: plain(input), price: plain(priceOf(under[of], input)) }
  }
  return {
    rules: Object.fromEntries(Object.entries(under).map(([name, some]) => [name, plain(Rules.encode(some))])),
    factors: plain(factorNumbers),
    feeMax: plain(feeMax),
    prices: [
      ...Object.entries(edges).flatMap(([name, list]) =>
        list.map((change, at) => price('real', change, `${name} ${at}`)),
      ),
      ...wholes.map((change, at) => price('real', change, `whole ${at}`)),
      // At these fees a part of the split goes up, or would fall if parts were rounded each for itself.
      ...[1n, 3n, 4n, 7n, 19n, 20n, 39n, 40n].flatMap((basePrice) => [
        price('real', { basePrice }, `split ${basePrice}`),
        price('unburned', { basePrice }, `split without burn ${basePrice}`),
        price('unshared', { basePrice }, `split without operators ${basePrice}`),
      ]),
      price('barely', { basePrice: 20_000n }, 'split with the least share there is'),
      price('untaken', { basePrice: 39n }, 'split among nobody'),
      price('dearest', { ...wholes[0], sizeClass: 8, written: 2n ** 60n, strangers: 90 }, 'at the most there is'),
      price('dearest', { strangers: 2 }, 'a quota of less than one'),
      ...[2, 3, 5].map((strangers) => price('uneven', { strangers }, `a quota that does not divide: ${strangers}`)),
    ],
    rates: rates(),
    pairs: pairs(),
    policies: [0n, 1n].map((after) => {
      const policy = { leastTier: 1, leastFee: 5n, next: { leastTier: 2, leastFee: 9n, from: 1_000n } }
      return { policy: plain(policy), time: plain(999n + after), holds: plain(policyAt(policy, 999n + after)) }
    }),
  }
}

function rates() {
  const { windowMs } = realRules.rate
  const window = BigInt(windowMs)
  const begun = { since: genesis.time, current: 7, previous: 5 }
  return [undefined, begun].flatMap((rate) =>
    [0n, 1n, window / 2n, window - 1n, window, window + 1n, 2n * window - 1n, 2n * window].map((waited) => {
      const time = genesis.time + waited
      return {
        rate: plain(rate),
        time: plain(time),
        counted: rateAt(realRules, rate, time),
        withThree: plain(rateWith(realRules, rate, time, 3)),
      }
    }),
  )
}

function pairs() {
  const pair = {
    low: { messages: 3, recent: 3n * one, valued: one, asStranger: 3 },
    high: { messages: 2, recent: 2n * one - 5n, valued: 0n, asStranger: 0 },
    asOf: 4,
  }
  const bothWays = ([one, two]: readonly [Uint8Array, Uint8Array], before: Pair | undefined, epoch: number) =>
    [
      { me: one, other: two },
      { me: two, other: one },
    ].map((between) => ({
      ...(plain(between) as object),
      key: plain(pairKey(between.me, between.other)),
      pair: plain(before),
      epoch,
      seen: plain(pairIn(realRules, before, { epoch, ...between })),
      wrote: plain(withMine(realRules, before, { epoch, ...between }, wrote)),
      wroteAsStranger: plain(withMine(realRules, before, { epoch, ...between }, wroteAsStranger)),
      answered: plain(withMine(realRules, before, { epoch, ...between }, answered)),
      valued: plain(withMine(realRules, before, { epoch, ...between }, valued)),
    }))
  const people = [ada.address, bob.address] as const
  return [
    ...[undefined, pair].flatMap((before) =>
      [4, 5, 6, 40, 259, 260, 261, 4_000].flatMap((epoch) => bothWays(people, before, epoch)),
    ),
    ...bothWays(people, { ...pair, asOf: 1 }, 3),
  ]
}

export const priceVectors = () => {
  const since = genesis.time
  const interval = BigInt(realRules.price.intervalMs)
  const step = (market: Market, time: bigint) => ({
    market: plain(market),
    time: plain(time),
    next: plain(advanceMarket(realRules, market, time)),
  })
  const steps = [1_000n, 1_001n, 5_000n, 999_999n, 1_000_000n].flatMap((basePrice) =>
    [0n, 12_000_000n, 24_000_000n, 2n ** 62n].flatMap((demand) =>
      [0n, interval - 1n, interval, 2n * interval + 5n, 1_000_000n * interval].map((waited) => {
        return step({ basePrice, demand, since }, since + waited)
      }),
    ),
  )
  const uneven = [step({ basePrice: 5_010n, demand: 20_000_001n, since }, since + interval)]
  const demands = [
    { demand: 0n, fee: 4_000n, basePrice: 1_000n },
    { demand: 7n, fee: 999n, basePrice: 1_001n },
    { demand: 2n ** 62n - 1n, fee: 2n ** 56n, basePrice: 1n },
  ]
  const at = { epoch: 3, epochStart: since, epochEnd: since + rules.epochMs }
  return {
    rules: plain(Rules.encode(realRules)),
    network: plain(network),
    steps: [...steps, ...uneven],
    demands: demands.map(({ demand, ...settled }) => ({
      demand: plain(demand),
      ...(plain(settled) as object),
      sum: plain(withDemand(demand, settled)),
    })),
    lows: lows(),
    epochs: [0n, rules.epochMs - 1n, rules.epochMs, rules.epochMs + 1n, 3n * rules.epochMs].map((waited) => ({
      at: plain(at),
      time: plain(since + waited),
      next: plain(advanceEpoch(rules, at, since + waited)),
    })),
  }
}

/** What is noted of a price and of passes, slot by slot, and what is asked by then, or later. */
function lows() {
  const slot = BigInt(realRules.expiryMaxMs) / 8n
  const begin = genesis.time - (genesis.time % slot)
  const moments = [
    [0n, 1_000n, 5],
    [0n, 900n, 7],
    [slot - 1n, 950n, 3],
    [slot, 1_100n, 0],
    [2n * slot + 1n, 1_300n, 9],
    ...[3n, 4n, 5n, 6n, 7n, 8n].map((slots) => [slots * slot, 1_300n + slots, 10] as const),
    [9n * slot - 1n, 1_400n, 10],
    [9n * slot, 1_500n, 11],
    [30n * slot, 1_600n, 12],
  ] as const
  let before: readonly Low[] = []
  return moments.map(([waited, basePrice, passes]) => {
    const [time, held] = [begin + waited, { basePrice, passes }]
    const noted = withLow(realRules, before, time, held)
    const entry = {
      lows: plain(before),
      time: plain(time),
      held: plain(held),
      next: plain(noted),
      asked: [0n, slot - 1n, slot, 7n * slot, 8n * slot - 1n, 8n * slot, 9n * slot].map((later) => ({
        at: plain(time + later),
        lowest: plain(askedAt(realRules, { ...held, lows: noted }, time + later)),
      })),
    }
    before = noted
    return entry
  })
}

export const reputationVectors = () => {
  assertRest()
  const left = (some: { positive: bigint; negative: bigint }, epochs: number) => ({
    sums: plain(some),
    epochs,
    left: plain(decay(rules, some, epochs)),
  })
  const paid = { fee: 4_000n, burned: 800n, basePrice: 1_000n, sizeClass: 0 }
  const dear = { fee: 1_000_000n, burned: 200_000n, basePrice: 1_234n, sizeClass: 2 }
  const ackers = [undefined, 0, 1, 2, 3, 4]
  const sums = [
    { positive: 0n, negative: 0n },
    { positive: 4n * one - 1n, negative: 0n },
    { positive: 4n * one, negative: 0n },
    { positive: 68n * one, negative: 64n * one },
    { positive: 200n * one, negative: 64n * one + 1n },
    { positive: 200n * one, negative: 16n * one },
    { positive: 200n * one, negative: 16n * one + 1n },
  ]
  return {
    rules: plain(Rules.encode(rules)),
    values: [paid, dear].flatMap((some) =>
      ackers.flatMap((acker) =>
        [0n, one, 3n * one + 7n].map((recent) => ({
          paid: plain(some),
          acker: plain(acker),
          recent: plain(recent),
          weight: plain(valueWeight(rules, some, { acker, recent })),
        })),
      ),
    ),
    flags: [paid, dear].flatMap((some) =>
      ackers.flatMap((acker) =>
        (['spam', 'abuse'] as const).map((verdict) => ({
          paid: plain(some),
          acker: plain(acker),
          verdict,
          weight: plain(flagWeight(rules, some, { acker, verdict })),
        })),
      ),
    ),
    within: [
      [10n, 4n, 5n],
      [10n, 4n, 7n],
      [10n, 11n, 1n],
    ].map(([budget, spent, amount]) => ({
      budget: plain(budget),
      spent: plain(spent),
      amount: plain(amount),
      left: plain(within(budget!, spent!, amount!)),
    })),
    tiers: sums.map((some) => ({
      sums: plain(some),
      tier: tierOf(rules, some),
      effective: [0, 1, 2, 3, 4].map((tier) => effectiveTier(rules, { tier, negative: some.negative })),
    })),
    falls: [0, 1, 2, 3, 4].flatMap((tier) =>
      [0n, 16n, 17n, 33n, 49n, 65n].map((against) => {
        const [pass, negative] = [{ tier, negative: 16n * scoreOne, falls: [] }, against * scoreOne]
        const falls = fallsWith(rules, pass, { negative, from: 1_000n })
        return {
          tier,
          before: plain(pass.negative),
          negative: plain(negative),
          falls: plain(falls),
          priced: [999n, 1_000n].map((at) => tierAt({ tier, falls }, at)),
        }
      }),
    ),
    decayFactors: plain(decayFactors(rules)),
    decay: [
      ...[0, 1, 2, 3, 5, 8, 31, 63, 64].flatMap((epochs) =>
        [
          { positive: 1n, negative: 1n },
          { positive: 2n ** 48n - 1n, negative: 2n ** 47n + 12_345n },
        ].map((some) => left(some, epochs)),
      ),
      left({ positive: 0n, negative: 0n }, 1),
    ],
  }
}
