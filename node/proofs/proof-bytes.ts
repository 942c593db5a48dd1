/**
 * Groth16 proofs over BN254 as 256 bytes: A.x A.y | B.x.c1 B.x.c0 B.y.c1 B.y.c0 | C.x C.y, 32 bytes each, big-endian,
 * as in EIP-197. A proof has one encoding: every coordinate is below the modulus. A point at infinity has none, because
 * EIP-197 writes it as zeros, and (0, 0) is on neither curve. Whether points are on their curves, `curve.ts` says.
 */
import { fieldModulus } from '../../protocol/field.ts'
import { proofBytes, type Statement } from '../../protocol/statement.ts'

/** The modulus of coordinates: p of BN254. */
export const baseModulus = 21888242871839275222246405745257275088696311157297823662689037894645226208583n

/** A proof as snarkjs writes it: decimal coordinates, affine, the third of each point 1. */
type SnarkProof = {
  readonly pi_a: readonly string[]
  readonly pi_b: readonly (readonly string[])[]
  readonly pi_c: readonly string[]
  readonly protocol: string
  readonly curve: string
}

/** A proof that was just made, in its 256 bytes. Throws for what is no affine Groth16 proof over this curve. */
export function encodeProof({ pi_a: a, pi_b: b, pi_c: c, protocol, curve }: SnarkProof): Uint8Array {
  const isAffine = a[2] === '1' && b[2]?.[0] === '1' && b[2][1] === '0' && c[2] === '1'
  if (protocol !== 'groth16' || curve !== 'bn128' || !isAffine) throw new Error('That is no Groth16 proof over BN254.')
  const coordinates = [a[0], a[1], b[0]?.[1], b[0]?.[0], b[1]?.[1], b[1]?.[0], c[0], c[1]]
  const bytes = new Uint8Array(proofBytes)
  for (const [at, coordinate] of coordinates.entries()) bytes.set(encodeCoordinate(coordinate), at * 32)
  return bytes
}

/** The proof in these bytes as snarkjs reads it, for tests that compare; nothing where the length is wrong or a coordinate is too large. */
export function decodeProof(bytes: Uint8Array): SnarkProof | undefined {
  const parts = coordinatesOf(bytes)
  if (!parts) return undefined
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = parts.map((part) =>
    fromBigEndian(part).toString(),
  ) as unknown as Eight<string>
  const b = [
    [bx0, bx1],
    [by0, by1],
    ['1', '0'],
  ]
  return { pi_a: [ax, ay, '1'], pi_b: b, pi_c: [cx, cy, '1'], protocol: 'groth16', curve: 'bn128' }
}

/** Whether a statement has as many signals as its circuit, each below their modulus, and bytes as long as a proof. */
export const isWellFormed = ({ signals, proof }: Statement, signalCount: number): boolean =>
  proof.length === proofBytes &&
  signals.length === signalCount &&
  signals.every((signal) => signal >= 0n && signal < fieldModulus)

type Eight<T> = readonly [T, T, T, T, T, T, T, T]

/** The eight coordinates, 32 bytes each; nothing where the length is wrong or one is not below the modulus. */
export function coordinatesOf(bytes: Uint8Array): Eight<Uint8Array> | undefined {
  if (bytes.length !== proofBytes) return undefined
  const parts = Array.from({ length: 8 }, (_, at) => bytes.subarray(at * 32, at * 32 + 32))
  if (parts.some((part) => fromBigEndian(part) >= baseModulus)) return undefined
  return parts as unknown as Eight<Uint8Array>
}

/** The number in these bytes. */
export const fromBigEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`)

/** A number below 2²⁵⁶ in 32 bytes. */
export const toBigEndian = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))

function encodeCoordinate(text: string | undefined): Uint8Array {
  const value = BigInt(text ?? -1)
  if (value < 0n || value >= baseModulus) throw new Error('A coordinate of the proof is outside its field.')
  return toBigEndian(value)
}
