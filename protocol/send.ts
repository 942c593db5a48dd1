/** Paying for a message: all its recipients, or none. */
import { balanceOf, burn, credit, debit, fillPot } from './account.ts'
import type { Context } from './context.ts'
import { messageId } from './envelope.ts'
import { lifetimeFactor, type Price, priceOf } from './fee.ts'
import { allowanceCovers } from './grant.ts'
import { pairIn, pairKey, withMine, wrote } from './pair.ts'
import { standingUnder } from './pass.ts'
import { policyAt } from './policy.ts'
import { withDemand } from './price.ts'
import { rateAt, rateWith } from './rate.ts'
import { no, type Result, yes } from './reason.ts'
import { rankOf } from './reputation.ts'
import type { Rules } from './rules.ts'
import { type Draft, grantKey, metaKey, metaOf, type View } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** What a message asks of the rules: the quote's input, and the part of a `send` that is priced. */
export type Posting = Pick<ActionOf<'send'>, 'recipients' | 'sizeClass' | 'lifetimeDays' | 'epochKey'> & {
  readonly sender: Uint8Array
}

/** One recipient's price, and who pays it: the sender, or the allowance of the recipient's grant. */
export type Line = Price & { readonly recipient: Uint8Array; readonly payer: 'sender' | 'recipient' }

/** What a settled send did. */
export type Sent = { readonly message: Uint8Array; readonly basePrice: bigint; readonly lines: readonly Line[] }

/** The key under which messages to strangers are counted: the epoch key, or the pseudonym where there is no pass. */
export const rateKey = ({ sender, epochKey }: Pick<Posting, 'sender' | 'epochKey'>): Uint8Array => epochKey ?? sender

/** The lines of a price, before anything is spent. Refuses: lifetime-unknown, pass-unknown, recipient-unknown, tier-short. */
export function quote(view: View, { rules }: Context, posting: Posting): Result<Line[]> {
  const { sender, recipients, sizeClass, lifetimeDays, epochKey } = posting
  if (lifetimeFactor(rules, lifetimeDays) === undefined) return no('lifetime-unknown')
  const standing = standingUnder(view, rules, { epochKey, pseudonym: sender })
  if (!standing.ok) return standing
  const { time, epoch, basePrice } = metaOf(view)
  let strangers = rateAt(rules, view.read('rates', rateKey(posting)), time)
  const lines: Line[] = []
  for (const recipient of recipients) {
    const account = view.read('accounts', recipient)
    if (!account?.signingKey) return no('recipient-unknown')
    const grant = view.read('grants', grantKey({ granter: recipient, sender }))
    const pair = view.read('pairs', pairKey(sender, recipient))
    const { mine, theirs } = pairIn(rules, pair, { epoch, me: sender, other: recipient })
    const acquainted = theirs.messages > 0
    const welcome = acquainted || grant !== undefined
    const policy = policyAt(account, time)
    if (!welcome && rankOf(standing.value) < policy.leastTier) return no('tier-short')
    if (!welcome) strangers++
    const price = priceOf(rules, {
      basePrice,
      sizeClass,
      lifetimeDays,
      recipientCount: recipients.length,
      familiarity: mine.messages,
      strangers: welcome ? 0 : strangers,
      written: mine.recent,
      // Who said that a letter was worth it has answered it, too.
      received: theirs.recent + mine.valued,
      standing: standing.value,
      acquainted,
      floor: welcome ? 0n : policy.leastFee,
      granted: grant !== undefined,
    })
    lines.push({ ...price, recipient, payer: grant && allowanceCovers(grant, price.paid) ? 'recipient' : 'sender' })
  }
  return yes(lines)
}

/** What the sender itself pays for the lines of a quote. */
export const costToSender = (lines: readonly Line[]): bigint =>
  lines.reduce((sum, line) => sum + (line.payer === 'sender' ? line.paid : 0n), 0n)

/** Settle a message. Refuses: keepers-unknown, pass-unknown, message-settled, what `quote` does, over-maximum, funds-short. */
export function applySend(draft: Draft, context: Context, op: Op, send: ActionOf<'send'>): Result<Sent> {
  const { rules, network } = context
  if (send.keeperSet !== rules.keepers.version) return no('keepers-unknown')
  const message = messageId({ network, sender: op.account, ...send })
  if (draft.read('messages', message)) return no('message-settled')
  const lines = quote(draft, context, { sender: op.account, ...send })
  if (!lines.ok) return lines
  const cost = costToSender(lines.value)
  if (cost > send.feeMax) return no('over-maximum')
  if (balanceOf(rules, draft.read('accounts', op.account)!) < cost) return no('funds-short')
  debit(draft, op.account, cost)
  for (const line of lines.value) payLine(draft, op.account, line)
  noteTraffic(draft, rules, { sender: op.account, ...send }, lines.value)
  const { height, epoch, time, basePrice } = metaOf(draft)
  draft.write('messages', message, {
    sender: op.account,
    epochKey: send.epochKey,
    height,
    epoch,
    basePrice,
    sizeClass: send.sizeClass,
    keptUntil: time + BigInt(send.lifetimeDays) * dayMs,
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

/** A day of a message's lifetime. */
export const dayMs = 86_400_000n

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
