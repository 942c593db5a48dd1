/** Signed operations in bytes, changed in one place; and where in them what stands. */
import { concatBytes } from '@noble/hashes/utils.js'
import { sign } from '../../node/keys/sign.ts'
import { opIdOfSigned, unsigned } from '../../protocol/wire.ts'
import { ada, network } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'

/** With another byte at a place, which is counted from the end where it is negative. */
export const patched = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at < 0 ? copy.length + at : at] = value
  return copy
}
/** Without a byte, or some, from a place that is counted from the end. */
export const cut = (bytes: Uint8Array, at: number, count = 1): Uint8Array =>
  bytes.filter((_, index) => index < bytes.length + at || index >= bytes.length + at + count)
/** With other bytes from a place on. */
export const written = (bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array => {
  const copy = bytes.slice()
  copy.set(part, at)
  return copy
}
/** Signed anew by Ada, so that in a batch it pays what it names, if custody can read it. */
export const resigned = (bytes: Uint8Array): Uint8Array =>
  concatBytes(bytes.slice(0, -64), sign(opIdOfSigned(network, bytes), ada.privateKey))

/** Where the number of the operation stands: behind version 1, account 20, nonce 8, expiry 8. */
export const kindAt = 37
/** Then burn 8, payee 20, share 8: the number of lines; and each line is address 20, amount 8, out of what 1. */
export const [shareAt, linesAt, lineBytes] = [66, 74, 29]
/** Where the deed begins, after its length in one byte, of an op with so many lines. */
export const deedAt = (lines: number): number => linesAt + 1 + lines * lineBytes + 1
/** Where the mail begins, after its length in two bytes. */
export const mailAt = (lines: number, deedBytes: number): number => deedAt(lines) + deedBytes + 2

/** A redemption that registers, of which the mail names no encryption key; all else is there. */
export function unsealed(whole: Uint8Array): Uint8Array {
  const at = mailAt(1, 8 + 32 + 1 + 33 + 64)
  const mail = concatBytes(whole.slice(at, at + 5), Uint8Array.of(0), goodProof)
  return concatBytes(whole.slice(0, at - 2), Uint8Array.of(mail.length >> 8, mail.length & 255), mail, unsigned)
}
