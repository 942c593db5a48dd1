/** The price of a message, line by line, from the state and before anything is spent. */
import type { Context } from './context.ts'
import { closesUntil } from './epoch.ts'
import { correspondenceFactor, type Line, lifetimeFactor, type Price, priceOf } from './fee.ts'
import { askedAt, longestHold } from './firm.ts'
import { grantHolds } from './grant.ts'
import type { Amounts, Payment } from './money.ts'
import { type Pair, pairIn, pairKey, type Seen } from './pair.ts'
import { passEnds, standingUnder } from './pass.ts'
import { policyAt } from './policy.ts'
import { rateAt } from './rate.ts'
import { no, type Result, type Shortcoming, yes } from './reason.ts'
import { rankOf } from './reputation.ts'
import type { Rules } from './rules.ts'
import { grantKey, metaKey, metaOf, type Reference, type View } from './state.ts'

/** What a message asks of the rules: the quote's input, and the part of a `send` that is priced. */
export type Posting = {
  readonly sender: Uint8Array
  readonly recipients: readonly Uint8Array[]
  readonly sizeClass: number
  readonly lifetimeDays: number
  readonly epochKey?: Uint8Array | undefined
  /**
   * Until when (milliseconds) it may be settled: an expiry, up to which it then costs no more, whatever others do. The ledger
   * asks by the time of the batch.
   */
  readonly until: bigint
  /** Out of what each recipient is paid for; where it is not said, out of what they set aside as far as it suffices. */
  readonly from?: readonly Payment['from'][] | undefined
}

/** The key under which messages to strangers are counted: the epoch key, or the pseudonym where there is no pass. */
export const rateKey = ({ sender, epochKey }: Pick<Posting, 'sender' | 'epochKey'>): Uint8Array => epochKey ?? sender

/**
 * The lines of a price, before anything is spent: the most that is asked from now until `until`, by all that is known now.
 * Others can do nothing to it that counts before the price ceases to hold (`holdsUntil`). Refuses: lifetime-unknown, pass-unknown,
 * recipient-unknown, tier-short.
 */
export function quote(view: View, { rules }: Context, posting: Posting): Result<Line[], Shortcoming> {
  const { sender, recipients, sizeClass, lifetimeDays, epochKey } = posting
  if (lifetimeFactor(rules, lifetimeDays) === undefined) return no('lifetime-unknown')
  const meta = metaOf(view)
  const until = posting.until > meta.time ? posting.until : meta.time
  const standing = standingUnder(view, rules, { epochKey, pseudonym: sender }, until)
  if (!standing.ok) return standing
  const { basePrice } = askedAt(rules, meta, until)
  const epochs = closesUntil(rules, meta, until)
  // What went out counts less as time goes by.
  let strangers = rateAt(rules, view.read('rates', rateKey(posting)), meta.time)
  const lines: Line[] = []
  for (const [at, recipient] of recipients.entries()) {
    const account = view.read('accounts', recipient)
    if (!account?.signingKey) return no('recipient-unknown')
    const granting = grantKey({ granter: recipient, sender })
    const grant = view.read('grants', granting)
    const granted = grantHolds(grant, until)
    const pair = view.read('pairs', pairKey(sender, recipient))
    const seen = { epoch: meta.epoch, me: sender, other: recipient }
    const { mine, theirs } = dearestPair(rules, pair, seen, epochs)
    const acquainted = theirs.messages > 0
    const welcome = acquainted || granted
    const policy = policyAt(view.read('policies', recipient), until)
    if (!welcome && rankOf(standing.value) < policy.leastTier) return no('tier-short')
    if (!welcome) strangers++
    const price = priceOf(rules, {
      basePrice,
      sizeClass,
      lifetimeDays,
      recipientCount: recipients.length,
      familiarity: mine.messages,
      strangers: welcome ? 0 : strangers,
      ...exchanged({ mine, theirs }),
      standing: standing.value,
      acquainted,
      floor: welcome ? 0n : policy.leastFee,
      granted,
    })
    const set = view.read('allowances', granting)?.amount ?? 0n
    const isOffered = granted && grant.payer === 'recipient' && set >= price.paid
    // What is named out of an allowance is spent, whoever is to pay by now; so it still buys what it was named for.
    const isFree = posting.from ? granted && posting.from[at] === 'allowance' : isOffered
    lines.push({ ...(isFree ? allBurned(price) : price), recipient, payer: isFree ? 'recipient' : 'sender' })
  }
  return yes(lines)
}

/** What an allowance pays is burned, the operators' share too: so nobody can be paid out of what somebody else set aside. */
const allBurned = (price: Price): Price => ({ ...price, burned: price.burned + price.operators, operators: 0n })

/**
 * What a price comes to: what each recipient is paid, what is burned (the inclusion fee left out), and the share of whose
 * turn it is.
 */
export function amountsOfPrice(lines: readonly Line[], payee: Uint8Array | undefined): Amounts {
  const operators = lines.reduce((sum, line) => sum + line.operators, 0n)
  const burned = lines.reduce((sum, line) => sum + line.burned, 0n)
  const isShared = payee !== undefined && operators > 0n
  return {
    burn: isShared ? burned : burned + operators,
    share: isShared ? { payee, amount: operators } : undefined,
    lines: lines.map(({ recipient: address, payer, paid, credit }) =>
      payer === 'recipient' ? { address, amount: paid, from: 'allowance' } : { address, amount: credit, from: 'funds' },
    ),
  }
}

/** Of the epochs that can be reached, what an exchange stands at in the one in which it makes a message dearest. */
function dearestPair(rules: Rules, pair: Pair | undefined, seen: Seen, epochs: number): ReturnType<typeof pairIn> {
  let dearest = pairIn(rules, pair, seen)
  for (let later = 1; later <= epochs; later++) {
    const then = pairIn(rules, pair, { ...seen, epoch: seen.epoch + later })
    if (correspondenceFactor(rules, exchanged(then)) > correspondenceFactor(rules, exchanged(dearest))) dearest = then
  }
  return dearest
}

/** What went out, and what came back: who said that a letter was worth it has answered it, too. */
const exchanged = ({ mine, theirs }: ReturnType<typeof pairIn>): { written: bigint; received: bigint } => ({
  written: mine.recent,
  received: theirs.recent + mine.valued,
})

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

/** What the sender itself pays for the lines of a quote. */
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
    { table: 'rates', key: rateKey(posting) },
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
