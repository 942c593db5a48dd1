/** Numbers that every node must compute alike: prices with all their factors, what they count, decay, the base price, reputation. */
import { advanceEpoch } from '../../../protocol/epoch.ts'
import { carriageOf, type FeeInput, factorNumbers, type FactorName, feeLimit, priceOf } from '../../../protocol/fee.ts'
import { askedAt, type Low, withLow } from '../../../protocol/firm.ts'
import {
  answered,
  closed,
  earnedKindOf,
  isStrangerTo,
  kindOf,
  openKindOf,
  owesAnswer,
  type Pair,
  pairIn,
  pairKey,
  valued,
  weighedAsStranger,
  withMine,
  wrote,
} from '../../../protocol/pair.ts'
import { policyAt } from '../../../protocol/policy.ts'
import { advanceMarket, type Market, withDemand } from '../../../protocol/price.ts'
import {
  decay,
  decayFactors,
  effectiveTier,
  fallen,
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
import { side } from '../world.ts'
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
  /** What is alike in the others, or nothing, is told apart here. */
  distinct: {
    ...realRules,
    batchOpsMax: 999,
    price: { ...realRules.price, start: 1_234n },
    identity: { ...rules.identity, verdictDelayMs: 0x010203 },
  },
}

/** Terms that nobody’s flag has to do with. */
function alike(change: Partial<FeeInput['unflagged']>): Partial<FeeInput> {
  return { ...change, unflagged: { ...firstLetter.unflagged, ...change } }
}

/** Each factor at its edges, the others as for a first letter. */
const edges: { readonly [Name in FactorName]: readonly Partial<FeeInput>[] } = {
  size: [0, 1, 8].map((sizeClass) => ({ sizeClass })),
  lifetime: [1, 2, 30, 31, 365].map((lifetimeDays) => ({ lifetimeDays })),
  correspondence: (['first', 'exchange'] as const).map((kind) => alike({ kind })),
  recipients: [1, 2, 3, 100].map((recipientCount) => ({ recipientCount })),
  reputation: [undefined, 0, 1, 2, 3, 4].flatMap((standing) => [
    alike({ standing }),
    alike({ standing, kind: 'exchange' }),
    { ...alike({ standing }), hasBadName: true },
    { ...alike({ standing, kind: 'exchange' }), hasBadName: true },
  ]),
}

const wholes: readonly Partial<FeeInput>[] = [
  {
    basePrice: 1_237n,
    sizeClass: 3,
    lifetimeDays: 200,
    recipientCount: 7,
    ...alike({ standing: 3, kind: 'exchange' }),
  },
  // In an exchange size adds nothing to the fee.
  { sizeClass: 8, ...alike({ standing: undefined, kind: 'exchange' }) },
  { sizeClass: 8, ...alike({ standing: 0, kind: 'exchange' }), granted: true },
  { sizeClass: 8, ...alike({ standing: 0, kind: 'exchange' }), kind: 'first' },
  alike({ floor: 1_000_001n }),
  alike({ floor: 16_000n }),
  { ...alike({ floor: 20_000n }), basePrice: 1_237n },
  { ...alike({ kind: 'exchange' }), granted: true, basePrice: 999n },
  { ...alike({ kind: 'exchange' }), granted: true, basePrice: 4_567n },
  { ...alike({ kind: 'exchange', standing: 4 }), basePrice: 1n },
  // Flagged, whose exchange it was; and a pass of tier 4 that fell.
  { ...alike({ kind: 'exchange', standing: 0 }), kind: 'first', floor: 77_777n, basePrice: 1_777n },
  { ...alike({ kind: 'exchange', standing: 4 }), standing: 0, basePrice: 1_777n },
]

export const feeVectors = () => {
  const price = (of: keyof typeof under, change: Partial<FeeInput>, name: string) => {
    const input = { ...firstLetter, ...change }
    return { name, rules: of, input: plain(input), price: plain(priceOf(under[of], input)) }
  }
  return {
    rules: Object.fromEntries(Object.entries(under).map(([name, some]) => [name, plain(Rules.encode(some))])),
    factors: plain(factorNumbers),
    feeMax: plain(feeLimit),
    prices: [
      ...Object.entries(edges).flatMap(([name, list]) =>
        list.map((change, at) => price('real', change, `${name} ${at}`)),
      ),
      ...wholes.map((change, at) => price('real', change, `whole ${at}`)),
      price('dearest', { ...wholes[0], sizeClass: 8 }, 'at the most there is'),
      // At these fees a part of the split goes up, or would fall if parts were rounded each for itself.
      ...[1n, 3n, 4n, 7n, 19n, 20n, 39n, 40n].flatMap((basePrice) => [
        price('real', { basePrice }, `split ${basePrice}`),
        price('unburned', { basePrice }, `split without burn ${basePrice}`),
        price('unshared', { basePrice }, `split without operators ${basePrice}`),
      ]),
      price('barely', { basePrice: 20_000n }, 'split with the least share there is'),
      price('untaken', { basePrice: 39n }, 'split among nobody'),
    ],
    carriages: [
      { basePrice: 1_000n, recipientCount: 1, sizeClass: 0, lifetimeDays: 30 },
      { basePrice: 1_001n, recipientCount: 1, sizeClass: 0, lifetimeDays: 30 },
      { basePrice: 1_000n, recipientCount: 10, sizeClass: 8, lifetimeDays: 365 },
      { basePrice: 1_237n, recipientCount: 3, sizeClass: 2, lifetimeDays: 1 },
      { basePrice: 1n, recipientCount: 1, sizeClass: 0, lifetimeDays: 1 },
    ].map((input) => ({ input: plain(input), carriage: plain(carriageOf(realRules, input)) })),
    pairs: pairs(),
    kinds: kinds(),
    policies: [0n, 1n].map((after) => {
      const policy = { leastTier: 1, leastFee: 5n, next: { leastTier: 2, leastFee: 9n, from: 1_000n } }
      return { policy: plain(policy), time: plain(999n + after), holds: plain(policyAt(policy, 999n + after)) }
    }),
  }
}

/** What the next letter is between two, as the one who writes it and the other stand. */
function kinds() {
  const mines = [
    side({}),
    side({ messages: 1, exchanged: 1 }),
    side({ messages: 4, exchanged: 2, acquainted: true }),
    side({ messages: 3, automatic: 2, exchanged: 2 }),
    side({ messages: 9 }),
  ]
  const theirs = [
    side({}),
    side({ messages: 3, automatic: 3 }),
    side({ messages: 1 }),
    side({ messages: 4, automatic: 2 }),
    side({ messages: 1, closedFrom: 1_000n }),
    side({ messages: 5, closedFrom: 1_000n }),
  ]
  return mines.flatMap((mine) =>
    theirs.flatMap((other) => {
      const sides = { mine, theirs: other }
      const written = [false, true].map((automatic) => {
        const next = { sides, automatic }
        return {
          automatic,
          owed: owesAnswer(next),
          open: openKindOf(realRules, next),
          earned: earnedKindOf(realRules, next),
          kinds: [999n, 1_000n].map((at) => kindOf(realRules, next, at)),
        }
      })
      return { sides: plain(sides), stranger: isStrangerTo(sides), written }
    }),
  )
}

function pairs() {
  const pair = {
    low: side({ messages: 3, exchanged: 1, valued: one, asStranger: 3, acquainted: true, weighed: true }),
    high: side({ messages: 2, automatic: 1, valued: 5n, closedFrom: 1_000n }),
    asOf: 4,
  }
  const ways = (['first', 'exchange'] as const).flatMap((kind) =>
    [false, true].flatMap((automatic) => [
      { kind, automatic, granted: false, stranger: kind === 'first' },
      { kind, automatic, granted: true, stranger: false },
    ]),
  )
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
      wrote: ways.map((way) => ({
        ...(plain(way) as object),
        pair: plain(withMine(realRules, before, { epoch, ...between }, wrote(way))),
      })),
      weighed: plain(withMine(realRules, before, { epoch, ...between }, weighedAsStranger)),
      closed: plain(withMine(realRules, before, { epoch, ...between }, closed(2_000n))),
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
    { demand: 0n, asked: 4_000n, basePrice: 1_000n },
    { demand: 7n, asked: 999n, basePrice: 1_001n },
    { demand: 2n ** 62n - 1n, asked: 2n ** 56n, basePrice: 1n },
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
        const [pass, negative] = [{ tier, negative: 16n * scoreOne, falls: [], badFrom: undefined }, against * scoreOne]
        const { falls, badFrom } = fallen(rules, pass, { negative, from: 1_000n })
        return {
          tier,
          before: plain(pass.negative),
          negative: plain(negative),
          falls: plain(falls),
          badFrom: plain(badFrom),
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
