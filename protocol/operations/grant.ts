/** Letting one sender write without paying us; `allowance` moves from our balance into the grant. */
import * as P from 'micro-packed'
import { balanceOf, debit } from '../account.ts'
import { AddressBytes, equalBytes, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { none, noSignatures, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, grantKey } from '../state.ts'
import { Payer } from '../words.ts'

const Grant = P.struct({ sender: AddressBytes, payer: Payer, allowance: U64 })
type Grant = P.UnwrapCoder<typeof Grant>

/** Grant, or add to a grant's allowance. Refuses: recipient-unknown, grant-ending, funds-short. */
function apply(draft: Draft, { rules }: Context, { account }: OpHead, grant: Grant): Result<undefined> {
  const { sender, payer, allowance } = grant
  if (!draft.read('accounts', sender)?.signingKey) return no('recipient-unknown')
  const key = grantKey({ granter: account, sender })
  const before = draft.read('grants', key)
  if (before?.endsAt !== undefined) return no('grant-ending')
  if (balanceOf(rules, draft.read('accounts', account)!) < allowance) return no('funds-short')
  debit(draft, account, allowance)
  draft.write('grants', key, { payer, allowance: (before?.allowance ?? 0n) + allowance, endsAt: undefined })
  return yes(undefined)
}

/** The row of `grant`. */
export const grant: Operation<Grant> = {
  number: 7,
  codec: Grant,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: none,
    nextKey: none,
    costMax: (_rules, { allowance }) => allowance,
  },
  form: ({ account }, { sender }) => (equalBytes(sender, account) ? no('recipient-self') : yes(undefined)),
  signatures: noSignatures,
  touches: (_context, { account: granter }, { sender }) => [
    { table: 'accounts', key: sender },
    { table: 'grants', key: grantKey({ granter, sender }) },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
