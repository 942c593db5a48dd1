/** What a recipient demands of strangers. */
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import { type Account, type Draft, metaOf } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

type Terms = ActionOf<'policy'>

/**
 * Set a policy. What is lowered holds at once; what is raised holds after the longest expiry, so that no message that
 * was priced before is refused because of it. Refuses: policy-out-of-range.
 */
export function applyPolicy(draft: Draft, { rules }: Context, op: Op, wanted: Terms): Result<void> {
  if (wanted.leastTier > rules.policyTierMax || wanted.leastFee > rules.policyFeeMax) return no('policy-out-of-range')
  const { time } = metaOf(draft)
  const account = draft.read('accounts', op.account)!
  const now = policyAt(account, time)
  const lowered = {
    leastTier: Math.min(now.leastTier, wanted.leastTier),
    leastFee: least(now.leastFee, wanted.leastFee),
  }
  const raised = wanted.leastTier > now.leastTier || wanted.leastFee > now.leastFee
  const next = raised ? { ...wanted, from: time + BigInt(rules.expiryMaxMs) } : undefined
  draft.write('accounts', op.account, { ...account, policy: { ...lowered, next } })
  return yes(undefined)
}

/** The policy that holds at a time. */
export const policyAt = ({ policy }: Account, time: bigint): Terms =>
  policy.next && time >= policy.next.from ? policy.next : policy

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
