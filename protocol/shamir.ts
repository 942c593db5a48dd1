/**
 * Shamir's secret sharing, byte by byte over GF(256) with the polynomial of AES (x⁸+x⁴+x³+x+1). It is ours, and not a
 * library's, because the randomness has to come from outside: the whole network must run from a seed.
 *
 * A share is one byte x (1 to 255) followed by the values at x of one random polynomial for each byte of the secret.
 * Fewer shares than the threshold say nothing about the secret: for every guess there is a polynomial that fits.
 */
import { assert } from './assert.ts'

/** How many shares are made, how many give the secret back, and `(threshold − 1) × secret length` random bytes. */
type Split = { readonly threshold: number; readonly count: number; readonly randomness: Uint8Array }

/** `count` shares of 1 + secret length bytes; the share at place i has x = i + 1. */
export function split(secret: Uint8Array, { threshold, count, randomness }: Split): Uint8Array[] {
  assert(Number.isInteger(threshold) && threshold >= 1, 'a threshold is a whole number from 1')
  assert(Number.isInteger(count) && count >= threshold && count <= 255, 'there are between threshold and 255 shares')
  assert(randomness.length === (threshold - 1) * secret.length, 'each byte has threshold − 1 random coefficients')
  return Array.from({ length: count }, (_, place) => {
    const x = place + 1
    const share = new Uint8Array(1 + secret.length)
    share[0] = x
    // Horner's rule, from the highest coefficient down to the secret itself.
    for (let at = 0; at < secret.length; at++) {
      let value = 0
      for (let power = threshold - 2; power >= 0; power--)
        value = multiply(value, x) ^ randomness[power * secret.length + at]!
      share[1 + at] = multiply(value, x) ^ secret[at]!
    }
    return share
  })
}

/** The secret, from at least threshold shares with distinct x. From fewer, or from wrong ones, it is some other bytes. */
export function combine(shares: readonly Uint8Array[]): Uint8Array {
  const length = shares[0]?.length ?? 0
  assert(length >= 1, 'there is a share to combine')
  assert(
    shares.every((share) => share.length === length && share[0] !== 0),
    'shares have one length, and no x of 0',
  )
  assert(new Set(shares.map((share) => share[0])).size === shares.length, 'shares have distinct x')
  const secret = new Uint8Array(length - 1)
  for (const share of shares) {
    const weight = weightAtZero(share[0]!, shares)
    for (let at = 0; at < secret.length; at++) secret[at]! ^= multiply(weight, share[1 + at]!)
  }
  return secret
}

/** Lagrange's basis polynomial of x, taken at 0. In GF(256) subtraction is exclusive or. */
function weightAtZero(x: number, shares: readonly Uint8Array[]): number {
  let weight = 1
  for (const [other] of shares) if (other !== x) weight = multiply(weight, divide(other!, other! ^ x))
  return weight
}

/** The powers of 3, which generates the field, twice in a row so that a sum of two logarithms needs no reduction. */
const powers = new Uint8Array(510)
const logarithms = new Uint8Array(256)
for (let power = 0, value = 1; power < 255; power++) {
  powers[power] = powers[power + 255] = value
  logarithms[value] = power
  const doubled = (value << 1) ^ (value & 0x80 ? 0x11b : 0)
  value ^= doubled
}

const multiply = (a: number, b: number): number => (a && b ? powers[logarithms[a]! + logarithms[b]!]! : 0)

/** a ÷ b, where b is not 0. */
const divide = (a: number, b: number): number => (a ? powers[logarithms[a]! + 255 - logarithms[b]!]! : 0)
