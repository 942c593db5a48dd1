/**
 * The rules: every number a network lives by, and who keeps it running. The rules and the genesis together are the
 * network: its id is the hash of both, so one changed number is another network.
 */
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, listOf, SigningKey, textUpTo, Time, U64, wordIn } from './codec.ts'
import { hash } from './hash.ts'
import { recipientsLimit } from './wire.ts'

/** Ratios are counted in basis points: 10,000 is ×1. */
export const one = 10_000n

/** Who is paid from the operators' pot at the close of an epoch, and with what weight. */
const Operator = P.struct({ address: AddressBytes, weight: P.U16BE })

/** A keeper: where it is paid, the X25519 key shares are sealed to, and the P-256 key it signs releases with. */
const Keeper = P.struct({ address: AddressBytes, weight: P.U16BE, lockKey: Bytes32, signingKey: SigningKey })

/** The nodes that open locks: any `threshold` of the members together. A message names the version it was locked for. */
const KeeperSet = P.struct({
  version: P.U32BE,
  threshold: P.U8,
  members: listOf(Keeper, { min: 1, max: 32 }),
})

/** A price for keeping a message at least this many days. */
const Lifetime = P.struct({ days: P.U16BE, factor: U64 })

export const Rules = P.struct({
  version: P.U32BE,
  name: textUpTo(64),
  /** What orders batches: the log of one named host. (`evm` will be 2.) */
  anchor: wordIn({ embedded: 1 }),
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
  basePrice: U64,
  lifetimes: listOf(Lifetime, { min: 1, max: 16 }),
  /** Added to a message's factor for each recipient after the first, in basis points. */
  recipientFactor: U64,
  burnShare: U64,
  operatorsShare: U64,
  /** Burned for every operation but `ack`, settled or refused. */
  inclusionFee: U64,
  /** What an account cannot spend but on inclusion fees of refused operations. */
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

/** Whether the rules can be lived by. Returns a sentence for each thing that is wrong, none where all is well. */
export function faultsOf(rules: Rules, genesis: Genesis): string[] {
  const faults: string[] = []
  const need = (holds: boolean, sentence: string) => holds || faults.push(sentence)
  const { keepers, lifetimes } = rules
  need(keepers.threshold >= 1, 'keepers.threshold must be at least 1')
  need(keepers.threshold <= keepers.members.length, 'keepers.threshold must not exceed the number of keepers')
  need(distinct(keepers.members.map((keeper) => keeper.lockKey)), 'each keeper needs a lockKey of its own')
  need(distinct(keepers.members.map((keeper) => keeper.signingKey)), 'each keeper needs a signingKey of its own')
  need(
    rules.batchIntervalMs >= 10 && rules.batchIntervalMs <= 3_600_000,
    'batchIntervalMs must lie between 10 ms and an hour',
  )
  need(rules.batchOpsMax >= 1 && rules.batchOpsMax <= 10_000, 'batchOpsMax must lie between 1 and 10,000')
  need(rules.clockSkewMs >= 1_000, 'clockSkewMs must be at least 1,000')
  need(rules.epochMs >= 1_000n && rules.epochMs <= 2n ** 40n, 'epochMs must lie between 1,000 and 2^40')
  need(rules.expiryMaxMs >= 1_000, 'expiryMaxMs must be at least 1,000')
  need(BigInt(rules.expiryMaxMs) <= rules.epochMs * 64n, 'expiryMaxMs must not exceed 64 epochs')
  need(rules.ackWindowEpochs >= 1, 'ackWindowEpochs must be at least 1')
  need(rules.mailShards >= 1 && rules.mailShards <= 64, 'mailShards must lie between 1 and 64')
  need(rules.sizeClassMax <= 8, 'sizeClassMax must not exceed 8 (256 KiB)')
  need(
    rules.recipientsMax >= 1 && rules.recipientsMax <= recipientsLimit,
    `recipientsMax must lie between 1 and ${recipientsLimit}`,
  )
  need(rules.basePrice >= 1n && rules.basePrice <= 2n ** 32n, 'basePrice must lie between 1 and 2^32')
  need(
    lifetimes.every(({ days }) => days >= 1),
    'each lifetime must be at least one day',
  )
  need(
    lifetimes.every(({ days }, at) => at === 0 || lifetimes[at - 1]!.days < days),
    'lifetimes must be in rising order of days',
  )
  need(
    lifetimes.every(({ factor }) => factor >= 1n && factor <= 10_000n * one),
    'each lifetime factor must lie between 1 and 10,000 × 10,000 basis points',
  )
  need(rules.recipientFactor <= 10n * one, 'recipientFactor must not exceed 100,000 basis points')
  need(
    rules.burnShare + rules.operatorsShare <= one,
    'burnShare and operatorsShare together must not exceed 10,000 basis points',
  )
  need(rules.inclusionFee <= 2n ** 40n, 'inclusionFee must not exceed 2^40')
  need(
    rules.reserve >= rules.inclusionFee && rules.reserve <= 2n ** 48n,
    'reserve must cover at least one inclusionFee and not exceed 2^48',
  )
  need(rules.policyFeeMax <= 2n ** 48n, 'policyFeeMax must not exceed 2^48')
  need(genesis.time <= 2n ** 48n, 'genesis time must not exceed 2^48 ms')
  need(distinct(genesis.grants.map((grant) => grant.address)), 'genesis names an address twice')
  need(
    genesis.grants.reduce((sum, grant) => sum + grant.amount, 0n) <= supplyMax,
    'genesis grants together must not exceed 2^62',
  )
  return faults
}

const distinct = (items: readonly Uint8Array[]): boolean =>
  new Set(items.map((item) => item.toString())).size === items.length
