/**
 * When an operation of ours expires. It is signed and public, so it must not show our clock: a clock's offset is the same
 * under every pseudonym of a device, and links them for ever. Who reads the latest batch's header can compute it.
 */
import type { Rules } from '../../protocol/rules.ts'

/**
 * The expiry, in milliseconds since 1970, of an op that is signed when the clock says `clockMs` and the latest batch is of
 * `batchMs`. It is on a grid of half the longest expiry and lies a quarter to the whole of that ahead, counted from the
 * latest batch, whatever the clock says; only where there was no batch for a quarter of it, from the clock less what it may
 * be ahead.
 */
export function expiryAt(
  { expiryMaxMs, clockSkewMs }: Pick<Rules, 'expiryMaxMs' | 'clockSkewMs'>,
  { clockMs, batchMs }: { readonly clockMs: number; readonly batchMs: number },
): bigint {
  const gridMs = Math.floor(expiryMaxMs / 2)
  const isQuiet = clockMs - batchMs > expiryMaxMs / 4
  const aheadMs = Math.min(clockSkewMs, expiryMaxMs / 4)
  const publicMs = isQuiet ? clockMs - aheadMs : batchMs
  return BigInt((Math.floor(publicMs / gridMs) + 2) * gridMs)
}
