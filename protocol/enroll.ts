/** Making an identity known: its commitment becomes a leaf, once, and what it costs is burned. */
import { balanceOf, burn, debit } from './account.ts'
import { appendTo } from './checkpoint.ts'
import type { Context } from './context.ts'
import { firstLeaf } from './identity.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, fieldKey } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** Enrol an identity. Refuses: enrolled-already, funds-short. */
export function applyEnroll(
  draft: Draft,
  { rules }: Context,
  op: Op,
  { commitment }: ActionOf<'enroll'>,
): Result<void> {
  if (draft.read('enrolments', fieldKey(commitment))) return no('enrolled-already')
  const { enrolFee } = rules.identity
  if (balanceOf(rules, draft.read('accounts', op.account)!) < enrolFee) return no('funds-short')
  debit(draft, op.account, enrolFee)
  burn(draft, enrolFee)
  draft.write('enrolments', fieldKey(commitment), { leaf: appendTo(draft, 'identities', firstLeaf(commitment)) })
  return yes(undefined)
}
