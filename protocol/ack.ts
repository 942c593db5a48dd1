/** A recipient's verdict on a settled message. It never moves money. */
import { equalBytes } from './codec.ts'
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, metaOf } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** Record a verdict. Refuses: pass-unknown, message-unknown, not-recipient, ack-late, ack-repeated. */
export function applyAck(
  draft: Draft,
  { rules }: Context,
  op: Op,
  { message, verdict, epochKey }: ActionOf<'ack'>,
): Result<void> {
  if (epochKey) return no('pass-unknown')
  const settled = draft.read('messages', message)
  if (!settled) return no('message-unknown')
  const mine = settled.recipients.find((recipient) => equalBytes(recipient.address, op.account))
  if (!mine) return no('not-recipient')
  if (metaOf(draft).epoch > settled.epoch + rules.ackWindowEpochs) return no('ack-late')
  if (mine.verdict) return no('ack-repeated')
  const recipients = settled.recipients.map((recipient) => (recipient === mine ? { ...mine, verdict } : recipient))
  draft.write('messages', message, { ...settled, recipients })
  return yes(undefined)
}
