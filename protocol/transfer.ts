/** Money from one address to another. */
import { balanceOf, credit, debit } from './account.ts'
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import type { Draft } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** Move an amount. Refuses: recipient-unknown (an address that is not registered), funds-short. */
export function applyTransfer(
  draft: Draft,
  { rules }: Context,
  op: Op,
  { to, amount }: ActionOf<'transfer'>,
): Result<void> {
  if (!draft.read('accounts', to)?.signingKey) return no('recipient-unknown')
  if (balanceOf(rules, draft.read('accounts', op.account)!) < amount) return no('funds-short')
  debit(draft, op.account, amount)
  credit(draft, to, amount)
  return yes(undefined)
}
