/** Money from one address to another. */
import * as P from 'micro-packed'
import { AddressBytes, equalBytes, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import type { Draft } from '../state.ts'

const Transfer = P.struct({ to: AddressBytes, amount: U64 })
type Transfer = P.UnwrapCoder<typeof Transfer>

/** Move an amount. */
const apply = (_draft: Draft, _context: Context, _head: OpHead, { to, amount }: Transfer): Result<Done> =>
  yes({ ...movesNothing, lines: [{ address: to, amount, from: 'funds' }] })

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
  agreement: none,
  touches: (_context, _head, { to }) => [{ table: 'accounts', key: to }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
