/** What a sealed message costs as its batch will find it, and the operation that pays so much. */
import { balanceOf } from '../../protocol/account.ts'
import type { Context } from '../../protocol/context.ts'
import { envelopeBytes } from '../../protocol/envelope.ts'
import type { Line } from '../../protocol/fee.ts'
import { apply } from '../../protocol/ledger.ts'
import type { Action } from '../../protocol/operations.ts'
import { costToSender, type Posting, quote, touchesOfQuote } from '../../protocol/quote.ts'
import type { Result } from '../../protocol/reason.ts'
import { effectiveTier } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import { createDraft, metaOf, type View, writeAll } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Pending } from '../peers/pending.ts'
import { atTime } from '../peers/state-ahead.ts'
import type { Waiting } from '../peers/waiting-ops.ts'
import type { Prepared } from './prepare.ts'
import type { Clock } from '../seams.ts'
import { type Price, refusalOf } from '../service.ts'
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

export function createPricing({ node: { context, replica, pending, seams }, cabinet, keyOf }: Options) {
  const { rules } = context

  /**
   * Price a sealed message as its batch will find it: after everything of ours that waits now. The price holds until another
   * op of ours is signed. Also says under which epoch key it holds. Throws Refusal.
   */
  async function price(prepared: Prepared) {
    const { own, recipients, sealed, lifetimeDays } = prepared
    const epochKey = await keyOf(own.address)
    const waiting = pending.of(own.address)
    const view = await replica.view([
      ...waiting.flatMap(({ op }) => touches(context, op)),
      ...touchesOfQuote({ sender: own.address, recipients, epochKey }),
    ])
    const posting = { sender: own.address, recipients, sizeClass: sealed.sizeClass, lifetimeDays, epochKey }
    const quotes = quotesAlong(context, atTime(view, seams.clock.now()), { waiting, posting })
    const lines = quotes.at(-1)!
    if (!lines.ok) throw refusalOf(lines.reason)
    // Nodes check the price at any time, also when only a part of what waits is settled. The maximum covers the dearest.
    const costs = quotes.map((quoted) => (quoted.ok ? costToSender(quoted.value) : 0n))
    const dearest = costs.reduce((most, cost) => (cost > most ? cost : most))
    const names = namesOf(await cabinet.contacts())
    return { quoted: priceOf(rules, view, { prepared, lines: lines.value, dearest, epochKey, names }), epochKey }
  }

  /**
   * What is to be signed and kept for a sealed message, at the price of now. The maximum is the one that the caller named;
   * only where none was named it is the quote's. Throws Refusal where the price is above it.
   */
  async function order(prepared: Prepared, { subject, feeMax }: { subject: string; feeMax: string | undefined }) {
    const { recipients, packed, sealed, lifetimeDays } = prepared
    const { messageId: id, envelopeHash, sizeClass, lockKey } = sealed
    const { quoted, epochKey } = await price(prepared)
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
    return { action, parcel: { id, envelope: sealed.envelopeBytes, lockKey }, alongside, quoted, letterOf }
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
  }: {
    prepared: Prepared
    lines: readonly Line[]
    dearest: bigint
    epochKey: Uint8Array | undefined
    names: Names
  },
): Price {
  const { sizeClass } = sealed
  const pass = epochKey && view.read('passes', epochKey)
  const keepers = rules.keepers.members.length
  return {
    from: own.text,
    basePrice: String(metaOf(view).basePrice),
    units: 1 << sizeClass,
    contentBytes,
    wireBytes: envelopeBytes({ sizeClass, recipients: recipients.length, keepers }) + opBytes,
    lifetimeDays,
    tier: pass ? effectiveTier(rules, pass) : null,
    lines: lines.map((line) => priceLine(line, names)),
    fee: String(costToSender(lines)),
    inclusionFee: String(rules.inclusionFee),
    feeMax: String((dearest * 5n + 3n) / 4n),
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
