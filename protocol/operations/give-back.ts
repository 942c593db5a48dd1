/** Giving back: a reader pays the sender of a message what they got for it, or a part of that; once for each message. */
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, equalBytes, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { noteReading } from '../reader.ts'
import { no, type Reason, type Result, yes } from '../reason.ts'
import type { Draft, Message } from '../state.ts'

/** The message's sender stands in it, so that the op names every record it touches. */
const GiveBack = P.struct({ message: Bytes32, sender: AddressBytes, amount: U64 })
type GiveBack = P.UnwrapCoder<typeof GiveBack>

/**
 * Pay back, with a verdict or without one, and at any time. Refuses: message-unknown, message-other, not-recipient, what
 * `faultOfGiving` says.
 */
function apply(draft: Draft, _context: Context, { account: reader }: OpHead, data: GiveBack): Result<Done> {
  const { message, sender, amount } = data
  const settled = draft.read('messages', message)
  if (!settled) return no('message-unknown')
  if (!equalBytes(settled.sender, sender)) return no('message-other')
  const mine = settled.recipients.find(({ address }) => equalBytes(address, reader))
  if (!mine) return no('not-recipient')
  const fault = faultOfGiving(mine, amount)
  if (fault) return no(fault)
  const after = { ...mine, given: amount }
  const recipients = settled.recipients.map((recipient) => (recipient === mine ? after : recipient))
  draft.write('messages', message, { ...settled, recipients })
  noteReading(draft, { before: mine, after })
  return yes(payBack(sender, amount))
}

/** Why an amount cannot be given back for one recipient's part of a message: once, and no more than was got. */
export function faultOfGiving({ credit, given }: Message['recipients'][number], amount: bigint): Reason | undefined {
  if (given > 0n) return 'give-back-repeated'
  return amount > credit ? 'give-back-over' : undefined
}

/** What giving back does to money: the sender is paid out of the reader's funds. */
export const payBack = (sender: Uint8Array, amount: bigint): Done => ({
  ...movesNothing,
  lines: [{ address: sender, amount, from: 'funds' }],
})

/** The row of `giveBack`. */
export const giveBack: Operation<GiveBack> = {
  number: 14,
  codec: GiveBack,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: none,
    nextKey: none,
    costMax: (_rules, { amount }) => amount,
  },
  form({ account }, { sender, amount }) {
    if (amount === 0n) return no('malformed')
    return equalBytes(sender, account) ? no('recipient-self') : yes(undefined)
  },
  agreement: none,
  touches: (_context, { account }, { message, sender }) => [
    { table: 'messages', key: message },
    { table: 'accounts', key: sender },
    { table: 'readers', key: account },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
