/** Paying for a message: all its recipients, or none. */
import * as P from 'micro-packed'
import { Bytes32, EpochKey, equalBytes, optional } from '../codec.ts'
import type { Context } from '../context.ts'
import { keptUntil, messageId } from '../envelope.ts'
import type { Line } from '../fee.ts'
import { askedAt } from '../firm.ts'
import { grantHolds } from '../grant.ts'
import { type Asked, burnsInclusion, none, type Operation, type OpHead } from '../operation.ts'
import { answered, pairIn, pairKey, withMine, wrote, wroteAsStranger } from '../pair.ts'
import { payeeOf } from '../payee.ts'
import { withDemand } from '../price.ts'
import { amountsOfPrice, type Posting, quote, rateKey, touchesOfPosting } from '../quote.ts'
import { rateWith } from '../rate.ts'
import { countLetters } from '../reader.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
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
function apply(
  draft: Draft,
  context: Context,
  { account: sender, lines: named }: OpHead,
  send: Send,
): Result<Asked, Shortcoming> {
  const { rules, network } = context
  if (send.keeperSet !== rules.keepers.version) return no('keepers-unknown')
  const message = messageId({ network, sender, ...send })
  if (draft.read('messages', message)) return no('message-settled')
  const { height, epoch, time } = metaOf(draft)
  const from = named.length > 0 ? named.map((line) => line.from) : undefined
  const lines = quote(draft, context, { sender, ...send, until: time, from })
  if (!lines.ok) return lines
  const { basePrice } = askedAt(rules, metaOf(draft), time)
  const strangers = noteTraffic(draft, rules, { sender, ...send, basePrice }, lines.value)
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
      stranger: strangers[at]!,
      verdict: undefined,
      given: 0n,
    })),
  })
  const payee = payeeOf(rules, message)
  const asked = amountsOfPrice(lines.value, payee)
  // A share of nothing may be left out, and more than is asked may be given to whose turn it is.
  const share = payee && { payee, amount: asked.share?.amount ?? 0n }
  return yes({ ...asked, share, sent: { message, basePrice, payee, lines: lines.value } })
}

/**
 * Count a message: in each pair, in what readers did with strangers' letters, in the sender's rate, and in the demand that
 * moves the base price. Returns for each line whether it went to somebody to whom the sender was a stranger.
 */
function noteTraffic(
  draft: Draft,
  rules: Rules,
  posting: Pick<Posting, 'sender' | 'epochKey'> & { readonly basePrice: bigint },
  lines: readonly Line[],
): boolean[] {
  const meta = metaOf(draft)
  const { basePrice } = posting
  const toStrangers = lines.map(({ recipient }) => notePair(draft, rules, { sender: posting.sender, recipient }))
  const strangers = toStrangers.filter(Boolean).length
  if (strangers > 0)
    draft.write('rates', rateKey(posting), rateWith(rules, draft.read('rates', rateKey(posting)), meta.time, strangers))
  const demand = lines.reduce((sum, { fee }) => withDemand(sum, { fee, basePrice }), meta.demand)
  draft.write('meta', metaKey, { ...meta, demand })
  return toStrangers
}

/** Count a letter between two. Returns whether its sender was a stranger to its recipient. */
function notePair(
  draft: Draft,
  rules: Rules,
  { sender, recipient }: { sender: Uint8Array; recipient: Uint8Array },
): boolean {
  const { epoch, time } = metaOf(draft)
  const key = pairKey(sender, recipient)
  const pair = draft.read('pairs', key)
  const seen = { epoch, me: sender, other: recipient }
  const { theirs } = pairIn(rules, pair, seen)
  const grant = draft.read('grants', grantKey({ granter: recipient, sender }))
  const isStranger = theirs.messages === 0 && !grantHolds(grant, time)
  const written = withMine(rules, pair, seen, isStranger ? wroteAsStranger : wrote)
  draft.write('pairs', key, withMine(rules, written, { epoch, me: recipient, other: sender }, answered))
  countLetters(draft, sender, { answered: theirs.asStranger })
  countLetters(draft, recipient, { received: isStranger ? 1 : 0 })
  return isStranger
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
    ...[sender, ...data.recipients].map((key) => ({ table: 'readers', key }) as const),
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: (network, { account: sender }, data) => messageId({ network, sender, ...data }),
  endsWith: none,
}
