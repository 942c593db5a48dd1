/** Letting one sender write without paying us; `allowance` is set aside for it out of our balance. */
import * as P from 'micro-packed'
import { AddressBytes, equalBytes, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Deed, touchesOfDeed } from '../custody.ts'
import { type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, grantKey } from '../state.ts'
import { Payer } from '../words.ts'

const Grant = P.struct({ sender: AddressBytes, payer: Payer, allowance: U64 })
type Grant = P.UnwrapCoder<typeof Grant>

const deedOf = ({ sender, allowance }: Grant): Deed => ({ kind: 'allow', sender, amount: allowance })

/** Grant, or grant anew; what is set aside comes to what is there. */
function apply(draft: Draft, _context: Context, { account }: OpHead, grant: Grant): Result<Done> {
  const { sender, payer } = grant
  draft.write('grants', grantKey({ granter: account, sender }), { payer, endsAt: undefined })
  return yes({ ...movesNothing, deed: deedOf(grant) })
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
