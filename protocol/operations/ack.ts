/**
 * A recipient's verdict on a settled message. The verdict never moves money; it weighs on the epoch key the message came
 * under. Beside it the recipient may give back what they got for the message.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, EpochKey, equalBytes, optional } from '../codec.ts'
import type { Context } from '../context.ts'
import { countsFrom } from '../firm.ts'
import { type Asked, none, type Operation, type OpHead } from '../operation.ts'
import { closed, pairIn, pairKey, valued, weighedAsStranger, withMine } from '../pair.ts'
import { goodPass } from '../pass.ts'
import { noteReading } from '../reader.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import {
  effectiveTier,
  fallen,
  flagWeight,
  type Paid,
  saturated,
  scoreOne,
  valueWeight,
  within,
} from '../reputation.ts'
import { type Draft, type Message, metaOf, type Records } from '../state.ts'
import { Verdict } from '../words.ts'
import { faultOfGiving } from './give-back.ts'

/**
 * The message's sender and the pass it was sent under stand in it, so that the op names every record it touches.
 * `epochKey` is the pass of the one who acknowledges, if any.
 */
const Mail = P.struct({
  message: Bytes32,
  sender: AddressBytes,
  senderKey: optional(EpochKey),
  verdict: Verdict,
  epochKey: optional(EpochKey),
})
type Mail = P.UnwrapCoder<typeof Mail>
/** `giveBack` is paid to the sender in its one line; without a line it is 0. */
type Ack = Mail & { readonly giveBack: bigint }
type RecipientPart = Message['recipients'][number]

/** Where the ledger sums up what one epoch key holds against another. */
export const flagsKey = (accuser: Uint8Array, accused: Uint8Array): Uint8Array => concatBytes(accuser, accused)

/**
 * Record a verdict. Refuses: message-unknown, message-other, not-recipient, ack-late, ack-repeated, pass-unknown, what
 * `faultOfGiving` says.
 */
function apply(draft: Draft, context: Context, head: OpHead, ack: Ack): Result<Asked, Shortcoming> {
  const { message, verdict } = ack
  const settled = draft.read('messages', message)
  if (!settled) return no('message-unknown')
  if (!equalBytes(settled.sender, ack.sender) || !sameKey(settled.epochKey, ack.senderKey)) return no('message-other')
  const mine = settled.recipients.find((recipient) => equalBytes(recipient.address, head.account))
  if (!mine) return no('not-recipient')
  if (metaOf(draft).epoch > settled.epoch + context.rules.ackWindowEpochs) return no('ack-late')
  if (mine.verdict) return no('ack-repeated')
  const weighed = ack.epochKey
    ? weigh(draft, context, head, { ...ack, epochKey: ack.epochKey }, settled, mine)
    : yes(undefined)
  if (!weighed.ok) return weighed
  const fault = ack.giveBack > 0n ? faultOfGiving(mine, ack.giveBack) : undefined
  if (fault) return no(fault)
  const judged = { ...mine, verdict, given: mine.given + ack.giveBack }
  const recipients = settled.recipients.map((recipient) => (recipient === mine ? judged : recipient))
  draft.write('messages', message, { ...settled, recipients })
  noteReading(draft, { before: mine, after: judged })
  if (isFlag(verdict)) close(draft, context, { me: head.account, other: ack.sender })
  return yes({})
}

const isFlag = (verdict: Verdict): verdict is 'spam' | 'abuse' => verdict === 'spam' || verdict === 'abuse'

/** A flag ends the acquaintance, until its owner writes to them again. */
function close(draft: Draft, { rules }: Context, { me, other }: { me: Uint8Array; other: Uint8Array }): void {
  const { epoch, time } = metaOf(draft)
  const key = pairKey(me, other)
  const from = countsFrom(rules, time)
  draft.write('pairs', key, withMine(rules, draft.read('pairs', key), { epoch, me, other }, closed(from)))
}

/** Let a verdict by the owner of a pass weigh on the pass that the message was sent under. */
function weigh(
  draft: Draft,
  context: Context,
  head: OpHead,
  ack: Ack & { epochKey: Uint8Array },
  settled: Message,
  mine: RecipientPart,
): Result<undefined, Shortcoming> {
  const { rules } = context
  const acker = goodPass(draft, rules, { epochKey: ack.epochKey, pseudonym: head.account })
  if (!acker) return no('pass-unknown')
  const accused = ack.senderKey && draft.read('passes', ack.senderKey)
  if (!ack.senderKey || !accused || ack.verdict === 'abstain' || equalBytes(ack.senderKey, ack.epochKey))
    return yes(undefined)
  // What a pass gathers is summed up at the close of its window, also where a message went out under it in its grace.
  if (metaOf(draft).epoch > accused.epoch + rules.ackWindowEpochs) return yes(undefined)
  const paid = { fee: mine.fee, burned: mine.burned, basePrice: settled.basePrice, sizeClass: settled.sizeClass }
  const weighing = { ...ack, acker, accused, senderKey: ack.senderKey }
  if (ack.verdict === 'value') addValue(draft, context, head, weighing, paid)
  else addFlag(draft, context, head, { ...weighing, verdict: ack.verdict }, { ...paid, asStranger: mine.asStranger })
  return yes(undefined)
}

type Weighing = {
  readonly epochKey: Uint8Array
  readonly senderKey: Uint8Array
  readonly sender: Uint8Array
  readonly acker: Records['passes']
  readonly accused: Records['passes']
}

function addValue(
  draft: Draft,
  { rules }: Context,
  head: OpHead,
  { epochKey, senderKey, sender, acker, accused }: Weighing,
  paid: Paid,
): void {
  const key = pairKey(sender, head.account)
  const pair = draft.read('pairs', key)
  const seen = { epoch: metaOf(draft).epoch, me: sender, other: head.account }
  const recent = pairIn(rules, pair, seen).mine.valued
  const full = valueWeight(rules, paid, { acker: effectiveTier(rules, acker), recent })
  const weight = within(rules.reputation.valueBudget * scoreOne, acker.valueSpent, full)
  if (weight === 0n) return
  draft.write('pairs', key, withMine(rules, pair, seen, valued))
  draft.write('passes', epochKey, { ...acker, valueSpent: acker.valueSpent + weight })
  draft.write('passes', senderKey, { ...accused, positive: saturated(accused.positive + weight) })
}

/**
 * A flag weighs what was paid; on a letter of an exchange what a stranger would have paid, once a pair until a letter at
 * that price was paid again.
 */
function addFlag(
  draft: Draft,
  { rules }: Context,
  head: OpHead,
  { epochKey, senderKey, sender, acker, accused, verdict }: Weighing & { verdict: 'spam' | 'abuse' },
  paid: Paid & { readonly asStranger: bigint },
): void {
  const pairOfTwo = pairKey(sender, head.account)
  const pair = draft.read('pairs', pairOfTwo)
  const seen = { epoch: metaOf(draft).epoch, me: sender, other: head.account }
  const asStranger = paid.asStranger > 0n && !pairIn(rules, pair, seen).mine.weighed
  const key = flagsKey(epochKey, senderKey)
  const held = draft.read('flags', key)?.weight ?? 0n
  const counted = { ...paid, fee: asStranger ? paid.asStranger : paid.fee }
  const full = flagWeight(rules, counted, { acker: effectiveTier(rules, acker), verdict })
  const affordable = within(rules.reputation.flagBudget * scoreOne, acker.flagSpent, full)
  const weight = within(rules.reputation.flagMax * scoreOne, held, affordable)
  if (weight === 0n) return
  draft.write('flags', key, { weight: held + weight })
  if (asStranger) draft.write('pairs', pairOfTwo, withMine(rules, pair, seen, weighedAsStranger))
  draft.write('passes', epochKey, { ...acker, flagSpent: acker.flagSpent + weight })
  const negative = saturated(accused.negative + weight)
  const falls = fallen(rules, accused, { negative, from: countsFrom(rules, metaOf(draft).time) })
  draft.write('passes', senderKey, { ...accused, negative, ...falls })
}

const sameKey = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

/** The row of `ack`. */
export const ack: Operation<Ack, Mail> = {
  number: 6,
  mail: Mail,
  deed: none,
  lines: ({ sender, giveBack }) => (giveBack > 0n ? [{ address: sender, amount: giveBack, from: 'funds' }] : []),
  read({ lines: [line, ...rest], mail }) {
    if (!line) return { ...mail, giveBack: 0n }
    const isBack =
      line.from === 'funds' && line.amount > 0n && rest.length === 0 && equalBytes(line.address, mail.sender)
    return isBack ? { ...mail, giveBack: line.amount } : undefined
  },
  burns: ({ inclusionFee }, { giveBack }) => (giveBack > 0n ? inclusionFee : 0n),
  author: { kind: 'account' },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, { account }, { message, sender, senderKey, epochKey }) => [
    { table: 'messages', key: message },
    { table: 'pairs', key: pairKey(account, sender) },
    { table: 'readers', key: account },
    ...(epochKey ? [{ table: 'passes', key: epochKey } as const] : []),
    ...(senderKey && !sameKey(epochKey, senderKey) ? [{ table: 'passes', key: senderKey } as const] : []),
    ...(epochKey && senderKey ? [{ table: 'flags', key: flagsKey(epochKey, senderKey) } as const] : []),
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
