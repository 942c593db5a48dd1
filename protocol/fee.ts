/**
 * The fee rules. What one recipient costs is the base price times its factors, each a line of its own in quote and
 * receipt; then it is split among the recipient, the burn, and the operators. What carrying a letter burns comes on top.
 */
import type { Kind } from './pair.ts'
import { rankOf, type Standing } from './reputation.ts'
import { divideUp, timesOne, type Rules } from './rules.ts'
import type { Payer } from './words.ts'

/** What others' flags can change about a price. */
type Terms = {
  /** Whether it is a first letter to a stranger, or one of an exchange. */
  readonly kind: Kind
  /** The sender's standing: the effective tier of the pass it sends under, or no pass. */
  readonly standing: Standing
  /** Whether so much was gathered against that pass that no tier is left of it. */
  readonly hasBadName: boolean
  /** The recipient's least fee, where it applies to this sender. */
  readonly floor: bigint
}

/** What a fee depends on, for one recipient. */
export type FeeInput = Terms & {
  readonly basePrice: bigint
  /** log2 of the units (KiB) of the padded, compressed message. */
  readonly sizeClass: number
  readonly lifetimeDays: number
  readonly recipientCount: number
  /**
   * What the recipient is paid by: the terms if nobody had flagged anything, and of an exchange where the sender ever wrote to
   * them at that price. What is asked above it is burned.
   */
  readonly unflagged: Terms
  readonly granted: boolean
}

/** One recipient's part of a message's price. `credit + burned + operators = paid`; `fee` is what it is worth before a grant waives. */
export type Price = {
  /** All of them, by rising number. */
  readonly factors: readonly { readonly name: FactorName; readonly basisPoints: bigint }[]
  readonly floor: bigint
  readonly fee: bigint
  readonly paid: bigint
  readonly credit: bigint
  readonly burned: bigint
  readonly operators: bigint
}

/** What of a price counts for what, each in units at the base price that was asked unless said otherwise. */
type Counts = {
  /** As demand: what the network asks, without what flags add. What a policy asks is none. */
  readonly demand: bigint
  /** For flags: what the network asks and was paid. */
  readonly fee: bigint
  /** For value: the burned share of what is asked while the base price is at its floor. */
  readonly burned: bigint
  /** What a stranger would have been asked. */
  readonly asStranger: bigint
}

/** A price, and what of it counts; that is not committed to, it follows from the state. */
export type CountedPrice = Price & { readonly counts: Counts }

/** One recipient's price, and who pays it: the sender, or the allowance of the recipient's grant. */
export type Line = Price & { readonly recipient: Uint8Array; readonly payer: Payer }

/** What a settled send did: the message's id (32 bytes), its price for each recipient, and who got the operators' share. */
export type Sent = {
  readonly message: Uint8Array
  readonly basePrice: bigint
  /** What carrying it burns at least, beside the lines. */
  readonly carriage: bigint
  /** Who got the operators' share (20 bytes); undefined where it was burned. */
  readonly payee: Uint8Array | undefined
  readonly lines: readonly Line[]
}

/**
 * What one recipient can cost at most. Rules may have factors whose product leaves 64 bits; the fees of a hundred
 * recipients at this one do not.
 */
export const feeLimit = 2n ** 56n

type Factor = { readonly number: number; readonly of: (rules: Rules, input: FeeInput) => bigint }

/** Every factor, with the number under which a price names it; basis points, 10,000 is ×1. Numbers 3 and 4 were others. */
export const factors = {
  size: { number: 1, of: (_rules, input) => sizeFactor(input) },
  lifetime: { number: 2, of: (rules, { lifetimeDays }) => lifetimeFactor(rules, lifetimeDays)! },
  correspondence: { number: 5, of: ({ correspondence }, { kind }) => correspondence[kind] },
  recipients: {
    number: 6,
    of: (rules, { recipientCount }) => timesOne + rules.recipientFactor * BigInt(recipientCount - 1),
  },
  reputation: { number: 7, of: ({ reputation }, input) => standingFactor(reputation, input) },
} as const satisfies Record<string, Factor>

/**
 * What size makes of a price. In an exchange that is carriage alone, which burns: were it the reader's, whoever asks for large
 * answers would have a first letter back with one of them.
 */
const sizeFactor = ({ kind, sizeClass }: Pick<FeeInput, 'kind' | 'sizeClass'>): bigint =>
  kind === 'first' ? timesOne << BigInt(sizeClass) : timesOne

/** A good name is for keeping what one has: to strangers it costs what every pass does, and a bad one costs more. */
const standingFactor = (
  { factors: inExchange, strangers, badName }: Rules['reputation'],
  { kind, standing, hasBadName }: Pick<Terms, 'kind' | 'standing' | 'hasBadName'>,
): bigint => {
  if (kind === 'exchange') return inExchange[rankOf(standing)]!
  return hasBadName ? badName : strangers[rankOf(standing)]!
}

/** The name of a factor, and its number as the outcome of a send has it. */
export type FactorName = keyof typeof factors
export const factorNumbers = Object.fromEntries(
  Object.entries(factors).map(([name, { number }]) => [name, number]),
) as { readonly [Name in FactorName]: number }

/** In the order of their numbers, in which a price lists them. */
const inOrder = (Object.keys(factors) as FactorName[]).sort((a, b) => factorNumbers[a] - factorNumbers[b])

/** What keeping a message that long costs: the first lifetime of the rules that reaches so far. None beyond the last. */
export const lifetimeFactor = (rules: Rules, days: number): bigint | undefined =>
  days < 1 ? undefined : rules.lifetimes.find((lifetime) => days <= lifetime.days)?.factor

/**
 * What carrying a message burns, whatever it is to its recipients: base × (letter + recipient × recipients + unit × units ×
 * lifetime), rounded up, and the inclusion fee at least. The lifetime is one that the rules have.
 */
export function carriageOf(
  rules: Rules,
  {
    basePrice,
    recipientCount,
    sizeClass,
    lifetimeDays,
  }: Pick<FeeInput, 'basePrice' | 'recipientCount' | 'sizeClass' | 'lifetimeDays'>,
): bigint {
  const { letter, recipient, unit } = rules.resources
  const handling = (letter + recipient * BigInt(recipientCount)) * timesOne
  const keeping = (unit << BigInt(sizeClass)) * lifetimeFactor(rules, lifetimeDays)!
  const carriage = divideUp(basePrice * (handling + keeping), timesOne * timesOne)
  return carriage > rules.inclusionFee ? carriage : rules.inclusionFee
}

/** What the network asks at a base price: base × Π factors, one division, rounded up, and never over `feeLimit`. */
function networkPrice(rules: Rules, input: FeeInput): bigint {
  const product = inOrder.reduce((so, name) => so * factors[name].of(rules, input), input.basePrice)
  const price = divideUp(product, timesOne ** BigInt(inOrder.length))
  return price < feeLimit ? price : feeLimit
}

/** A fee in its parts, which add up to it. */
type Split = { readonly credit: bigint; readonly burned: bigint; readonly operators: bigint }

/**
 * Who gets what of a fee. What the recipient does not get, burn and operators together, is rounded down; of that the
 * operators' share is rounded down, and the rest burns. As the fee rises by one, so does one of the three, and none falls:
 * were burn and operators each rounded down for itself, both would rise at once now and then, and the recipient's part would
 * fall. So whoever names what a fee asked has named enough for every fee below it.
 */
export function splitOf(
  { burnShare, operatorsShare }: Pick<Rules, 'burnShare' | 'operatorsShare'>,
  fee: bigint,
): Split {
  const shares = burnShare + operatorsShare
  const taken = (fee * shares) / timesOne
  const operators = shares > 0n ? (taken * operatorsShare) / shares : 0n
  return { credit: fee - taken, burned: taken - operators, operators }
}

/**
 * The price for one recipient. What is asked while the base price is at its floor, and without what flags add, is split
 * (`splitOf`). What a policy asks above that goes to the recipient whole. Whatever the base price is above
 * its floor, or flags add, is burned; so nobody earns by driving it, or by flagging. What flags add to a name is burned beside
 * what a policy asks, and is no part of it: else a policy that is lowered would make the burned part more, and a letter
 * that was priced before would fall short. A grant waives what the recipient would take. All of it is never over `feeLimit`.
 */
export function priceOf(rules: Rules, input: FeeInput): CountedPrice {
  const { unflagged, granted, floor } = input
  const asked = networkPrice(rules, input)
  const lowest = least(input.basePrice, rules.price.floor)
  const plain = networkPrice(rules, { ...input, ...unflagged, basePrice: lowest })
  const { operators, ...split } = splitOf(rules, plain)
  const { standing, hasBadName } = unflagged
  const named = networkPrice(rules, { ...input, standing, hasBadName, basePrice: lowest })
  const fee = least(asked + above(floor, named), feeLimit)
  const earned = split.credit + above(unflagged.floor, plain)
  const burned = fee - earned - operators
  const credit = granted ? 0n : earned
  return {
    factors: inOrder.map((name) => ({ name, basisPoints: factors[name].of(rules, input) })),
    floor,
    fee,
    paid: credit + burned + operators,
    credit,
    burned,
    operators,
    counts: {
      demand: networkPrice(rules, { ...input, ...unflagged }),
      fee: granted ? burned + operators : asked,
      burned: split.burned,
      asStranger: networkPrice(rules, { ...input, kind: 'first' }),
    },
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** By how much an amount is above another. */
const above = (amount: bigint, other: bigint): bigint => (amount > other ? amount - other : 0n)
