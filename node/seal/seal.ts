/**
 * Sealing a message: compressed, padded and sealed under a fresh content key; the key wrapped for each recipient and for
 * the sender's own sent folder; the wraps sealed again under a lock key, which is split among the keepers.
 */
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { encodeAddress } from '../../protocol/address.ts'
import {
  Envelope,
  envelopeHash,
  lockKeyHash,
  messageId,
  sealContext,
  sizeClassOf,
  unitBytes,
} from '../../protocol/envelope.ts'
import { shareHash } from '../../protocol/lock.ts'
import { split } from '../../protocol/shamir.ts'
import { sealChacha, singleUseNonce } from './chacha.ts'
import { pack, pad } from './content.ts'
import { SealError } from './error.ts'
import type { Random } from '../seams.ts'
import { sealShare } from './share.ts'

/** Somebody's address and public encryption key (1,216 bytes, X-Wing). */
export type Correspondent = { readonly address: Uint8Array; readonly sealKey: Uint8Array }

/** What is sealed, for whom and where. */
export type Sealing = {
  readonly network: Uint8Array
  readonly keeperSet: {
    readonly version: number
    readonly threshold: number
    readonly members: readonly { readonly lockKey: Uint8Array }[]
  }
  readonly sender: Correspondent
  /** In the order in which the operation will name them. */
  readonly recipients: readonly Correspondent[]
  readonly maxSizeClass: number
}

type Randomly = { readonly random: Random }

/** A sealed message, and the two keys that only its sender has: `lockKey` is for release, `contentKey` for the sent folder. */
export type Sealed = {
  readonly envelope: Envelope
  readonly envelopeBytes: Uint8Array
  readonly envelopeHash: Uint8Array
  readonly messageId: Uint8Array
  readonly lockKey: Uint8Array
  readonly contentKey: Uint8Array
  readonly sizeClass: number
}

/** Pack the bytes of a message (RFC 5322), carried unchanged, and seal them. Throws SealError like `sealPacked`, and `pack`. */
export async function seal({
  content,
  ...sealing
}: Sealing & Randomly & { readonly content: Uint8Array }): Promise<Sealed & { readonly packed: Uint8Array }> {
  const recipients = sealing.recipients.map(({ address }) => address)
  const packed = await pack({ sender: sealing.sender.address, recipients }, content)
  return { packed, ...(await sealPacked({ ...sealing, packed })) }
}

/** Seal a message that was packed for these parties. Throws SealError if it is too large for the network or a key is bad. */
export async function sealPacked({
  random,
  network,
  keeperSet,
  maxSizeClass,
  packed,
  ...people
}: Sealing & Randomly & { readonly packed: Uint8Array }): Promise<Sealed> {
  const { version, threshold, members } = keeperSet
  const recipients = people.recipients.map(({ address }) => address)
  const parties = { network, sender: people.sender.address, recipients }
  const sizeClass = sizeClassOf(packed.length)
  if (sizeClass > maxSizeClass) throw tooLarge(packed.length, maxSizeClass)

  const associated = sealContext(parties, { sizeClass, keeperSet: version, threshold })
  const [contentKey, lockKey] = [random(32), random(32)]
  const body = sealChacha({ key: contentKey, nonce: singleUseNonce, associated }, pad(packed, sizeClass))
  const wraps: Uint8Array[] = []
  for (const reader of [...people.recipients, people.sender])
    wraps.push(await wrap(random, reader, associated, contentKey))
  const lockedWraps = sealChacha({ key: lockKey, nonce: singleUseNonce, associated }, Buffer.concat(wraps))

  const shares = split(lockKey, {
    threshold,
    count: members.length,
    randomness: random((threshold - 1) * lockKey.length),
  })
  const locked = { lockedWraps, body, shares: shares.map((share) => ({ hash: shareHash(network, share) })) }
  const envelope: Envelope = {
    sizeClass,
    keeperSet: version,
    threshold,
    lockKeyHash: lockKeyHash(network, lockKey),
    shares: members.map(({ lockKey }, index) => ({
      ...locked.shares[index]!,
      ...sealShare(random, parties, { index, lockKey }, locked, shares[index]!),
    })),
    lockedWraps,
    body,
  }
  const envelopeBytes = Envelope.encode(envelope)
  const hash = envelopeHash(network, envelopeBytes)
  return {
    envelope,
    envelopeBytes,
    envelopeHash: hash,
    messageId: messageId({ ...parties, envelopeHash: hash }),
    lockKey,
    contentKey,
    sizeClass,
  }
}

/** The public key (1,216 bytes) of a 32-byte seed, which is the private key. */
export async function sealKeyPairFromSeed(seed: Uint8Array): Promise<{ publicKey: Uint8Array; seed: Uint8Array }> {
  const { publicKey } = await kem.generateKeyPairDerand(Uint8Array.from(seed))
  return { publicKey: new Uint8Array(await kem.serializePublicKey(publicKey)), seed }
}

/** The content key out of one wrap, with the seed of the one it was wrapped for; nothing with another. */
export async function unwrap(
  seed: Uint8Array,
  associated: Uint8Array,
  wrapped: Uint8Array,
): Promise<Uint8Array | undefined> {
  const recipientKey = await kem.importKey('raw', buffer(seed), false)
  const params = { recipientKey, enc: buffer(wrapped.subarray(0, kem.encSize)), info }
  try {
    return new Uint8Array(await suite.open(params, buffer(wrapped.subarray(kem.encSize)), buffer(associated)))
  } catch {
    return undefined // wrapped for another key
  }
}

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Chacha20Poly1305() })
const info = new TextEncoder().encode('bmail/wrap/1').buffer

/** 1,168 bytes: the encapsulation, then the sealed content key. The library's `ekm` keeps a seeded simulation the same. */
async function wrap(
  random: Random,
  { address, sealKey }: Correspondent,
  associated: Uint8Array,
  contentKey: Uint8Array,
) {
  try {
    const params = { recipientPublicKey: await kem.importKey('raw', buffer(sealKey)), info, ekm: buffer(random(64)) }
    const { enc, ct } = await suite.seal(params, buffer(contentKey), buffer(associated))
    return Buffer.concat([new Uint8Array(enc), new Uint8Array(ct)])
  } catch (cause) {
    throw new SealError(
      `The encryption key of ${encodeAddress(address)} is no key, so nothing can be sealed to it. They have to publish a new one.`,
      { cause },
    )
  }
}

/** The library reads whole buffers, and a view may be a part of one. */
const buffer = (view: Uint8Array): ArrayBuffer => Uint8Array.from(view).buffer

const tooLarge = (length: number, maxSizeClass: number): SealError =>
  new SealError(
    `The message has ${Math.ceil(length / unitBytes)} KiB after compression, and this network takes at most ${2 ** maxSizeClass} KiB. Split it, or send less.`,
  )
