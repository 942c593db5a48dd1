/**
 * The rules: every number a network lives by, and who keeps it running. The rules and the genesis together are the
 * network: its id is the hash of both, so one changed number is another network.
 */
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, listOf, SigningKey, textUpTo, Time, U64, wordIn } from './codec.ts'
import { hash } from './hash.ts'

/** Ratios are counted in basis points: 10,000 is ×1. */
export const timesOne = 10_000n

/** An amount ÷ a divisor above 0, rounded up. */
export const divideUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor

/** Who is paid the operators' share of messages, in turns by weight. */
const Operator = P.struct({ address: AddressBytes, weight: P.U16BE })

/** A keeper: where it is paid, the X25519 key shares are sealed to, and the P-256 key it signs releases with. */
const Keeper = P.struct({ address: AddressBytes, weight: P.U16BE, lockKey: Bytes32, signingKey: SigningKey })

/** The nodes that open locks: any `threshold` of the members together. A message names the version it was locked for. */
const KeeperSet = P.struct({
  version: P.U32BE,
  threshold: P.U8,
  members: listOf(Keeper, { min: 1, max: 32 }),
})

/** The base price: where it starts and stays between, and how it follows demand (units an interval at the floor). */
const Price = P.struct({ start: U64, floor: U64, ceiling: U64, target: U64, intervalMs: P.U32BE, step: U64 })

/**
 * What a letter costs by what went on between the two: `first` until something comes back, and `exchange` for as many
 * letters as that pays for, which is `patience` for each letter that came back, and no more than `patience` beyond their
 * number. What was valued between them decays by epoch.
 */
const Correspondence = P.struct({ first: U64, exchange: U64, patience: P.U8, decay: U64 })

/** What carrying and keeping burns, in basis points of the base price: for a letter, for each recipient, for each unit. */
const Resources = P.struct({ letter: U64, recipient: U64, unit: U64 })

const six = (item: P.CoderType<bigint>) => listOf(item, { min: 6, max: 6 })
const four = (item: P.CoderType<bigint>) => listOf(item, { min: 4, max: 4 })

/** What verdicts weigh and tiers ask for. Lists of six are for no pass and tiers 0 to 4, lists of four for tiers 1 to 4. */
const Reputation = P.struct({
  /** A fee's factor by standing, in an exchange and towards strangers; and there under a pass with a bad name. */
  factors: six(U64),
  strangers: six(U64),
  badName: U64,
  /** What a verdict by somebody of a standing counts. */
  ackWeights: six(U64),
  /** Reputation for a unit burned, and against it for a unit paid. */
  kappa: U64,
  lambda: U64,
  /** What `abuse` weighs more than `spam`. */
  abuse: U64,
  /** The most of a fee that a flag counts, in base prices a unit. */
  countedMax: U64,
  scores: four(U64),
  negatives: four(U64),
  /** What is left of a sum after an epoch. */
  decay: U64,
  /** What one pass can give and take away in its epoch, as scores. */
  valueBudget: U64,
  flagBudget: U64,
  /** The most that one pass can hold against one other. */
  flagMax: U64,
  keysPerEpoch: P.U8,
  /** How long into the next epoch a pass of the one before is good. */
  passGraceMs: P.U32BE,
})

/** Identities: what proofs are about, and in which sizes reputation and money move between pseudonyms. */
const Identity = P.struct({
  /** Which set-up of the circuits the network's proofs are made with: a hash over circuits, keys and transcript. */
  setUp: Bytes32,
  /** Burned for an enrolment. */
  enrolFee: U64,
  /** Burned for each of the first passes of an epoch; twice as much after every so many of them, up to 40 times. */
  passFee: U64,
  passStep: P.U32BE,
  /** How long after an epoch begins the verdicts of the one before last are committed. */
  verdictDelayMs: P.U32BE,
  /** How often in an epoch the roots that proofs are about are taken. */
  checkpoints: P.U8,
  /** Scores that can be given away at a time, and the score that must be left. */
  endorsements: listOf(U64, { min: 0, max: 16 }),
  endorsementReserve: U64,
  /** What stamps are worth. */
  stamps: listOf(U64, { min: 0, max: 16 }),
})

/** What amounts are shown in: so many digits behind the point of a coin, in whose smallest unit all else counts. */
const Coin = P.struct({ name: textUpTo(12), decimals: P.U8 })
export type Coin = P.UnwrapCoder<typeof Coin>

/** A price for keeping a message at least this many days. */
const Lifetime = P.struct({ days: P.U16BE, factor: U64 })

export const Rules = P.struct({
  version: P.U32BE,
  name: textUpTo(64),
  /** Changes no price, only how it is read and written by people. */
  coin: Coin,
  /** What orders batches: the log of one named host; or a contract on an EVM chain, which holds all money, too. */
  anchor: wordIn({ embedded: 1, evm: 2 }),
  hostKey: SigningKey,
  operators: listOf(Operator, { min: 1, max: 32 }),
  keepers: KeeperSet,
  /** How often the host makes a batch while operations are waiting. */
  batchIntervalMs: P.U32BE,
  /** The most operations in one batch. */
  batchOpsMax: P.U32BE,
  /** Batches further ahead of a node's own clock are refused. */
  clockSkewMs: P.U32BE,
  epochMs: U64,
  /** An op may expire at most this long after the batch that settles it. */
  expiryMaxMs: P.U32BE,
  /** Verdicts on a message of epoch p are taken until the close of p + this. */
  ackWindowEpochs: P.U8,
  mailShards: P.U8,
  sizeClassMax: P.U8,
  recipientsMax: P.U8,
  /** What a unit (1 KiB of the padded, compressed message) costs, before its factors. */
  price: Price,
  lifetimes: listOf(Lifetime, { min: 1, max: 16 }),
  /** Added to a message's factor for each recipient after the first, in basis points. */
  recipientFactor: U64,
  correspondence: Correspondence,
  resources: Resources,
  reputation: Reputation,
  identity: Identity,
  burnShare: U64,
  operatorsShare: U64,
  /** What an operation of an account has to burn at least (an `ack` only if it gives something back, a `pass` not), and a redeemed stamp. A `send` burns what it takes to carry it, where that is more. */
  inclusionFee: U64,
  /** The part of an account's funds that nodes do not let waiting operations take from, and the least that a sponsor pays. */
  reserve: U64,
  policyTierMax: P.U8,
  policyFeeMax: U64,
})
export type Rules = P.UnwrapCoder<typeof Rules>

/** How a network begins: when, and who holds what. `salt` keeps two networks of equal rules apart. */
export const Genesis = P.struct({
  time: Time,
  salt: Bytes32,
  grants: P.array(P.U32BE, P.struct({ address: AddressBytes, amount: U64 })),
})
export type Genesis = P.UnwrapCoder<typeof Genesis>

/** 32 bytes that every signature and every protocol name of the network is bound to. */
export const networkId = (rules: Rules, genesis: Genesis): Uint8Array =>
  hash('network', Rules.encode(rules), Genesis.encode(genesis))

/** What every honest account may not exceed, so that sums of a few amounts never leave 64 bits. */
export const supplyMax = 2n ** 62n
