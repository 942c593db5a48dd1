/** The price of a message, line by line, from the state and before anything is spent. */
import type { Context } from './context.ts'
import { carriageOf, type CountedPrice, type Line, lifetimeFactor, priceOf } from './fee.ts'
import { askedAt, longestHold } from './firm.ts'
import { grantHolds } from './grant.ts'
import type { Amounts, Payment } from './money.ts'
import { earnedKindOf, type Kind, kindOf, pairIn, pairKey } from './pair.ts'
import { nameUnder, passEnds } from './pass.ts'
import { policyAt } from './policy.ts'
import { no, type Result, type Shortcoming, yes } from './reason.ts'
import { rankOf } from './reputation.ts'
import { grantKey, metaKey, metaOf, type Reference, type View } from './state.ts'

/** What a message asks of the rules: the quote's input, and the part of a `send` that is priced. */
export type Posting = {
  readonly sender: Uint8Array
  readonly recipients: readonly Uint8Array[]
  readonly sizeClass: number
  readonly lifetimeDays: number
  /** Whether a program writes it. */
  readonly automatic: boolean
  readonly epochKey?: Uint8Array | undefined
  /**
   * Until when (milliseconds) it may be settled: an expiry, up to which it then costs no more, whatever others do. The ledger
   * asks by the time of the batch.
   */
  readonly until: bigint
  /** What each recipient is paid, and out of what; where it is not said, out of what they set aside as far as it suffices. */
  readonly named?: readonly Payment[] | undefined
}

/** A line, what of it counts, and whether a grant let it in. */
type QuotedLine = Line & CountedPrice & { readonly granted: boolean }

/** What a message costs: a line for each recipient, in their order, and what carrying it burns besides. */
export type Quoted = {
  readonly basePrice: bigint
  readonly lines: readonly QuotedLine[]
  readonly carriage: bigint
}

/**
 * The price of a message, before anything is spent: the most that is asked from now until `until`, by all that is known now.
 * Others can do nothing to it that counts before the price ceases to hold (`holdsUntil`). Refuses: lifetime-unknown, pass-unknown,
 * recipient-unknown, tier-short.
 */
export function quote(view: View, { rules }: Context, posting: Posting): Result<Quoted, Shortcoming> {
  const { sender, recipients, sizeClass, lifetimeDays, automatic, epochKey } = posting
  const recipientCount = recipients.length
  if (lifetimeFactor(rules, lifetimeDays) === undefined) return no('lifetime-unknown')
  const meta = metaOf(view)
  const until = posting.until > meta.time ? posting.until : meta.time
  const name = nameUnder(view, rules, { epochKey, pseudonym: sender }, until)
  if (!name.ok) return name
  const { standing, hasBadName, proven } = name.value
  const { basePrice } = askedAt(rules, meta, until)
  const lines: QuotedLine[] = []
  for (const [at, recipient] of recipients.entries()) {
    const account = view.read('accounts', recipient)
    if (!account?.signingKey) return no('recipient-unknown')
    const granting = grantKey({ granter: recipient, sender })
    const grant = view.read('grants', granting)
    const pair = view.read('pairs', pairKey(sender, recipient))
    const sides = pairIn(rules, pair, { epoch: meta.epoch, me: sender, other: recipient })
    const policy = policyAt(view.read('policies', recipient), until)
    const floorOf = { first: policy.leastFee, exchange: 0n }
    const next = { sides, automatic }
    const kind = kindOf(rules, next, until)
    const priceAs = (kinds: { readonly kind: Kind; readonly earnedKind: Kind; readonly granted: boolean }) =>
      priceOf(rules, {
        basePrice,
        sizeClass,
        lifetimeDays,
        recipientCount,
        kind: kinds.kind,
        standing,
        hasBadName,
        floor: floorOf[kinds.kind],
        unflagged: { kind: kinds.earnedKind, standing: proven, hasBadName: false, floor: floorOf[kinds.earnedKind] },
        granted: kinds.granted,
      })
    const plain = priceAs({ kind, earnedKind: earnedKindOf(rules, next), granted: false })
    const line = posting.named?.[at]
    const granted = grantHolds(grant, until) && !(line && paysAll(line, plain))
    if (!granted && kind === 'first' && rankOf(standing) < policy.leastTier) return no('tier-short')
    const price = granted ? priceAs({ kind: 'exchange', earnedKind: 'exchange', granted }) : plain
    const set = view.read('allowances', granting)?.amount ?? 0n
    const isOffered = granted && grant.payer === 'recipient' && set >= price.paid
    // What is named out of an allowance is spent, whoever is to pay by now; so it still buys what it was named for.
    const isFree = line ? granted && line.from === 'allowance' : isOffered
    lines.push({ ...(isFree ? allBurned(price) : price), recipient, granted, payer: isFree ? 'recipient' : 'sender' })
  }
  const carriage = carriageOf(rules, { basePrice, recipientCount, sizeClass, lifetimeDays })
  return yes({ basePrice, lines, carriage })
}

/**
 * Whether a line pays the recipient all that they would get without a grant. So does who priced a letter before there was
 * one, and it counts as it would without: else a recipient could grant each letter on its way that is to be paid and not to count.
 */
const paysAll = ({ from, amount }: Payment, { credit }: CountedPrice): boolean =>
  from === 'funds' && amount > 0n && amount >= credit

/** What an allowance pays is burned, the operators' share too: so nobody can be paid out of what somebody else set aside. */
const allBurned = (price: CountedPrice): CountedPrice => ({
  ...price,
  burned: price.burned + price.operators,
  operators: 0n,
})

/** What a price comes to: what each recipient is paid, what is burned, and the share of whose turn it is. */
export function amountsOfPrice(
  { lines, carriage }: { readonly lines: readonly Line[]; readonly carriage: bigint },
  payee: Uint8Array | undefined,
): Amounts {
  const operators = lines.reduce((sum, line) => sum + line.operators, 0n)
  const burned = lines.reduce((sum, line) => sum + line.burned, carriage)
  const isShared = payee !== undefined && operators > 0n
  return {
    burn: isShared ? burned : burned + operators,
    share: isShared ? { payee, amount: operators } : undefined,
    lines: lines.map(({ recipient: address, payer, paid, credit }) =>
      payer === 'recipient' ? { address, amount: paid, from: 'allowance' } : { address, amount: credit, from: 'funds' },
    ),
  }
}

/**
 * Until when a price holds that is asked now (milliseconds, that one included): the longest that any does, or until right
 * before the pass ends that it was asked under. Whoever signs what was asked lets it expire by then.
 */
export function holdsUntil(view: View, { rules }: Context, { epochKey }: Pick<Posting, 'epochKey'>): bigint {
  const meta = metaOf(view)
  const longest = longestHold(rules, meta.time)
  const pass = epochKey && view.read('passes', epochKey)
  const ends = pass && passEnds(rules, pass, meta)
  return ends !== undefined && ends <= longest ? ends - 1n : longest
}

/** What the sender itself pays for the lines of a quote, beside what carrying it burns. */
export const costToSender = (lines: readonly Line[]): bigint =>
  lines.reduce((sum, line) => sum + (line.payer === 'sender' ? line.paid : 0n), 0n)

/** The records that pricing a message reads. */
export const touchesOfQuote = (posting: TouchedPosting): Reference[] => [
  { table: 'meta', key: metaKey },
  { table: 'accounts', key: posting.sender },
  ...touchesOfPosting(posting),
]

type TouchedPosting = Pick<Posting, 'sender' | 'recipients' | 'epochKey'>

/** The same, besides the totals and the sender's account. */
export function touchesOfPosting(posting: TouchedPosting): Reference[] {
  const { sender, recipients, epochKey } = posting
  return [
    ...(epochKey ? [{ table: 'passes', key: epochKey } as const] : []),
    ...recipients.flatMap((recipient): Reference[] => [
      { table: 'accounts', key: recipient },
      { table: 'policies', key: recipient },
      { table: 'grants', key: grantKey({ granter: recipient, sender }) },
      { table: 'allowances', key: grantKey({ granter: recipient, sender }) },
      { table: 'pairs', key: pairKey(sender, recipient) },
    ]),
  ]
}
