/** A recipient's permission for one sender to write without paying them: a mutual contact, where both give it. */
import { balanceOf, credit, debit } from './account.ts'
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, dueKey, grantKey, metaOf, type Records } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** Grant, or add to a grant's allowance. Refuses: recipient-unknown, grant-ending, funds-short. */
export function applyGrant(draft: Draft, { rules }: Context, op: Op, grant: ActionOf<'grant'>): Result<void> {
  const { sender, payer, allowance } = grant
  if (!draft.read('accounts', sender)?.signingKey) return no('recipient-unknown')
  const key = grantKey({ granter: op.account, sender })
  const before = draft.read('grants', key)
  if (before?.endsAt !== undefined) return no('grant-ending')
  if (balanceOf(rules, draft.read('accounts', op.account)!) < allowance) return no('funds-short')
  debit(draft, op.account, allowance)
  draft.write('grants', key, { payer, allowance: (before?.allowance ?? 0n) + allowance, endsAt: undefined })
  return yes(undefined)
}

/** Take a grant back: it ends after the longest expiry, and what is left of its allowance returns. Refuses: grant-unknown. */
export function applyRevoke(draft: Draft, { rules }: Context, op: Op, { sender }: ActionOf<'revoke'>): Result<void> {
  const key = grantKey({ granter: op.account, sender })
  const grant = draft.read('grants', key)
  if (!grant || grant.endsAt !== undefined) return no('grant-unknown')
  const endsAt = metaOf(draft).time + BigInt(rules.expiryMaxMs)
  draft.write('grants', key, { ...grant, endsAt })
  // Its key holds the batch's time, so it is not among the records that the op names; nor can it be there, because a
  // grant is revoked once before it ends.
  draft.accept({ table: 'due', key: dueKey(endsAt, key), before: undefined, after: { kind: 'grant' } })
  return yes(undefined)
}

/** End a grant that is due: what is left of its allowance goes back to the granter. */
export function endGrant(draft: Draft, key: Uint8Array): void {
  const grant = draft.read('grants', key)!
  credit(draft, key.subarray(0, 20), grant.allowance)
  draft.write('grants', key, undefined)
}

/** Whether a grant exists and covers its part of a message by its own payer's rule. */
export const allowanceCovers = (grant: Records['grants'], paid: bigint): boolean =>
  grant.payer === 'recipient' && grant.allowance >= paid
