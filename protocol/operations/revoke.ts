/** Taking a grant back. */
import * as P from 'micro-packed'
import { AddressBytes, equalBytes } from '../codec.ts'
import type { Context } from '../context.ts'
import { costsNothing, none, noSignatures, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, dueKey, grantKey, metaOf } from '../state.ts'

const Revoke = P.struct({ sender: AddressBytes })
type Revoke = P.UnwrapCoder<typeof Revoke>

/** Take a grant back: it ends after the longest expiry, and what is left of its allowance returns. Refuses: grant-unknown. */
function apply(draft: Draft, { rules }: Context, { account }: OpHead, { sender }: Revoke): Result<undefined> {
  const key = grantKey({ granter: account, sender })
  const grant = draft.read('grants', key)
  if (!grant || grant.endsAt !== undefined) return no('grant-unknown')
  const endsAt = metaOf(draft).time + BigInt(rules.expiryMaxMs)
  draft.write('grants', key, { ...grant, endsAt })
  // Its key holds the batch's time, so it is not among the records that the op names; nor can it be there, because a
  // grant is revoked once before it ends.
  draft.accept({ table: 'due', key: dueKey(endsAt, key), before: undefined, after: { kind: 'grant' } })
  return yes(undefined)
}

/** The row of `revoke`. */
export const revoke: Operation<Revoke> = {
  number: 8,
  codec: Revoke,
  author: { kind: 'account', burnsInclusion: true, firstKey: none, nextKey: none, costMax: costsNothing },
  form: ({ account }, { sender }) => (equalBytes(sender, account) ? no('recipient-self') : yes(undefined)),
  signatures: noSignatures,
  touches: (_context, { account: granter }, { sender }) => [{ table: 'grants', key: grantKey({ granter, sender }) }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
