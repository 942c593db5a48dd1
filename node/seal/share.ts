/**
 * Sealing shares of a lock key to the keepers, and opening one's own. X25519 alone serves here: the lock only keeps a
 * message closed until it is settled, so nobody gains by recording shares for a quantum computer; the wraps behind the
 * lock are sealed against one. It keeps the envelope of a small message at about 4 KB.
 */
import type { Envelope, Parties } from '../../protocol/envelope.ts'
import { checkShare, type KeeperName, type Locked, shareContext } from '../../protocol/lock.ts'
import { openFrom, purposeOf, sealTo, type X25519Pair, x25519Pair } from './hpke.ts'
import { SealError } from './error.ts'
import type { Random } from '../seams.ts'

/** A keeper's key pair from its 32-byte seed; `publicKey` is the `lockKey` of the rules. */
export const keeperKeyPairFromSeed = (seed: Uint8Array): X25519Pair => x25519Pair(seed)

/** One share, sealed to its keeper: 32 bytes of encapsulation and 49 of ciphertext. Throws SealError for a bad key. */
export function sealShare(random: Random, parties: Parties, keeper: KeeperName, envelope: Locked, share: Uint8Array) {
  try {
    return sealTo(keeper.lockKey, random(32), { purpose, associated: shareContext(parties, keeper, envelope) }, share)
  } catch (cause) {
    throw new SealError(`The key of keeper ${keeper.index + 1} is no key. This network's rules need another one.`, {
      cause,
    })
  }
}

/** What a keeper opens, and with what: its place and pair, and the parties of the *settled* operation. */
type ShareOpening = Parties & {
  readonly index: number
  readonly keeper: X25519Pair
  readonly envelope: Envelope
}

/** The keeper's share, 33 bytes. Throws SealError where it was not sealed for this keeper and this operation. */
export function openShare({ index, keeper, envelope, ...parties }: ShareOpening): Uint8Array {
  const sealed = envelope.shares[index]
  const name = { index, lockKey: keeper.publicKey }
  const share = sealed && openFrom(keeper, sealed, { purpose, associated: shareContext(parties, name, envelope) })
  if (!share)
    throw new SealError(
      'The share was not sealed for this keeper and this operation, so the envelope is a copy or damaged.',
    )
  if (!checkShare(parties.network, envelope, { index, share }))
    throw new SealError('The sealed share is not the one that the envelope announces, so its sender made it wrongly.')
  return share
}

const purpose = purposeOf(Buffer.from('bmail/keeper-share/1'))
