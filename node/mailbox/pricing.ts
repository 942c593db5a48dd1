/** What a sealed message costs as its batch will find it, and the operation that pays so much. */
import { balanceOf } from '../../protocol/account.ts'
import type { Context } from '../../protocol/context.ts'
import { envelopeBytes } from '../../protocol/envelope.ts'
import type { Line } from '../../protocol/fee.ts'
import { askedAt } from '../../protocol/firm.ts'
import { apply } from '../../protocol/ledger.ts'
import type { Action } from '../../protocol/operations.ts'
import { costToSender, type Posting, quote, touchesOfQuote } from '../../protocol/quote.ts'
import type { Result } from '../../protocol/reason.ts'
import { tierAt } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import { createDraft, metaOf, type View, writeAll } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { createExpiryOf } from './expiry.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Pending } from '../peers/pending.ts'
import { atTime } from '../peers/state-ahead.ts'
import type { Waiting } from '../peers/waiting-ops.ts'
import type { Prepared } from './prepare.ts'
import type { Clock } from '../seams.ts'
import type { Price } from '../priced.ts'
import { refusalOf } from '../service.ts'
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
  readonly cabinet: Pick<Cabinet, 'contacts' | 'putLetter' | 'putPacked'>
  readonly keyOf: KeyOf
}

export function createPricing({ node, cabinet, keyOf }: Options) {
  const { context, replica, pending, seams } = node
  const { rules } = context
  const expiryOf = createExpiryOf(node)

  /**
   * Price a sealed message as its batch will find it: after everything of ours that waits now, and whatever others do until
   * it expires. The price holds until then, or until another op of ours is signed. Where it is to be at most so much, and is
   * not, it is asked for a shorter time too. Also says under which epoch key it holds, and until when. Throws Refusal.
   */
  async function price(prepared: Prepared, most?: bigint) {
    const { own, recipients, sealed, lifetimeDays } = prepared
    const epochKey = await keyOf(own.address)
    const waiting = pending.of(own.address)
    const view = await replica.view([
      ...waiting.flatMap(({ op }) => touches(context, op)),
      ...touchesOfQuote({ sender: own.address, recipients, epochKey }),
    ])
    const now = seams.clock.now()
    const about = { sender: own.address, recipients, sizeClass: sealed.sizeClass, lifetimeDays, epochKey }
    const quotesUntil = (until: bigint) =>
      quotesAlong(context, atTime(view, now), { waiting, posting: { ...about, until } })
    const longest = await expiryOf({ epochKey })
    const shorter = longest - BigInt(Math.floor(rules.expiryMaxMs / 2))
    let [until, quotes] = [longest, quotesUntil(longest)]
    if (most !== undefined && dearestOf(quotes) > most && shorter > now)
      [until, quotes] = [shorter, quotesUntil(shorter)]
    const lines = quotes.at(-1)!
    if (!lines.ok) throw refusalOf(lines.reason)
    const names = namesOf(await cabinet.contacts())
    const found = { prepared, lines: lines.value, dearest: dearestOf(quotes), epochKey, names, until }
    return { quoted: priceOf(rules, view, found), epochKey, until }
  }

  /**
   * What is to be signed and kept for a sealed message, at the price of now. The maximum is the one that the caller named;
   * only where none was named it is the quote's. Throws Refusal where the price is above it.
   */
  async function order(prepared: Prepared, { subject, feeMax }: { subject: string; feeMax: string | undefined }) {
    const { recipients, packed, sealed, lifetimeDays } = prepared
    const { messageId: id, envelopeHash, sizeClass, lockKey } = sealed
    const { quoted, epochKey, until } = await price(prepared, feeMax === undefined ? undefined : BigInt(feeMax))
    const date = BigInt(seams.clock.now())
    if (feeMax !== undefined && BigInt(quoted.fee) > BigInt(feeMax)) throw refusalOf('over-maximum')
    const terms = { keeperSet: rules.keepers.version, feeMax: BigInt(feeMax ?? quoted.feeMax), epochKey }
    const action: Action = {
      TAG: 'send',
      data: { recipients: [...recipients], envelopeHash, sizeClass, lifetimeDays, ...terms },
    }
    const amount = BigInt(quoted.fee)
    const letterOf = (opId: Uint8Array): Letter => sentLetter(prepared, { subject, date, amount, opId })
    const alongside = (opId: Uint8Array) => [...cabinet.putLetter(letterOf(opId)), cabinet.putPacked(id, packed)]
    return {
      action,
      expiry: until,
      parcel: { id, envelope: sealed.envelopeBytes, lockKey },
      alongside,
      quoted,
      letterOf,
    }
  }

  return { price, order }
}

/** What a message is quoted now, and after each of our ops that wait before it. */
function quotesAlong(
  context: Context,
  view: View,
  { waiting, posting }: { waiting: readonly Waiting[]; posting: Posting },
): Result<Line[]>[] {
  const draft = createDraft(view)
  const quotes = [quote(draft, context, posting)]
  for (const incoming of waiting) {
    const result = apply(draft, { ...context, verify: () => true, verifyProof: () => true }, incoming)
    if (result.kind === 'omitted') continue
    writeAll(draft, result.changes)
    quotes.push(quote(draft, context, posting))
  }
  return quotes
}

/**
 * The most that any of them asks. Nodes check the price at any time, also when only a part of what waits is settled, so the
 * maximum that is signed covers the dearest.
 */
const dearestOf = (quotes: readonly Result<Line[]>[]): bigint =>
  quotes.reduce((most, quoted) => {
    const cost = quoted.ok ? costToSender(quoted.value) : 0n
    return cost > most ? cost : most
  }, 0n)

/** A price in texts, as people and programs get it. `dearest` is the most that it may come to. */
function priceOf(
  rules: Rules,
  view: View,
  {
    prepared: { own, recipients, contentBytes, sealed, lifetimeDays },
    lines,
    dearest,
    epochKey,
    names,
    until,
  }: {
    prepared: Prepared
    lines: readonly Line[]
    dearest: bigint
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
    basePrice: String(askedAt(rules, metaOf(view), until).basePrice),
    units: 1 << sizeClass,
    contentBytes,
    wireBytes: envelopeBytes({ sizeClass, recipients: recipients.length, keepers }) + opBytes,
    lifetimeDays,
    tier: pass ? tierAt(pass, until) : null,
    lines: lines.map((line) => priceLine(line, names)),
    fee: String(costToSender(lines)),
    inclusionFee: String(rules.inclusionFee),
    feeMax: String(dearest),
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
