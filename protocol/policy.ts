/** What a recipient demands of strangers. */
import type { Policy } from './state.ts'

/** A policy that demands nothing, as it is before the first one is set. */
const open: Policy = { leastTier: 0, leastFee: 0n, next: undefined }

/** What is demanded at a time. */
export function policyAt(
  policy: Policy | undefined,
  time: bigint,
): { readonly leastTier: number; readonly leastFee: bigint } {
  const { next, ...now } = policy ?? open
  const { leastTier, leastFee } = next && time >= next.from ? next : now
  return { leastTier, leastFee }
}
