/** Saying what strangers must bring. */
import * as P from 'micro-packed'
import { U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { countsFrom } from '../firm.ts'
import { type Asked, burnsInclusion, noLines, none, type Operation, type OpHead, readMail } from '../operation.ts'
import { policyAt } from '../policy.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { type Draft, metaOf } from '../state.ts'

/** A least tier (0 = none asked, t + 1 = at least tier t) and a least fee. */
const Policy = P.struct({ leastTier: P.U8, leastFee: U64 })
type Policy = P.UnwrapCoder<typeof Policy>

/**
 * Set a policy. What is lowered holds at once; what is raised holds after the longest expiry, so that no message that
 * was priced before falls short because of it. Refuses: policy-out-of-range.
 */
function apply(
  draft: Draft,
  { rules }: Context,
  { account: address }: OpHead,
  wanted: Policy,
): Result<Asked, Shortcoming> {
  if (wanted.leastTier > rules.policyTierMax || wanted.leastFee > rules.policyFeeMax) return no('policy-out-of-range')
  const { time } = metaOf(draft)
  const now = policyAt(draft.read('policies', address), time)
  const lowered = {
    leastTier: Math.min(now.leastTier, wanted.leastTier),
    leastFee: least(now.leastFee, wanted.leastFee),
  }
  const raised = wanted.leastTier > now.leastTier || wanted.leastFee > now.leastFee
  const next = raised ? { ...wanted, from: countsFrom(rules, time) } : undefined
  draft.write('policies', address, { ...lowered, next })
  return yes({})
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** The row of `policy`. */
export const policy: Operation<Policy> = {
  number: 3,
  mail: Policy,
  deed: none,
  lines: noLines,
  read: readMail,
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, { account }) => [{ table: 'policies', key: account }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
