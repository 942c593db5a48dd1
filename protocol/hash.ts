/**
 * The one hash of the protocol: SHA-256 under a tag for its purpose (BIP 340's tagged hash), so that bytes made for
 * one purpose never mean anything for another.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/** Every purpose we hash for. The text is part of the protocol: changing one changes every network. */
export const tags = {
  network: 'bmail/network/1',
  address: 'bmail/address/1',
  op: 'bmail/op/1',
  message: 'bmail/message/1',
  envelope: 'bmail/envelope/1',
  recipients: 'bmail/recipients/1',
  sealed: 'bmail/sealed/1',
  share: 'bmail/share/1',
  shares: 'bmail/shares/1',
  lockKey: 'bmail/lock-key/1',
  account: 'bmail/account/1',
  accountsNode: 'bmail/accounts-node/1',
  changes: 'bmail/changes/1',
  state: 'bmail/state/1',
  header: 'bmail/header/1',
  promise: 'bmail/promise/1',
  release: 'bmail/release/1',
  consent: 'bmail/consent/1',
  rekey: 'bmail/rekey/1',
  redeem: 'bmail/redeem/1',
} as const

/** The short name of a purpose. */
export type Tag = keyof typeof tags

/** SHA-256 of `H(tag) ‖ H(tag) ‖ parts`, 32 bytes. The caller's parts must have fixed sizes or come from a codec. */
export const hash = (tag: Tag, ...parts: readonly Uint8Array[]): Uint8Array => tagged[tag](parts)

/** SHA-256 of bytes that are always the same, which are hashed once, and then of parts. */
export function hashAfter(...beginning: readonly Uint8Array[]): (parts: readonly Uint8Array[]) => Uint8Array {
  const begun = sha256.create()
  for (const part of beginning) begun.update(part)
  return (parts) => {
    begun._cloneInto(state)
    for (const part of parts) state.update(part)
    return state.digest()
  }
}

/** Every hash is taken in this one: to make a new one takes as long as to hash a block. */
const state = sha256.create()

const tagged = Object.fromEntries(
  Object.entries(tags).map(([tag, text]) => {
    const digest = sha256(utf8ToBytes(text))
    return [tag, hashAfter(digest, digest)]
  }),
) as Record<Tag, ReturnType<typeof hashAfter>>
