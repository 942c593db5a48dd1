/** Paying for a message: all its recipients, or none. */
import * as P from 'micro-packed'
import { Bytes32, EpochKey, equalBytes, optional } from '../codec.ts'
import type { Context } from '../context.ts'
import { keptUntil, messageId } from '../envelope.ts'
import type { Line } from '../fee.ts'
import { type Asked, burnsInclusion, none, type Operation, type OpHead } from '../operation.ts'
import { answered, isStrangerTo, kindOf, owesAnswer, pairIn, pairKey, withMine, wrote } from '../pair.ts'
import { payeeOf } from '../payee.ts'
import { withDemand } from '../price.ts'
import { amountsOfPrice, quote, type Quoted, touchesOfPosting } from '../quote.ts'
import { countLetters } from '../reader.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import type { Rules } from '../rules.ts'
import { type Draft, metaKey, metaOf } from '../state.ts'

const Mail = P.struct({
  envelopeHash: Bytes32,
  sizeClass: P.U8,
  lifetimeDays: P.U16BE,
  keeperSet: P.U32BE,
  epochKey: optional(EpochKey),
  /** Written by a program without anybody's word for this one: it is no answer to anything. */
  automatic: P.bool,
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
  const quoted = quote(draft, context, { sender, ...send, until: time, named: named.length > 0 ? named : undefined })
  if (!quoted.ok) return quoted
  const { basePrice, lines, carriage } = quoted.value
  noteDemand(draft, quoted.value)
  const marks = lines.map(({ recipient, granted }) => notePair(draft, rules, { sender, recipient, granted, ...send }))
  draft.write('messages', message, {
    sender,
    epochKey: send.epochKey,
    height,
    epoch,
    basePrice,
    sizeClass: send.sizeClass,
    automatic: send.automatic,
    keptUntil: keptUntil({ time, lifetimeDays: send.lifetimeDays }),
    recipients: lines.map(({ recipient, payer, counts, credit }, at) => ({
      address: recipient,
      // What counts for reputation is what the sender paid, so a message on the recipient's allowance counts nothing.
      fee: payer === 'sender' ? counts.fee : 0n,
      burned: payer === 'sender' ? counts.burned : 0n,
      asStranger: marks[at]!.weighsAsStranger ? counts.asStranger : 0n,
      // What they got is what was named, which may be more than is asked by now.
      credit: named[at]?.from === 'funds' ? named[at].amount : credit,
      stranger: marks[at]!.isStranger,
      verdict: undefined,
      given: 0n,
    })),
  })
  const payee = payeeOf(rules, message)
  const asked = amountsOfPrice(quoted.value, payee)
  // A share of nothing may be left out, and more than is asked may be given to whose turn it is.
  const share = payee && { payee, amount: asked.share?.amount ?? 0n }
  // The row burns the inclusion fee, which is a part of the carriage.
  const burn = asked.burn - rules.inclusionFee
  return yes({ ...asked, burn, share, sent: { message, basePrice, carriage, payee, lines: lines.map(withoutCounts) } })
}

/** What of a line is committed to. */
const withoutCounts = ({ counts: _counts, granted: _granted, ...line }: Quoted['lines'][number]): Line => line

/** Count a message in the demand that moves the base price. */
function noteDemand(draft: Draft, { basePrice, lines, carriage }: Quoted): void {
  const meta = metaOf(draft)
  const asked = lines.reduce((sum, { counts }) => sum + counts.demand, carriage)
  draft.write('meta', metaKey, { ...meta, demand: withDemand(meta.demand, { asked, basePrice }) })
}

/** Whether a letter's sender was a stranger to its recipient, and whether a flag may weigh on it as on a stranger's. */
type Mark = { readonly isStranger: boolean; readonly weighsAsStranger: boolean }

/** Count a letter between two, and in what both did with strangers' letters. */
function notePair(
  draft: Draft,
  rules: Rules,
  {
    sender,
    recipient,
    granted,
    automatic,
  }: Pick<Send, 'automatic'> & { sender: Uint8Array; recipient: Uint8Array; granted: boolean },
): Mark {
  const { epoch, time } = metaOf(draft)
  const key = pairKey(sender, recipient)
  const pair = draft.read('pairs', key)
  const seen = { epoch, me: sender, other: recipient }
  const sides = pairIn(rules, pair, seen)
  const next = { sides, automatic }
  const kind = granted ? 'exchange' : kindOf(rules, next, time)
  // Whoever answers an automatic letter pays an answer's price, which is no stranger's letter.
  const isStranger = kind === 'first' && isStrangerTo(sides) && !sides.mine.acquainted
  const written = withMine(rules, pair, seen, wrote({ kind, automatic, granted, stranger: isStranger }))
  const back = { epoch, me: recipient, other: sender }
  draft.write('pairs', key, automatic ? written : withMine(rules, written, back, answered))
  countLetters(draft, sender, { answered: automatic ? 0 : sides.theirs.asStranger })
  countLetters(draft, recipient, { received: isStranger ? 1 : 0 })
  return { isStranger, weighsAsStranger: kind === 'exchange' && !granted && !owesAnswer(next) }
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
