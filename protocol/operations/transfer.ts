/** Money from one address to another. */
import * as P from 'micro-packed'
import { balanceOf, credit, debit } from '../account.ts'
import { AddressBytes, equalBytes, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { none, noSignatures, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import type { Draft } from '../state.ts'

const Transfer = P.struct({ to: AddressBytes, amount: U64 })
type Transfer = P.UnwrapCoder<typeof Transfer>

/** Move an amount. Refuses: recipient-unknown (an address that is not registered), funds-short. */
function apply(draft: Draft, { rules }: Context, { account }: OpHead, { to, amount }: Transfer): Result<undefined> {
  if (!draft.read('accounts', to)?.signingKey) return no('recipient-unknown')
  if (balanceOf(rules, draft.read('accounts', account)!) < amount) return no('funds-short')
  debit(draft, account, amount)
  credit(draft, to, amount)
  return yes(undefined)
}

/** The row of `transfer`. */
export const transfer: Operation<Transfer> = {
  number: 4,
  codec: Transfer,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: none,
    nextKey: none,
    costMax: (_rules, { amount }) => amount,
  },
  form: ({ account }, { to }) => (equalBytes(to, account) ? no('recipient-self') : yes(undefined)),
  signatures: noSignatures,
  touches: (_context, _head, { to }) => [{ table: 'accounts', key: to }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
