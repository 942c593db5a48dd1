/** Letting one sender write without paying us; `allowance` is set aside for it out of our balance. */
import * as P from 'micro-packed'
import { equalBytes } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Asked, burnsInclusion, noLines, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { type Draft, grantKey } from '../state.ts'
import { Payer } from '../words.ts'

const Mail = P.struct({ payer: Payer })
type Grant = { readonly sender: Uint8Array; readonly payer: Payer; readonly allowance: bigint }

/** Grant, or grant anew; what is set aside comes to what is there. */
function apply(
  draft: Draft,
  _context: Context,
  { account }: OpHead,
  { sender, payer }: Grant,
): Result<Asked, Shortcoming> {
  draft.write('grants', grantKey({ granter: account, sender }), { payer, endsAt: undefined })
  return yes({})
}

/** The row of `grant`. */
export const grant: Operation<Grant, { payer: Payer }, { sender: Uint8Array; amount: bigint }> = {
  number: 7,
  mail: Mail,
  deed: ({ sender, allowance }) => ({ sender, amount: allowance }),
  lines: noLines,
  read({ lines, deed, mail }) {
    return lines.length === 0 ? { sender: deed.sender, payer: mail.payer, allowance: deed.amount } : undefined
  },
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: ({ account }, { sender }) => (equalBytes(sender, account) ? no('recipient-self') : yes(undefined)),
  agreement: none,
  touches: (_context, { account: granter }, { sender }) => [{ table: 'grants', key: grantKey({ granter, sender }) }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
