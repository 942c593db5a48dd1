/** Values for the vectors: each byte string and each number another, so that no two fields can be swapped unseen. */
import { shake256 } from '@noble/hashes/sha3.js'
import { fieldModulus } from '../../../protocol/field.ts'
import { seedOf } from '../../kit/fixtures.ts'

/** So many bytes that belong to a text. */
export const bytesOf = (text: string, length: number): Uint8Array =>
  shake256(seedOf(`vector ${text}`), { dkLen: length })

/** A number of up to so many bits that belongs to a text. */
export const numberOf = (text: string, bits: number): bigint =>
  bytesOf(text, 32).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) & ((1n << BigInt(bits)) - 1n)

/** A field element that belongs to a text. */
export const elementOf = (text: string): bigint => numberOf(text, 256) % fieldModulus
