/** Giving back: a reader pays the sender of a message what they got for it, or a part of that; once for each message. */
import * as P from 'micro-packed'
import { Bytes32, equalBytes } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Asked, burnsInclusion, none, type Operation, type OpHead } from '../operation.ts'
import { noteReading } from '../reader.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import type { Draft, Message } from '../state.ts'

/** The message's sender is whom its one line pays, so that the op names every record it touches. */
const Mail = P.struct({ message: Bytes32 })
type Mail = P.UnwrapCoder<typeof Mail>
type GiveBack = Mail & { readonly sender: Uint8Array; readonly amount: bigint }

/**
 * Pay back, with a verdict or without one, and at any time. Refuses: message-unknown, message-other, not-recipient, what
 * `faultOfGiving` says.
 */
function apply(
  draft: Draft,
  _context: Context,
  { account: reader }: OpHead,
  data: GiveBack,
): Result<Asked, Shortcoming> {
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
  return yes({})
}

/** Why an amount cannot be given back for one recipient's part of a message: once, and no more than was got. */
export function faultOfGiving(
  { credit, given }: Message['recipients'][number],
  amount: bigint,
): Shortcoming | undefined {
  if (given > 0n) return 'give-back-repeated'
  return amount > credit ? 'give-back-over' : undefined
}

/** The row of `giveBack`. */
export const giveBack: Operation<GiveBack, Mail> = {
  number: 14,
  mail: Mail,
  deed: none,
  lines: ({ sender, amount }) => [{ address: sender, amount, from: 'funds' }],
  read({ lines: [line, ...rest], mail }) {
    return line?.from === 'funds' && rest.length === 0
      ? { ...mail, sender: line.address, amount: line.amount }
      : undefined
  },
  burns: burnsInclusion,
  author: { kind: 'account' },
  form({ account }, { sender, amount }) {
    if (amount === 0n) return no('malformed')
    return equalBytes(sender, account) ? no('recipient-self') : yes(undefined)
  },
  agreement: none,
  touches: (_context, { account }, { message }) => [
    { table: 'messages', key: message },
    { table: 'readers', key: account },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
