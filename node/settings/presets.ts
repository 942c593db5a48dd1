/** Starting values for the rules of a new network. People change them in the network's file, before it begins. */
import type { Rules } from '../../protocol/rules.ts'
import { ownSetUp } from '../proofs/set-up.ts'

/** Everything in the rules that is a number of choice, not a name of somebody. */
export type Numbers = Omit<Rules, 'name' | 'hostKey' | 'operators' | 'keepers'>

const minuteMs = 60_000
const weekMs = 7n * 24n * 60n * 60_000n

const personal: Numbers = {
  version: 1,
  // A base price is one coin: a first letter is 7.65, and carrying one 0.05, so that hardly anything that people pay needs
  // a third digit behind the point, and nothing they hold seven in front of it.
  coin: { name: 'mail', decimals: 3 },
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
  // A tenth of what full blocks ask at least, which is the carriage of 2,000 letters twice a second for a minute: so they
  // raise the price by 6 % in the first minute, to 1.7 times after ten and to 8.4 times after an hour.
  price: { start: 1_000n, floor: 1_000n, ceiling: 1_000_000n, target: 1_200n, intervalMs: minuteMs, step: 625n },
  lifetimes: [
    { days: 30, factor: 10_000n },
    { days: 90, factor: 15_000n },
    { days: 365, factor: 30_000n },
  ],
  recipientFactor: 1_000n,
  // A first letter costs ×4 (×7.6 with the factor of a fresh pass), and so does every further one that nothing pays for. One
  // letter that comes back pays for two at the price of an exchange, and any number of them for two beyond it: with more,
  // writing to people who answer would cost less than a third of a first letter for each that they do not. ×0.02 is a fortieth
  // of a base price for who has no standing yet, and less than its carriage for who has: people who answer each other pay a
  // fiftieth of a first letter at most.
  correspondence: { first: 40_000n, exchange: 200n, patience: 2, decay: 9_000n },
  // A thousandth of the base price is 10: so a letter of 1 KiB to one person burns 20 + 25 + 5 thousandths, as much as
  // any operation; 256 KiB for a month burn 1.3 base prices, and a gigabyte of them 5.4 million units.
  resources: { letter: 200n, recipient: 250n, unit: 50n },
  reputation: {
    factors: [40_000n, 20_000n, 10_000n, 7_000n, 5_000n, 3_500n],
    // One price to strangers under any pass: whatever a tier saved there, who sends enough would have its score back. ×1.9
    // and not ×2, because every letter to people who never answer is a first letter: at ×2 those who are written to most earn
    // 1.26 times what they did under the rules of wire 6 (1.20 so), where half of letters go to such. A bad name costs more than
    // half as much again, and none at all twice as much and more, so that a bad one is not shed by taking no pass.
    strangers: [40_000n, 19_000n, 19_000n, 19_000n, 19_000n, 19_000n],
    badName: 30_000n,
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
  // About a first letter: it is paid back within three months of a median person's mail, and a bad name, which costs half a
  // first letter more each time, is worth no more than two of them.
  identity: {
    setUp: ownSetUp,
    enrolFee: 8_000n,
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
 * Where one writes to many who asked for it, and nobody answers: many recipients cost nothing extra. What keeps strangers
 * out is that a first letter costs as much as anywhere; a reader's grant makes all letters those of an exchange. One letter
 * back pays for one: with two, what an answer brings and what many recipients save makes it less than a third of a first.
 */
const newsletter: Numbers = {
  ...personal,
  recipientFactor: 0n,
  correspondence: { ...personal.correspondence, patience: 1 },
}

/** The presets by name: `personal` for people, `newsletter` for lists, `testnet` for machines, with short times. */
export const presets: { readonly [name: string]: Numbers } = {
  personal,
  newsletter,
  testnet: {
    ...personal,
    // Nobody is to take what everybody can make for money.
    coin: { name: 'test', decimals: 3 },
    batchIntervalMs: 200,
    epochMs: BigInt(10 * minuteMs),
    expiryMaxMs: 2 * minuteMs,
    // As above, of five batches a second.
    price: { ...personal.price, target: 3_000n },
    reputation: { ...personal.reputation, passGraceMs: 3 * minuteMs },
    identity: { ...personal.identity, verdictDelayMs: 5_000 },
  },
}
