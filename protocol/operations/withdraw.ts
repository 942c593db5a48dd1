/** Taking money out of the network, to an address of the chain that holds it. */
import * as P from 'micro-packed'
import { burnsInclusion, none, noLines, type Operation } from '../operation.ts'
import { yes } from '../reason.ts'

/** Everything that it says is in its deed. */
const Mail = P.struct({})
/** `to` is the chain's address (20 bytes). */
type Withdraw = { readonly to: Uint8Array; readonly amount: bigint }

/** The row of `withdraw`. */
export const withdraw: Operation<Withdraw, object, Withdraw> = {
  number: 15,
  mail: Mail,
  deed: ({ to, amount }) => ({ to, amount }),
  lines: noLines,
  read: ({ lines, deed }) => (lines.length === 0 ? deed : undefined),
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: () => yes(undefined),
  agreement: none,
  touches: () => [],
  apply: () => yes({}),
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
