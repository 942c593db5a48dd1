/**
 * The few shapes that every wire format is made of. Codecs are values of micro-packed, from which the types are
 * inferred; they are strict: no trailing bytes, a maximum on every length, one encoding for each value.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { no, type Result, yes } from './reason.ts'
import { proofBytes } from './statement.ts'

/** 32 bytes: a hash, an id. */
export const Bytes32 = P.bytes(32)
/** 20 bytes: a pseudonym's address. */
export const AddressBytes = P.bytes(20)
/** 20 bytes: the public handle of one pass (the low 160 bits of a Poseidon hash). */
export const EpochKey = P.bytes(20)
/** 256 bytes: a Groth16 proof, as `statement.ts` says. */
export const Proof = P.bytes(proofBytes)
/** 33 bytes: a compressed P-256 point. */
export const SigningKey = P.bytes(33)
/** 64 bytes: r ‖ s of a P-256 signature, s low. */
export const Signature = P.bytes(64)
/** 1,216 bytes: a public key of X-Wing (ML-KEM-768 ‖ X25519). */
export const SealKey = P.bytes(1216)
/** Money in the smallest unit, or any other 64-bit count. */
export const U64 = P.U64BE
/** 5 bytes: a place in a tree, or how many leaves it has. */
export const Place = P.int(5)
/** Milliseconds since 1970, as the ledger counts time. */
export const Time = P.U64BE

/** An array with its length in one byte and a bound on that length. */
export const listOf = <T>(item: P.CoderType<T>, bounds: { min: number; max: number }): P.CoderType<T[]> =>
  P.validate(P.array(P.U8, item), (list) => {
    if (list.length < bounds.min || list.length > bounds.max)
      throw new Error(`a list of ${list.length}, where ${bounds.min} to ${bounds.max} are allowed`)
    return list
  })

/** Bytes with their length in four bytes and a bound on that length. */
export const bytesUpTo = (maxBytes: number): P.CoderType<Uint8Array> =>
  P.validate(P.bytes(P.U32BE), (bytes) => {
    if (bytes.length > maxBytes) throw new Error(`${bytes.length} bytes, where at most ${maxBytes} are allowed`)
    return bytes
  })

/** Text in UTF-8, with its length in two bytes and a bound on it. */
export const textUpTo = (maxBytes: number): P.CoderType<string> =>
  P.validate(P.string(P.U16BE), (text) => {
    // In UTF-8 a unit of a string takes at most three bytes.
    const length = text.length * 3 > maxBytes ? utf8ToBytes(text).length : text.length
    if (length > maxBytes) throw new Error(`a text of ${length} bytes, where at most ${maxBytes} are allowed`)
    return text
  })

/** One of a few words, each with its number in one byte. */
export const wordIn = <W extends string>(numbers: { readonly [Word in W]: number }): P.CoderType<W> =>
  P.map(P.U8, numbers) as unknown as P.CoderType<W>

/** A value or nothing, one byte in front. */
export const optional = <T>(inner: P.CoderType<T>): P.CoderType<T | undefined> => P.optional(P.bool, inner)

/** Decode foreign bytes; whatever does not decode, or would not encode to the same bytes, is `malformed`. */
export function decodeStrict<T>(codec: P.CoderType<T>, bytes: Uint8Array): Result<T, 'malformed'> {
  try {
    const value = codec.decode(bytes)
    return equalBytes(codec.encode(value), bytes) ? yes(value) : no('malformed')
  } catch {
    return no('malformed')
  }
}

/** Whether two byte strings are the same; not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** The order of byte strings: by unsigned bytes, the shorter first where one begins the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return a[index]! - b[index]!
  return a.length - b.length
}
