/** Opening a sealed message: with a lock key and one's own seed once the lock is open, or with a content key one kept. */
import { equalBytes } from '../../protocol/codec.ts'
import { type Envelope, type Parties, sealContext, wrapBytes } from '../../protocol/envelope.ts'
import { checkLockKey } from '../../protocol/lock.ts'
import { openChacha, singleUseNonce } from './chacha.ts'
import { unpad } from './content.ts'
import { unwrap } from './seal.ts'
import { SealError } from './error.ts'

/** A message as it was packed. Whether it is from and to whom the operation says shows when it is unpacked. */
type Opened = { readonly packed: Uint8Array; readonly contentKey: Uint8Array }

/** An envelope with the parties of the operation that paid for it. */
export type Settled = Parties & { readonly envelope: Envelope }

/** What a reader brings: an address that is a recipient or the sender, and its seeds, the likeliest first. */
type Reader = {
  readonly lockKey: Uint8Array
  readonly ownAddress: Uint8Array
  readonly sealSeeds: readonly Uint8Array[]
}

/** Open as a recipient, or as the sender from the sent folder. Throws SealError with what is wrong. */
export async function openWithLockKey({
  lockKey,
  ownAddress,
  sealSeeds,
  ...settled
}: Settled & Reader): Promise<Opened> {
  const { envelope, network, recipients, sender } = settled
  if (!checkLockKey(network, envelope, lockKey))
    throw new SealError('The lock key is not the one of this envelope. Wait for the keepers to release the right one.')
  const associated = sealContext(settled, envelope)
  const wraps = openChacha({ key: lockKey, nonce: singleUseNonce, associated }, envelope.lockedWraps)
  if (!wraps)
    throw new SealError(
      'The envelope was made for another operation, or its locked part is damaged. It cannot be read.',
    )
  const place = [...recipients, sender].findIndex((address) => equalBytes(address, ownAddress))
  if (place < 0)
    throw new SealError('The message is neither to nor from this address. Open it with the mailbox it was sent to.')
  const wrapped = wraps.subarray(place * wrapBytes, (place + 1) * wrapBytes)
  for (const seed of sealSeeds) {
    const contentKey = await unwrap(seed, associated, wrapped)
    if (contentKey) return openWithContentKey({ ...settled, contentKey })
  }
  throw new SealError(
    'The message was sealed to a key that this mailbox does not have. Restore the mailbox from its recovery phrase, or ask the sender to send it again.',
  )
}

/** Open with a content key that was kept, without the lock. Throws SealError with what is wrong. */
export function openWithContentKey({ contentKey, envelope, ...parties }: Settled & { contentKey: Uint8Array }): Opened {
  const key = contentKey.length === 32 ? contentKey : undefined
  const padded =
    key && openChacha({ key, nonce: singleUseNonce, associated: sealContext(parties, envelope) }, envelope.body)
  if (!padded)
    throw new SealError('The body of the envelope is damaged, or was made for another operation. It cannot be read.')
  return { packed: unpad(padded), contentKey }
}
