/** A sealed letter that our own code would refuse to make: everything fits but what it unpacks to. */
import { brotliCompressSync } from 'node:zlib'
import { sealChacha, singleUseNonce } from '../../node/seal/chacha.ts'
import { pad } from '../../node/seal/content.ts'
import { type Correspondent, seal } from '../../node/seal/seal.ts'
import { sealShare } from '../../node/seal/share.ts'
import { Envelope, envelopeHash, sealContext } from '../../protocol/envelope.ts'
import { shareHash } from '../../protocol/lock.ts'
import type { Rules } from '../../protocol/rules.ts'
import { split } from '../../protocol/shamir.ts'
import { random } from './mallory.ts'

type Bomb = {
  readonly network: Uint8Array
  readonly rules: Rules
  readonly sender: Correspondent
  readonly reader: Correspondent
  /** What it unpacks to. */
  readonly content: Uint8Array
}

/** Seal a small letter, put another body into it, and split and seal its lock key again for that. */
export async function sealBomb({ network, rules, sender, reader, content }: Bomb) {
  const { keepers: keeperSet, sizeClassMax: maxSizeClass } = rules
  const recipients = [reader]
  const packed = brotliCompressSync(Buffer.concat([sender.address, Uint8Array.of(1), reader.address, content]))
  // What cannot be packed, and is as large: it takes the same size.
  const small = random(packed.length)
  const wrapping = { random, network, keeperSet, maxSizeClass, sender, recipients, content: small }
  const { envelope, contentKey, lockKey, sizeClass } = await seal(wrapping)
  const parties = { network, sender: sender.address, recipients: [reader.address] }
  const associated = sealContext(parties, envelope)
  const body = sealChacha({ key: contentKey, nonce: singleUseNonce, associated }, pad(packed, sizeClass))
  const { threshold, members } = keeperSet
  const randomness = random((threshold - 1) * lockKey.length)
  const shares = split(lockKey, { threshold, count: members.length, randomness })
  const hashes = shares.map((share) => ({ hash: shareHash(network, share) }))
  const locked = { lockedWraps: envelope.lockedWraps, body, shares: hashes }
  const envelopeBytes = Envelope.encode({
    ...envelope,
    body,
    shares: members.map((member, index) => ({
      ...hashes[index]!,
      ...sealShare(random, parties, { index, lockKey: member.lockKey }, locked, shares[index]!),
    })),
  })
  return { sizeClass, envelopeBytes, envelopeHash: envelopeHash(network, envelopeBytes) }
}
