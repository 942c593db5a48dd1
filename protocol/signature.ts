/**
 * Checking P-256 signatures. What is signed is always a 32-byte tagged hash, over which ECDSA with SHA-256 is taken as
 * over any message: node:crypto hashes what it verifies, and so does every secure element.
 * This is the one use of node:crypto in the protocol: it verifies ten times as fast as JavaScript, and is as pure.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** A digest of 32 bytes, a signature r ‖ s of 64, and a compressed key of 33. */
export type Signed = { readonly digest: Uint8Array; readonly signature: Uint8Array; readonly key: Uint8Array }

/** Whether `signature` over `digest` is by `key`; false if `key` is not a point. High s passes here: ask `isLowS` first. */
export function verifySignature({ digest, signature, key }: Signed): boolean {
  if (digest.length !== 32 || signature.length !== 64) return false
  const imported = importKey(key)
  // A bare key and a signature in DER verify in two thirds of the time that key options and r ‖ s take.
  return imported !== undefined && verify('sha256', digest, imported, derOf(signature))
}

/** Whether s is at most half the group's order. Each signature has a twin with the other s; we take the low one only. */
export function isLowS(signature: Uint8Array): boolean {
  for (let at = 0; at < 32; at++) {
    const difference = signature[32 + at]! - halfOrder[at]!
    if (difference !== 0) return difference < 0
  }
  return true
}

/** Whether these 33 bytes are a compressed point of P-256. */
export const isSigningKey = (key: Uint8Array): boolean => importKey(key) !== undefined

/** Keys imported lately, the latest last: importing a point costs about as much as verifying with it. */
const imports = new Map<string, KeyObject>()
/** A key takes about 2.3 KB outside the heap, so this many take about 47 MB. */
const importsMax = 20_000

function importKey(key: Uint8Array): KeyObject | undefined {
  if (key.length !== 33) return undefined
  const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
  const known = imports.get(name)
  if (known) {
    imports.delete(name)
    imports.set(name, known)
    return known
  }
  const imported = importPoint(key)
  if (!imported) return undefined
  imports.set(name, imported)
  // A map lists its keys in the order in which they were set.
  if (imports.size > importsMax) imports.delete(imports.keys().next().value!)
  return imported
}

function importPoint(key: Uint8Array): KeyObject | undefined {
  if (key[0] !== 2 && key[0] !== 3) return undefined
  try {
    // As text, because Node imports that in half the time of anything that needs options.
    const spki = Buffer.concat([spkiHeader, key]).toString('base64')
    return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----`)
  } catch {
    return undefined // not on the curve
  }
}

/** The signature as a SEQUENCE of two INTEGERs (X.690, SEC 1 §C.5). */
function derOf(signature: Uint8Array): Uint8Array {
  const der = new Uint8Array(72)
  let end = 2
  for (const half of [0, 32]) {
    let start = half
    while (start < half + 31 && signature[start] === 0) start++
    const length = half + 32 - start
    const sign = signature[start]! >> 7 // a first bit of 1 would make the number negative
    der[end] = 2
    der[end + 1] = length + sign
    der.set(signature.subarray(start, half + 32), end + 2 + sign)
    end += 2 + sign + length
  }
  der[0] = 0x30
  der[1] = end - 2
  return der.subarray(0, end)
}

/** SubjectPublicKeyInfo (RFC 5480) of a compressed point on prime256v1, up to the point itself. */
const spkiHeader = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex')

/** ⌊n ÷ 2⌋ of the group's order n. */
const halfOrder = Buffer.from('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8', 'hex')
