/**
 * The envelope: a sealed message as it is gossiped and stored. Everything in it is readable by everybody, and nothing
 * in it says anything but sizes: who writes to whom stands in the operation, what they write is in the sealed body.
 */
import * as P from 'micro-packed'
import { assert } from './assert.ts'
import { AddressBytes, Bytes32, bytesUpTo, listOf } from './codec.ts'
import { hash } from './hash.ts'
import { no, type Result, yes } from './reason.ts'
import { wireVersion } from './version.ts'

/** The unit of size, and of price: 1 KiB of the compressed message. */
export const unitBytes = 1024
/** The largest class that any network may allow: 2⁸ units, 256 KiB. */
export const sizeClassLimit = 8
/** The most recipients that any network may allow. */
export const recipientsLimit = 100
/** The most keepers that a set may have. */
const keepersLimit = 32
/** One wrapped content key: the encapsulation of X-Wing (1,120), then the sealed key (32 and a tag of 16). */
export const wrapBytes = 1120 + 32 + 16
/** What the body holds besides the class's units: 32 zero bytes that commit to the key, the length (4), the tag (16). */
export const bodyOverheadBytes = 32 + 4 + 16

const tagBytes = 16
/** One byte of index and 32 of value (`shamir.ts`). */
export const shareBytes = 33

/** A keeper's share of the lock key, sealed to it. `hash` is of the share itself, and exposes a wrong one. */
const SealedShare = P.struct({ hash: Bytes32, enc: Bytes32, ciphertext: P.bytes(shareBytes + tagBytes) })

/**
 * The version, and suite 1: X-Wing, DHKEM(X25519), HKDF-SHA256, ChaCha20-Poly1305.
 * `lockedWraps` opens with the lock key to the wraps, in the order of the recipients and the sender's own last.
 * `body` opens with the content key to the padded message.
 */
export const Envelope = P.struct({
  version: P.magic(P.U8, wireVersion),
  suite: P.magic(P.U8, 1),
  sizeClass: P.U8,
  keeperSet: P.U32BE,
  threshold: P.U8,
  lockKeyHash: Bytes32,
  shares: listOf(SealedShare, { min: 1, max: keepersLimit }),
  lockedWraps: bytesUpTo((recipientsLimit + 1) * wrapBytes + tagBytes),
  body: bytesUpTo((unitBytes << sizeClassLimit) + bodyOverheadBytes),
})
export type SealedShare = P.UnwrapCoder<typeof SealedShare>
export type Envelope = P.UnwrapCoder<typeof Envelope>

/** 32 bytes: the hash of the encoded envelope, as a `send` names it. */
export const envelopeHash = (network: Uint8Array, bytes: Uint8Array): Uint8Array => hash('envelope', network, bytes)

/** What a message is, whoever pays for it and whenever: its parties and its envelope. */
type MessageName = {
  readonly network: Uint8Array
  readonly sender: Uint8Array
  readonly recipients: readonly Uint8Array[]
  readonly envelopeHash: Uint8Array
}

/** 32 bytes: the message's id. It names the recipients, so that nobody can take an id for others; and no nonce, so that a message can be signed again. */
export const messageId = ({ network, sender, recipients, envelopeHash }: MessageName): Uint8Array =>
  hash('message', network, sender, countOf(recipients), ...recipients, envelopeHash)

/** 32 bytes: the recipients, in the order of the operation. */
export const recipientsHash = (network: Uint8Array, recipients: readonly Uint8Array[]): Uint8Array =>
  hash('recipients', network, countOf(recipients), ...recipients)

/** 32 bytes: the parts of an envelope that the lock protects. */
export const sealedHash = (
  network: Uint8Array,
  { lockedWraps, body }: Pick<Envelope, 'lockedWraps' | 'body'>,
): Uint8Array => hash('sealed', network, Sealed.encode({ lockedWraps, body }))

/** 32 bytes: the hashes of all shares, in the order of the keepers. */
export const sharesHash = (
  network: Uint8Array,
  { shares }: { shares: readonly Pick<SealedShare, 'hash'>[] },
): Uint8Array => hash('shares', network, countOf(shares), ...shares.map((share) => share.hash))

/** 32 bytes: what the envelope says of the lock key, so that a wrong one is known without trying it. */
export const lockKeyHash = (network: Uint8Array, lockKey: Uint8Array): Uint8Array => hash('lockKey', network, lockKey)

/** The smallest class whose units hold so many bytes of the compressed message; above `sizeClassLimit` where none does. */
export function sizeClassOf(lengthBytes: number): number {
  let sizeClass = 0
  while (unitBytes * 2 ** sizeClass < lengthBytes) sizeClass++
  return sizeClass
}

/** What an envelope of this form weighs on the wire, in bytes. */
export function envelopeBytes({
  sizeClass,
  recipients,
  keepers,
}: {
  sizeClass: number
  recipients: number
  keepers: number
}): number {
  const header = 1 + 1 + 1 + 4 + 1 + 32
  const shares = 1 + keepers * (32 + 32 + shareBytes + tagBytes)
  return header + shares + 4 + wrapsLength(recipients) + 4 + bodyLength(sizeClass)
}

/** Until when nodes keep the envelope of a message that was settled at a time (milliseconds), so many days. */
export const keptUntil = ({ time, lifetimeDays }: { time: bigint; lifetimeDays: number }): bigint =>
  time + BigInt(lifetimeDays) * 86_400_000n

/** What the operation and the rules ask of an envelope. */
export type Demand = {
  readonly recipientsCount: number
  readonly keeperSet: { readonly version: number; readonly threshold: number; readonly members: readonly unknown[] }
  readonly maxSizeClass: number
}

/** Whether the envelope is as the demand says. Refuses: too-large, keepers-unknown, envelope-malformed. */
export function checkEnvelope(envelope: Envelope, { recipientsCount, keeperSet, maxSizeClass }: Demand): Result<void> {
  const { sizeClass, threshold, shares, lockedWraps, body } = envelope
  if (sizeClass > Math.min(maxSizeClass, sizeClassLimit)) return no('too-large')
  if (envelope.keeperSet !== keeperSet.version) return no('keepers-unknown')
  if (threshold !== keeperSet.threshold || shares.length !== keeperSet.members.length) return no('envelope-malformed')
  if (lockedWraps.length !== wrapsLength(recipientsCount)) return no('envelope-malformed')
  if (body.length !== bodyLength(sizeClass)) return no('envelope-malformed')
  return yes(undefined)
}

/** The parties of a message and the network it is for. */
export type Parties = Pick<MessageName, 'network' | 'sender' | 'recipients'>

/** What every seal of an envelope is bound to as associated data: the network, the parties, and the envelope's header. */
export function sealContext(
  { network, sender, recipients }: Parties,
  { sizeClass, keeperSet, threshold }: Header,
): Uint8Array {
  const parties = { network, sender, recipients: recipientsHash(network, recipients) }
  return SealContext.encode({ ...parties, sizeClass, keeperSet, threshold })
}

type Header = Pick<Envelope, 'sizeClass' | 'keeperSet' | 'threshold'>

const SealContext = P.struct({
  network: Bytes32,
  sender: AddressBytes,
  recipients: Bytes32,
  sizeClass: P.U8,
  keeperSet: P.U32BE,
  threshold: P.U8,
})

/** How many items of one size follow, in one byte. */
const countOf = (items: readonly unknown[]): Uint8Array => {
  assert(items.length < 256, 'what is hashed in an envelope is counted in one byte')
  return Uint8Array.of(items.length)
}

const Sealed = P.struct({ lockedWraps: P.bytes(P.U32BE), body: P.bytes(P.U32BE) })

/** A wrap for each recipient and one for the sender. */
const wrapsLength = (recipientsCount: number): number => (recipientsCount + 1) * wrapBytes + tagBytes
const bodyLength = (sizeClass: number): number => (unitBytes << sizeClass) + bodyOverheadBytes
