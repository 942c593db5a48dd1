/** Starting values for the rules of a new network. People change them in the network's file, before it begins. */
import type { Rules } from '../../protocol/rules.ts'
import { ownSetUp } from '../proofs/set-up.ts'

/** Everything in the rules that is a number of choice, not a name of somebody. */
export type Numbers = Omit<Rules, 'name' | 'hostKey' | 'operators' | 'keepers'>

const minuteMs = 60_000
const weekMs = 7n * 24n * 60n * 60_000n

const personal: Numbers = {
  version: 1,
  anchor: 'embedded',
  batchIntervalMs: 500,
  batchOpsMax: 2_000,
  clockSkewMs: 30_000,
  epochMs: weekMs,
  expiryMaxMs: 10 * minuteMs,
  ackWindowEpochs: 1,
  mailShards: 4,
  sizeClassMax: 8,
  recipientsMax: 100,
  price: { start: 1_000n, floor: 1_000n, ceiling: 1_000_000n, target: 1_200n, intervalMs: minuteMs, step: 625n },
  lifetimes: [
    { days: 30, factor: 10_000n },
    { days: 90, factor: 15_000n },
    { days: 365, factor: 30_000n },
  ],
  recipientFactor: 1_000n,
  // A first letter costs ×4, and so does every further one until it is answered: a familiar one costs far less than ×1, but
  // `correspondence.most` makes up for it until something comes back. An exchange is nearly free in this way, and a
  // stranger stays one however often it writes: 0.04 × 100 is 4 again. Milder steps make the median message of people
  // who do answer cost a tenth of a stranger's, where a fiftieth is wanted; `bmail simulate` shows it.
  familiarity: [
    { messages: 0, factor: 40_000n },
    { messages: 1, factor: 600n },
    { messages: 3, factor: 500n },
    { messages: 10, factor: 400n },
  ],
  // 20 for each of the four keys. Of the days on which people write to strangers at all, they write to at most 7 on nine
  // of ten, and to at most 34 on 99 of 100, and a person with one pseudonym has one key: a quarter of 20 doubles honest prices.
  rate: { quota: 80, windowMs: 24 * 60 * minuteMs, factorMax: 160_000n },
  // `least` is the price of an answer, which is a first letter in its own direction (4 × 0.005): where people answer each other
  // but seldom go on, it is what most of them pay, and inclusion is a half of that. Eight letters for each that comes back
  // are an exchange, because of two people one often writes more; beyond that it is a monologue at once.
  correspondence: { least: 50n, most: 1_000_000n, patience: 8, unanswered: 1, decay: 9_000n },
  reputation: {
    factors: [40_000n, 20_000n, 10_000n, 7_000n, 5_000n, 3_500n],
    ackWeights: [0n, 5_000n, 7_000n, 8_500n, 10_000n, 10_000n],
    kappa: 50_000n,
    lambda: 20_000n,
    abuse: 50_000n,
    countedMax: 160_000n,
    scores: [4n, 16n, 48n, 120n],
    negatives: [64n, 48n, 32n, 16n],
    decay: 9_000n,
    valueBudget: 64n,
    flagBudget: 128n,
    flagMax: 8n,
    keysPerEpoch: 4,
    passGraceMs: 24 * 60 * minuteMs,
  },
  // What a pseudonym of no standing pays for a first letter to 16 people: dear enough that a name is not thrown away, and
  // cheap beside what a month of mail brings.
  identity: {
    setUp: ownSetUp,
    enrolFee: 64_000n,
    // A fifth of an inclusion fee, and a sixteenth of an epoch's room: the last passes cost forty letters to strangers each.
    passFee: 10n,
    passStep: 4_194_304,
    verdictDelayMs: 10 * minuteMs,
    checkpoints: 8,
    endorsements: [1n, 2n, 4n, 8n, 16n],
    endorsementReserve: 4n,
    stamps: [100_000n, 1_000_000n, 10_000_000n],
  },
  burnShare: 2_000n,
  operatorsShare: 500n,
  inclusionFee: 50n,
  reserve: 3_200n,
  policyTierMax: 5,
  policyFeeMax: 1_000_000_000n,
}

/**
 * Where one writes to many who asked for it, and nobody answers: many recipients cost nothing extra, a monologue costs no
 * more than a first letter, and a day's quota is a mailing list's. What keeps strangers out is that a first letter costs
 * as much as anywhere, and that a reader's grant makes the rest nearly free.
 */
const newsletter: Numbers = {
  ...personal,
  recipientFactor: 0n,
  familiarity: [
    { messages: 0, factor: 40_000n },
    { messages: 1, factor: 10_000n },
    { messages: 3, factor: 7_000n },
    { messages: 10, factor: 5_000n },
  ],
  rate: { ...personal.rate, quota: 8_000 },
  correspondence: { ...personal.correspondence, most: 10_000n },
}

/** The presets by name: `personal` for people, `newsletter` for lists, `testnet` for machines, with short times. */
export const presets: { readonly [name: string]: Numbers } = {
  personal,
  newsletter,
  testnet: {
    ...personal,
    batchIntervalMs: 200,
    epochMs: BigInt(10 * minuteMs),
    expiryMaxMs: 2 * minuteMs,
    reputation: { ...personal.reputation, passGraceMs: 3 * minuteMs },
    identity: { ...personal.identity, verdictDelayMs: 5_000 },
  },
}
