/**
 * The lock: a key that opens an envelope's wraps, split among the network's keepers. Each share is sealed to its keeper
 * under associated data that the keeper recomputes from the *settled* operation, so that a share copied into somebody
 * else's envelope does not open. The header's hashes expose a wrong share and a wrong key.
 */
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, equalBytes } from './codec.ts'
import {
  type Envelope,
  lockKeyHash,
  type Parties,
  recipientsHash,
  type SealedShare,
  sealedHash,
  shareBytes,
  sharesHash,
} from './envelope.ts'
import { hash } from './hash.ts'
import { combine } from './shamir.ts'

/** A keeper's place in its set (from 0) and its public X25519 key. */
export type KeeperName = { readonly index: number; readonly lockKey: Uint8Array }

/** The parts of an envelope that a share is bound to. */
export type Locked = Pick<Envelope, 'lockedWraps' | 'body'> & { readonly shares: readonly Pick<SealedShare, 'hash'>[] }

/** The associated data of one keeper's share: 32 + 1 + 32 + 20 + 3 × 32 bytes. */
export const shareContext = (
  { network, sender, recipients }: Parties,
  keeper: KeeperName,
  envelope: Locked,
): Uint8Array =>
  ShareContext.encode({
    network,
    index: keeper.index,
    lockKey: keeper.lockKey,
    sender,
    recipients: recipientsHash(network, recipients),
    sealed: sealedHash(network, envelope),
    shares: sharesHash(network, envelope),
  })

/** 32 bytes: the hash of a share, as the envelope has it for each keeper. */
export const shareHash = (network: Uint8Array, share: Uint8Array): Uint8Array => hash('share', network, share)

/** A share as its keeper published it. */
export type Share = { readonly index: number; readonly share: Uint8Array }

/** Whether this is the share that the envelope gave to the keeper with this index. */
export function checkShare(network: Uint8Array, envelope: Pick<Envelope, 'shares'>, { index, share }: Share): boolean {
  const sealed = envelope.shares[index]
  // The hash covers the x too; its place is checked so that two keepers cannot bring one share.
  if (!sealed || share.length !== shareBytes || share[0] !== index + 1) return false
  return equalBytes(sealed.hash, shareHash(network, share))
}

/** Whether this is the lock key of the envelope, whoever published it. */
export const checkLockKey = (
  network: Uint8Array,
  envelope: Pick<Envelope, 'lockKeyHash'>,
  lockKey: Uint8Array,
): boolean => lockKey.length === 32 && equalBytes(envelope.lockKeyHash, lockKeyHash(network, lockKey))

/**
 * What the published shares amount to: `open`; `closed`, where right ones are missing; `broken`, where there are enough
 * and the sender has split something else than the lock key, so that only the key itself opens the message.
 */
export type Lock =
  | { readonly state: 'open'; readonly lockKey: Uint8Array }
  | {
      readonly state: 'closed' | 'broken'
      readonly valid: number
      readonly threshold: number
      readonly wrong: readonly number[]
    }

/** Put shares together. Wrong ones are skipped and named by their keeper's index, repeated ones count once. */
export function combineShares(network: Uint8Array, envelope: Envelope, shares: readonly Share[]): Lock {
  const right = new Map<number, Uint8Array>()
  const wrong = new Set<number>()
  for (const share of shares) {
    if (checkShare(network, envelope, share)) right.set(share.index, share.share)
    else wrong.add(share.index)
  }
  const { threshold } = envelope
  const report = { valid: right.size, threshold, wrong: ascending(wrong) }
  if (threshold < 1 || right.size < threshold) return { state: 'closed', ...report }
  const lockKey = combine(
    ascending(right.keys())
      .slice(0, threshold)
      .map((index) => right.get(index)!),
  )
  return checkLockKey(network, envelope, lockKey) ? { state: 'open', lockKey } : { state: 'broken', ...report }
}

const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b)

const ShareContext = P.struct({
  network: Bytes32,
  index: P.U8,
  lockKey: Bytes32,
  sender: AddressBytes,
  recipients: Bytes32,
  sealed: Bytes32,
  shares: Bytes32,
})
