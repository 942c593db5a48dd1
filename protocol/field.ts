/**
 * The scalar field of BN254, in which everything that proofs speak of is counted. Inside it is a bigint below the
 * modulus; in records and on the wire it is 32 bytes, big-endian.
 */
import * as P from 'micro-packed'

/** The order of BN254's scalar field (EIP-196). */
export const fieldModulus = 21888242871839275222246405745257275088548364400416034343698204186575808495617n

/** 32 bytes: one element. Refuses what is not below the modulus, so that each has one encoding. */
export const Field: P.CoderType<bigint> = P.validate(P.bigint(32, false), (element) => {
  if (element >= fieldModulus) throw new Error('a field element is below the modulus')
  return element
})

/** The first 31 bytes as an element: what every element can hold without being reduced. */
export const fieldOf = (bytes: Uint8Array): bigint => P.bigint(31, false).decode(bytes.subarray(0, 31))

/** 20 bytes as a number below 2^160, and back: an address, or an epoch key. */
export const numberOf20 = (bytes: Uint8Array): bigint => Bytes20.decode(bytes)
export const bytes20Of = (number: bigint): Uint8Array => Bytes20.encode(number)

const Bytes20 = P.bigint(20, false)
