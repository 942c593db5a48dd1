/** Paying for a message: all its recipients, or none. */
import * as P from 'micro-packed'
import { Bytes32, EpochKey, equalBytes, optional } from '../codec.ts'
import type { Context } from '../context.ts'
import { keptUntil, messageId } from '../envelope.ts'
import type { Line } from '../fee.ts'
import { grantHolds } from '../grant.ts'
import { type Asked, burnsInclusion, none, type Operation, type OpHead } from '../operation.ts'
import { pairIn, pairKey, withMine, wrote } from '../pair.ts'
import { payeeOf } from '../payee.ts'
import { withDemand } from '../price.ts'
import { amountsOfPrice, type Posting, quote, rateKey, touchesOfPosting } from '../quote.ts'
import { rateWith } from '../rate.ts'
import { no, type Result, yes } from '../reason.ts'
import type { Rules } from '../rules.ts'
import { type Draft, grantKey, metaKey, metaOf } from '../state.ts'

const Mail = P.struct({
  envelopeHash: Bytes32,
  sizeClass: P.U8,
  lifetimeDays: P.U16BE,
  keeperSet: P.U32BE,
  epochKey: optional(EpochKey),
})
type Mail = P.UnwrapCoder<typeof Mail>

/** The recipients are those of its lines; `epochKey` is the pass it is sent under, if any. */
type Send = Mail & { readonly recipients: readonly Uint8Array[] }

/** Settle a message. Refuses: keepers-unknown, message-settled, what `quote` does. */
function apply(draft: Draft, context: Context, { account: sender, lines: named }: OpHead, send: Send): Result<Asked> {
  const { rules, network } = context
  if (send.keeperSet !== rules.keepers.version) return no('keepers-unknown')
  const message = messageId({ network, sender, ...send })
  if (draft.read('messages', message)) return no('message-settled')
  const lines = quote(draft, context, {
    sender,
    ...send,
    from: named.length > 0 ? named.map(({ from }) => from) : undefined,
  })
  if (!lines.ok) return lines
  noteTraffic(draft, rules, { sender, ...send }, lines.value)
  const { height, epoch, time, basePrice } = metaOf(draft)
  draft.write('messages', message, {
    sender,
    epochKey: send.epochKey,
    height,
    epoch,
    basePrice,
    sizeClass: send.sizeClass,
    keptUntil: keptUntil({ time, lifetimeDays: send.lifetimeDays }),
    recipients: lines.value.map(({ recipient, payer, paid, burned, credit }, at) => ({
      address: recipient,
      // What counts for reputation is what the sender paid, so a message on the recipient's allowance counts nothing.
      fee: payer === 'sender' ? paid : 0n,
      burned: payer === 'sender' ? burned : 0n,
      // What they got is what was named, which may be more than is asked by now.
      credit: named[at]?.from === 'funds' ? named[at].amount : credit,
      verdict: undefined,
    })),
  })
  const payee = payeeOf(rules, message)
  return yes({ ...amountsOfPrice(lines.value, payee), sent: { message, basePrice, payee, lines: lines.value } })
}

/** Count a message: in each pair, in the sender's rate, and in the demand that moves the base price. */
function noteTraffic(draft: Draft, rules: Rules, posting: Posting, lines: readonly Line[]): void {
  const meta = metaOf(draft)
  const { sender } = posting
  let strangers = 0
  for (const { recipient } of lines) {
    const key = pairKey(sender, recipient)
    const pair = draft.read('pairs', key)
    const seen = { epoch: meta.epoch, me: sender, other: recipient }
    const known = pairIn(rules, pair, seen).theirs.messages > 0
    if (!known && !grantHolds(draft.read('grants', grantKey({ granter: recipient, sender })), meta.time)) strangers++
    draft.write('pairs', key, withMine(rules, pair, seen, wrote))
  }
  if (strangers > 0)
    draft.write('rates', rateKey(posting), rateWith(rules, draft.read('rates', rateKey(posting)), meta.time, strangers))
  const { basePrice } = meta
  const demand = lines.reduce((sum, { fee }) => withDemand(sum, { fee, basePrice }), meta.demand)
  draft.write('meta', metaKey, { ...meta, demand })
}

/** The row of `send`. */
export const send: Operation<Send, Mail> = {
  number: 5,
  mail: Mail,
  deed: none,
  lines: none,
  read: ({ lines, mail }) =>
    lines.length > 0 ? { ...mail, recipients: lines.map(({ address }) => address) } : undefined,
  burns: burnsInclusion,
  author: { kind: 'account' },
  form({ account }, { recipients, sizeClass }, rules) {
    if (sizeClass > rules.sizeClassMax) return no('too-large')
    if (recipients.length > rules.recipientsMax) return no('too-many-recipients')
    if (recipients.some((recipient) => equalBytes(recipient, account))) return no('recipient-self')
    return new Set(recipients.map(String)).size === recipients.length ? yes(undefined) : no('recipient-repeated')
  },
  agreement: none,
  touches: ({ network }, { account: sender }, data) => [
    { table: 'messages', key: messageId({ network, sender, ...data }) },
    ...touchesOfPosting({ sender, ...data }),
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: (network, { account: sender }, data) => messageId({ network, sender, ...data }),
  registers: none,
  endsWith: none,
}
