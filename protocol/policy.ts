/** What a recipient demands of strangers. */
import type { Account } from './state.ts'

/** The policy that holds at a time. */
export const policyAt = (
  { policy }: Account,
  time: bigint,
): { readonly leastTier: number; readonly leastFee: bigint } =>
  policy.next && time >= policy.next.from ? policy.next : policy
