/**
 * Addresses: the 20 bytes that name a pseudonym, and the text `bm1…` that people pass on. The first signing key makes
 * the address, on every network alike: a genesis names addresses, and the network's id is the hash of its genesis. That
 * one person's addresses differ between networks is the keystore's doing, which derives other keys for each.
 */
import { bech32m } from '@scure/base'
import { hash } from './hash.ts'

/** A text that is not an address; the message says to a person what is wrong with it. */
export class AddressError extends Error {
  override name = 'AddressError'
}

/** 20 bytes of the hash of the first signing key (33 bytes). */
export const addressOf = (firstKey: Uint8Array): Uint8Array => hash('address', firstKey).slice(0, addressBytes)

/** `bm1…`, 41 characters: bech32m (BIP 350) of the 20 bytes. */
export const encodeAddress = (address: Uint8Array): `bm1${string}` => bech32m.encode(prefix, bech32m.toWords(address))

/** The 20 bytes of `bm1…`, all in lower or all in upper case. Throws AddressError where it is anything else. */
export function parseAddress(text: string): Uint8Array {
  const lower = text.toLowerCase()
  if (text === '') throw new AddressError('The address is empty. An address looks like bm1… with 41 characters.')
  if (!lower.startsWith(`${prefix}1`)) throw refusal(text, 'does not begin with bm1. Check that it was copied whole')
  if (text !== lower && text !== text.toUpperCase())
    throw refusal(text, 'mixes small and capital letters. Write it in small ones')
  if (lower.length !== textLength)
    throw refusal(text, `has ${lower.length} characters instead of ${textLength}. Check that it was copied whole`)
  const stray = /[^qpzry9x8gf2tvdw0s3jn54khce6mua7l]/.exec(lower.slice(3))?.[0]
  if (stray)
    throw refusal(
      text,
      `has a “${stray}”, which no address has (nor 1, b, i or o after bm1). Check that it was copied right`,
    )
  const words = bech32m.decodeUnsafe(lower)?.words
  const bytes = words && bech32m.fromWordsUnsafe(words)
  if (bytes?.length !== addressBytes) throw refusal(text, 'has a mistyped character. Check it against the original')
  return Uint8Array.from(bytes)
}

const prefix = 'bm'
const addressBytes = 20
/** The prefix, the 1 after it, 32 characters of five bits each, and 6 of checksum. */
const textLength = 41

/** A sentence about a text that may come from anywhere, so only its printable beginning is repeated. */
const refusal = (text: string, what: string): AddressError =>
  new AddressError(`The address “${text.replace(/[^\x21-\x7e]/g, '?').slice(0, 48)}” ${what}.`)
