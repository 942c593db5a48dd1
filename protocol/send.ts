/** Paying for a message: all its recipients, or none. */
import { balanceOf, burn, credit, debit, fillPot } from './account.ts'
import type { Context } from './context.ts'
import { messageId } from './envelope.ts'
import { lifetimeFactor, type Price, priceOf } from './fee.ts'
import { allowanceCovers } from './grant.ts'
import { policyAt } from './policy.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, grantKey, metaOf, type View } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** What a message asks of the rules: the quote's input, and the part of a `send` that is priced. */
export type Posting = Pick<ActionOf<'send'>, 'recipients' | 'sizeClass' | 'lifetimeDays'> & {
  readonly sender: Uint8Array
}

/** One recipient's price, and who pays it: the sender, or the allowance of the recipient's grant. */
export type Line = Price & { readonly recipient: Uint8Array; readonly payer: 'sender' | 'recipient' }

/** What a settled send did. */
export type Sent = { readonly message: Uint8Array; readonly lines: readonly Line[] }

/** The lines of a price, before anything is spent. Refuses: lifetime-unknown, recipient-unknown, tier-short. */
export function quote(view: View, { rules }: Context, posting: Posting): Result<Line[]> {
  const { sender, recipients, sizeClass, lifetimeDays } = posting
  if (lifetimeFactor(rules, lifetimeDays) === undefined) return no('lifetime-unknown')
  const { time } = metaOf(view)
  const lines: Line[] = []
  for (const recipient of recipients) {
    const account = view.read('accounts', recipient)
    if (!account?.signingKey) return no('recipient-unknown')
    const grant = view.read('grants', grantKey({ granter: recipient, sender }))
    const policy = policyAt(account, time)
    if (!grant && policy.leastTier > 0) return no('tier-short')
    const price = priceOf(rules, {
      basePrice: rules.basePrice,
      sizeClass,
      lifetimeDays,
      recipientCount: recipients.length,
      floor: grant ? 0n : policy.leastFee,
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
  if (send.epochKey) return no('pass-unknown')
  const message = messageId({ network, sender: op.account, ...send })
  if (draft.read('messages', message)) return no('message-settled')
  const lines = quote(draft, context, { sender: op.account, ...send })
  if (!lines.ok) return lines
  const cost = costToSender(lines.value)
  if (cost > send.feeMax) return no('over-maximum')
  if (balanceOf(rules, draft.read('accounts', op.account)!) < cost) return no('funds-short')
  debit(draft, op.account, cost)
  for (const line of lines.value) payLine(draft, op.account, line)
  const { height, epoch, time } = metaOf(draft)
  draft.write('messages', message, {
    sender: op.account,
    epochKey: send.epochKey,
    height,
    epoch,
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
  return yes({ message, lines: lines.value })
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
