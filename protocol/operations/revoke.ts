/** Taking a grant back. */
import * as P from 'micro-packed'
import { AddressBytes, equalBytes } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Deed, touchesOfDeed } from '../custody.ts'
import { countsFrom } from '../firm.ts'
import { costsNothing, type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, grantKey, metaOf } from '../state.ts'

const Revoke = P.struct({ sender: AddressBytes })
type Revoke = P.UnwrapCoder<typeof Revoke>

const deedOf = ({ sender }: Revoke): Deed => ({ kind: 'reclaim', sender })

/**
 * Take a grant back. What is left of its allowance returns at once; the permission ends after the longest expiry, so that
 * no message that was priced before costs more because of it. Refuses: grant-unknown.
 */
function apply(draft: Draft, { rules }: Context, { account }: OpHead, revoke: Revoke): Result<Done> {
  const key = grantKey({ granter: account, sender: revoke.sender })
  const grant = draft.read('grants', key)
  if (!grant || grant.endsAt !== undefined) return no('grant-unknown')
  draft.write('grants', key, { ...grant, endsAt: countsFrom(rules, metaOf(draft).time) })
  return yes({ ...movesNothing, deed: deedOf(revoke) })
}

/** The row of `revoke`. */
export const revoke: Operation<Revoke> = {
  number: 8,
  codec: Revoke,
  author: { kind: 'account', burnsInclusion: true, firstKey: none, nextKey: none, costMax: costsNothing },
  form: ({ account }, { sender }) => (equalBytes(sender, account) ? no('recipient-self') : yes(undefined)),
  agreement: none,
  touches: (_context, { account: granter }, data) => [
    { table: 'grants', key: grantKey({ granter, sender: data.sender }) },
    ...touchesOfDeed(deedOf(data), granter),
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
