/** Money from one address to another. */
import * as P from 'micro-packed'
import { equalBytes } from '../codec.ts'
import { burnsInclusion, none, type Operation } from '../operation.ts'
import { no, yes } from '../reason.ts'

/** Everything that it says is in its one line. */
const Mail = P.struct({})
type Transfer = { readonly to: Uint8Array; readonly amount: bigint }

/** The row of `transfer`. */
export const transfer: Operation<Transfer, object> = {
  number: 4,
  mail: Mail,
  deed: none,
  lines: ({ to, amount }) => [{ address: to, amount, from: 'funds' }],
  read({ lines: [line, ...rest] }) {
    return line?.from === 'funds' && rest.length === 0 ? { to: line.address, amount: line.amount } : undefined
  },
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: ({ account }, { to }) => (equalBytes(to, account) ? no('recipient-self') : yes(undefined)),
  agreement: none,
  touches: () => [],
  apply: () => yes({}),
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
