/**
 * Checking P-256 signatures where there is no node:crypto: takes the place of `protocol/signature.ts` in a browser, whose own
 * cryptography answers later only, and the protocol never waits. Tests hold the two against each other.
 */
import { p256 } from '@noble/curves/nist.js'
import type { Signed } from '../../../../protocol/signature.ts'

const halfOrder = p256.Point.CURVE().n / 2n

/** Whether `signature` over `digest` is by `key`; high s passes here. Tests hold it against the protocol's. */
export function verifySignature({ digest, signature, key }: Signed): boolean {
  if (digest.length !== 32 || signature.length !== 64 || !isSigningKey(key)) return false
  try {
    return p256.verify(signature, digest, key, { prehash: true, lowS: false })
  } catch {
    return false // r or s is 0, or no number below the order
  }
}

/** Whether s is at most half the group's order. Tests hold it against the protocol's. */
export const isLowS = (signature: Uint8Array): boolean =>
  signature.subarray(32).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) <= halfOrder

/** Whether these 33 bytes are a compressed point of P-256. Tests hold it against the protocol's. */
export function isSigningKey(key: Uint8Array): boolean {
  if (key.length !== 33) return false
  try {
    p256.Point.fromBytes(key)
    return true
  } catch {
    return false
  }
}
