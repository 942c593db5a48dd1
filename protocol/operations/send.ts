/** Paying for a message: all its recipients, or none. */
import * as P from 'micro-packed'
import { balanceOf, burn, credit, debit, fillPot } from '../account.ts'
import { AddressBytes, Bytes32, EpochKey, equalBytes, listOf, optional, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { keptUntil, messageId, recipientsLimit } from '../envelope.ts'
import type { Line, Sent } from '../fee.ts'
import { none, noSignatures, type Operation, type OpHead } from '../operation.ts'
import { pairIn, pairKey, withMine, wrote } from '../pair.ts'
import { withDemand } from '../price.ts'
import { costToSender, type Posting, quote, rateKey, touchesOfPosting } from '../quote.ts'
import { rateWith } from '../rate.ts'
import { no, type Result, yes } from '../reason.ts'
import type { Rules } from '../rules.ts'
import { type Draft, grantKey, metaKey, metaOf } from '../state.ts'

/** `feeMax` is what the sender signs as the most it may cost; `epochKey` is the pass it is sent under, if any. */
const Send = P.struct({
  recipients: listOf(AddressBytes, { min: 1, max: recipientsLimit }),
  envelopeHash: Bytes32,
  sizeClass: P.U8,
  lifetimeDays: P.U16BE,
  keeperSet: P.U32BE,
  feeMax: U64,
  epochKey: optional(EpochKey),
})
type Send = P.UnwrapCoder<typeof Send>

/** Settle a message. Refuses: keepers-unknown, message-settled, what `quote` does, over-maximum, funds-short. */
function apply(draft: Draft, context: Context, { account: sender }: OpHead, send: Send): Result<Sent> {
  const { rules, network } = context
  if (send.keeperSet !== rules.keepers.version) return no('keepers-unknown')
  const message = messageId({ network, sender, ...send })
  if (draft.read('messages', message)) return no('message-settled')
  const lines = quote(draft, context, { sender, ...send })
  if (!lines.ok) return lines
  const cost = costToSender(lines.value)
  if (cost > send.feeMax) return no('over-maximum')
  if (balanceOf(rules, draft.read('accounts', sender)!) < cost) return no('funds-short')
  debit(draft, sender, cost)
  for (const line of lines.value) payLine(draft, sender, line)
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
    recipients: lines.value.map(({ recipient, payer, paid, burned, credit }) => ({
      address: recipient,
      // What counts for reputation is what the sender paid, so a message on the recipient's allowance counts nothing.
      fee: payer === 'sender' ? paid : 0n,
      burned: payer === 'sender' ? burned : 0n,
      credit,
      verdict: undefined,
    })),
  })
  return yes({ message, basePrice, lines: lines.value })
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
    if (!known && !draft.read('grants', grantKey({ granter: recipient, sender }))) strangers++
    draft.write('pairs', key, withMine(rules, pair, seen, wrote))
  }
  if (strangers > 0)
    draft.write('rates', rateKey(posting), rateWith(rules, draft.read('rates', rateKey(posting)), meta.time, strangers))
  const { basePrice } = meta
  const demand = lines.reduce((sum, { fee }) => withDemand(sum, { fee, basePrice }), meta.demand)
  draft.write('meta', metaKey, { ...meta, demand })
}

/** Hand out what one line takes in; the sender's part was debited as one sum. */
function payLine(draft: Draft, sender: Uint8Array, line: Line): void {
  if (line.payer === 'recipient') {
    const key = grantKey({ granter: line.recipient, sender })
    const grant = draft.read('grants', key)!
    draft.write('grants', key, { ...grant, allowance: grant.allowance - line.paid })
  }
  if (line.credit > 0n) credit(draft, line.recipient, line.credit)
  burn(draft, line.burned)
  fillPot(draft, line.operators)
}

/** The row of `send`. */
export const send: Operation<Send> = {
  number: 5,
  codec: Send,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: none,
    nextKey: none,
    costMax: (_rules, { feeMax }) => feeMax,
  },
  form({ account }, { recipients, sizeClass }, rules) {
    if (sizeClass > rules.sizeClassMax) return no('too-large')
    if (recipients.length > rules.recipientsMax) return no('too-many-recipients')
    if (recipients.some((recipient) => equalBytes(recipient, account))) return no('recipient-self')
    return new Set(recipients.map(String)).size === recipients.length ? yes(undefined) : no('recipient-repeated')
  },
  signatures: noSignatures,
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
