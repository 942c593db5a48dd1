/** What a sealed message costs as its batch will find it, and the operation that pays so much. */
import { balanceOf } from '../../protocol/account.ts'
import type { Context } from '../../protocol/context.ts'
import { envelopeBytes } from '../../protocol/envelope.ts'
import { apply } from '../../protocol/ledger.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import { amountsOfPrice, costToSender, type Posting, quote, type Quoted, touchesOfQuote } from '../../protocol/quote.ts'
import { payeeOf } from '../../protocol/payee.ts'
import { type Result, yes } from '../../protocol/reason.ts'
import { tierAt } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import { createDraft, type View, writeAll } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { amountText } from '../amount.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { Order } from './signing.ts'
import type { Own } from '../keys/wallet.ts'
import type { KeyOf } from './epoch-key.ts'
import { createExpiryOf } from './expiry.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Pending } from '../peers/pending.ts'
import { atTime } from '../peers/state-ahead.ts'
import type { Waiting } from '../peers/waiting-ops.ts'
import type { Prepared } from './prepare.ts'
import type { Clock } from '../seams.ts'
import type { Price } from '../priced.ts'
import { Refusal, refusalOf } from '../service.ts'
import { readerView, tooManyUnanswered } from './unanswered.ts'
import { type Names, namesOf, priceLine } from './views.ts'

/** About what an operation adds to its envelope on the wire, in bytes. */
const opBytes = 200

export type Pricing = ReturnType<typeof createPricing>

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'of'>
    readonly seams: { readonly clock: Pick<Clock, 'now'> }
  }
  readonly cabinet: Pick<Cabinet, 'contacts' | 'putLetter' | 'putLimit' | 'putPacked'>
  readonly keyOf: KeyOf
  /** The how manieth letter to somebody who never answered is not sent unless its owner insists; without it, none is that. */
  readonly askBefore?: number | undefined
}

/** What of a message has a price. */
type Priced = Pick<Posting, 'recipients' | 'sizeClass' | 'lifetimeDays' | 'automatic'> & { readonly own: Own }

/** The most that it is to cost, and the times until which it may be priced, the most wanted first. */
type Terms = { readonly most?: bigint | undefined; readonly held?: bigint | undefined }

/** What our copy of a message is called, and when it is not to be sent. */
export type Wish = {
  readonly subject: string
  readonly refuseAbove: string | undefined
  /** Whether it is sent to somebody, too, who left too many of ours unanswered. */
  readonly insist: boolean
}

/** A send of ours as it was signed; `held` is until when, where that suffices. */
type Former = Pick<Terms, 'held'> & {
  readonly own: Own
  readonly message: Uint8Array
  readonly was: ActionOf<'send'>
  readonly most: bigint
}

export function createPricing({ node, cabinet, keyOf, askBefore = Infinity }: Options) {
  const { context, replica, pending, seams } = node
  const { rules } = context
  const expiryOf = createExpiryOf(node)

  /**
   * Price a message as its batch will find it: after everything of ours that waits now, and whatever others do until it
   * expires. The price holds until then, or until another op of ours is signed. Where it is to be at most so much, and is
   * not, it is asked for a shorter time too; where a time is `held` that is not over, for that one alone. Also says under
   * which epoch key it holds, and until when. Throws Refusal.
   */
  async function askedFor({ own, ...posted }: Priced, { most, held }: Terms) {
    const { recipients } = posted
    const epochKey = await keyOf(own.address)
    const waiting = pending.of(own.address)
    const view = await replica.view([
      ...waiting.flatMap((incoming) => touches(context, incoming)),
      ...touchesOfQuote({ sender: own.address, recipients, epochKey }),
      ...recipients.map((key) => ({ table: 'readers', key }) as const),
    ])
    const now = seams.clock.now()
    const about = { sender: own.address, ...posted, epochKey }
    const askedUntil = (until: bigint) => {
      const { quotes, after } = quotesAlong(context, atTime(view, now), { waiting, posting: { ...about, until } })
      const dearest = dearestOf(quotes)
      if (!dearest.ok) throw refusalOf(dearest.reason)
      return { asked: dearest.value, after, until }
    }
    const longest = await expiryOf({ epochKey })
    const isHeld = held !== undefined && held > now && held < longest
    const until = isHeld ? held : longest
    const found = { ...askedUntil(until), epochKey, view }
    const shorter = longest - BigInt(Math.floor(rules.expiryMaxMs / 2))
    if (isHeld || most === undefined || costToSender(found.asked.lines) <= most || shorter <= now) return found
    return { ...found, ...askedUntil(shorter) }
  }

  /** What a sealed message costs, by `askedFor`. Throws Refusal. */
  async function price(prepared: Prepared, most?: bigint) {
    const { own, recipients, sealed, lifetimeDays, automatic } = prepared
    const { sizeClass } = sealed
    const found = await askedFor({ own, recipients, sizeClass, lifetimeDays, automatic }, { most })
    const names = namesOf(await cabinet.contacts())
    return { ...found, quoted: priceOf(rules, found.view, { ...found, prepared, names }) }
  }

  /**
   * What is to be signed and kept for a sealed message: it pays the price of now, which is what its owner is shown. Throws
   * Refusal where that is above what they said it may be.
   */
  async function order(prepared: Prepared, { subject, refuseAbove, insist }: Wish) {
    const { recipients, packed, sealed, lifetimeDays, automatic } = prepared
    const { messageId: id, envelopeHash, sizeClass, lockKey } = sealed
    const limit = refuseAbove === undefined ? undefined : BigInt(refuseAbove)
    const { quoted, asked, epochKey, until } = await price(prepared, limit)
    const unanswered = insist ? undefined : tooManyUnanswered(quoted, askBefore)
    if (unanswered) throw unanswered
    const date = BigInt(seams.clock.now())
    if (limit !== undefined && BigInt(quoted.fee) > limit) throw overMaximum()
    const terms = { keeperSet: rules.keepers.version, epochKey, automatic }
    const action: Action = {
      TAG: 'send',
      data: { recipients: [...recipients], envelopeHash, sizeClass, lifetimeDays, ...terms },
    }
    const amount = BigInt(quoted.fee)
    const most = limit ?? amount
    const letterOf = (opId: Uint8Array): Letter => sentLetter(prepared, { subject, date, amount, opId })
    const alongside = (opId: Uint8Array) => [
      ...cabinet.putLetter(letterOf(opId)),
      cabinet.putPacked(id, packed),
      cabinet.putLimit(opId, most),
    ]
    return {
      action,
      amounts: amountsOfPrice(asked, payeeOf(rules, id)),
      expiry: until,
      parcel: { id, envelope: sealed.envelopeBytes, lockKey },
      alongside,
      quoted,
      letterOf,
    }
  }

  /**
   * What is to be signed in the place of a send that can be settled no more as it is, or would not suffice: it pays the
   * price of now, within the most that was agreed to. Throws Refusal where there is no such price.
   */
  async function orderAnew({
    own,
    message,
    most,
    was,
    held,
  }: Former): Promise<Required<Pick<Order, 'action' | 'amounts' | 'fee' | 'expiry'>>> {
    const { asked, epochKey, until } = await askedFor({ own, ...was }, { most, held })
    const fee = costToSender(asked.lines)
    if (fee > most) throw dearerThan(context.rules, { most, fee })
    return {
      action: { TAG: 'send', data: { ...was, epochKey } },
      amounts: amountsOfPrice(asked, payeeOf(rules, message)),
      fee,
      expiry: until,
    }
  }

  return {
    price,
    order,
    orderAnew,
    /** The no to a letter to somebody who left too many of ours unanswered; nothing where it is none. */
    tooManyUnanswered: (price: Price): Refusal | undefined => tooManyUnanswered(price, askBefore),
  }
}

/** What a message is quoted now, and after each of our ops that wait before it; and the state after all of them. */
function quotesAlong(
  context: Context,
  view: View,
  { waiting, posting }: { waiting: readonly Waiting[]; posting: Posting },
): { readonly quotes: readonly Result<Quoted>[]; readonly after: View } {
  const draft = createDraft(view)
  const quotes = [quote(draft, context, posting)]
  for (const incoming of waiting) {
    const result = apply(draft, { ...context, verify: () => true, verifyProof: () => true }, incoming)
    if (result.kind === 'void') continue
    writeAll(draft, result.changes)
    quotes.push(quote(draft, context, posting))
  }
  return { quotes, after: draft }
}

/**
 * For each recipient the most that any of them asks: nodes check the price at any time, also when only a part of what waits
 * is settled. The last says whether it can be sent at all. What carrying it burns is the same in all.
 */
function dearestOf(quotes: readonly Result<Quoted>[]): Result<Quoted> {
  const last = quotes.at(-1)!
  if (!last.ok) return last
  const lines = last.value.lines.map((line, at) =>
    quotes.reduce((dearest, quoted) => {
      const other = quoted.ok ? quoted.value.lines[at]! : dearest
      return other.payer === dearest.payer && other.paid > dearest.paid ? other : dearest
    }, line),
  )
  return yes({ ...last.value, lines })
}

const dearerThan = ({ coin }: Rules, { most, fee }: { most: bigint; fee: bigint }): Refusal =>
  new Refusal(
    'over-maximum',
    `What you sent meanwhile, perhaps from another device, made it dearer: it costs ${amountText(fee, coin)} by now, and may cost no more than ${amountText(most, coin)}. Send it again if it is worth that.`,
  )

const overMaximum = (): Refusal =>
  new Refusal('over-maximum', 'The fee is above what you said it may be. Nothing was paid; ask for a new quote.')

/** A price in texts, as people and programs get it. */
function priceOf(
  rules: Rules,
  view: View,
  {
    prepared: { own, recipients, contentBytes, sealed, lifetimeDays, automatic },
    asked: { basePrice, lines, carriage },
    after,
    epochKey,
    names,
    until,
  }: {
    prepared: Prepared
    asked: Quoted
    after: View
    epochKey: Uint8Array | undefined
    names: Names
    until: bigint
  },
): Price {
  const { sizeClass } = sealed
  const pass = epochKey && view.read('passes', epochKey)
  const keepers = rules.keepers.members.length
  return {
    from: own.text,
    basePrice: String(basePrice),
    units: 1 << sizeClass,
    contentBytes,
    wireBytes: envelopeBytes({ sizeClass, recipients: recipients.length, keepers }) + opBytes,
    lifetimeDays,
    automatic,
    tier: pass ? tierAt(pass, until) : null,
    lines: lines.map((line) => priceLine(line, names)),
    readers: recipients.map((recipient) => readerView(rules, after, { sender: own.address, recipient })),
    fee: String(costToSender(lines)),
    inclusionFee: String(carriage),
    feeMax: String(costToSender(lines)),
    holdsUntil: Number(until),
    balance: String(balanceOf(rules, view.read('accounts', own.address)!)),
  }
}

/** Our copy of a message that is on its way. */
const sentLetter = (
  { own, recipients, contentBytes, sealed }: Prepared,
  known: Pick<Letter, 'subject' | 'date' | 'amount' | 'opId'>,
): Letter => ({
  ...known,
  id: sealed.messageId,
  folder: 'sent',
  state: 'submitted',
  note: 'on its way; it is settled with the next batch',
  sender: own.address,
  recipients: [...recipients],
  own: own.address,
  bytes: contentBytes,
  height: undefined,
  verdict: undefined,
})
