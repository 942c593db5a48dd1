/**
 * The fee rules. What one recipient costs is the base price times its factors, each a line of its own in quote and
 * receipt; then it is split among the recipient, the burn, and the operators.
 */
import { countOne } from './pair.ts'
import { rankOf, type Standing } from './reputation.ts'
import { timesOne, type Rules } from './rules.ts'
import type { Payer } from './words.ts'

/** What a fee depends on, for one recipient. */
export type FeeInput = {
  readonly basePrice: bigint
  /** log2 of the units (KiB) of the padded, compressed message. */
  readonly sizeClass: number
  readonly lifetimeDays: number
  readonly recipientCount: number
  /** Messages that this sender has sent this recipient before. */
  readonly familiarity: number
  /** Messages to strangers in the window, this one included; 0 where the recipient is none. */
  readonly strangers: number
  /** What the sender wrote lately, and got back in letters or in verdicts of value; in messages with 16 fractional bits. */
  readonly written: bigint
  readonly received: bigint
  /** The sender's standing: the effective tier of the pass it sends under, or no pass. */
  readonly standing: Standing
  /** Whether the recipient ever wrote to the sender. */
  readonly acquainted: boolean
  /** The recipient's least fee, where it applies to this sender. */
  readonly floor: bigint
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

/** One recipient's price, and who pays it: the sender, or the allowance of the recipient's grant. */
export type Line = Price & { readonly recipient: Uint8Array; readonly payer: Payer }

/** What a settled send did: the message's id (32 bytes), its price for each recipient, and who got the operators' share. */
export type Sent = {
  readonly message: Uint8Array
  readonly basePrice: bigint
  /** Who got the operators' share (20 bytes); undefined where it was burned. */
  readonly payee: Uint8Array | undefined
  readonly lines: readonly Line[]
}

/**
 * What one recipient can cost at most. Rules may have factors whose product leaves 64 bits; the fees of a hundred
 * recipients at this one, and the quarter that a sender allows on top, do not.
 */
export const feeMax = 2n ** 56n

type Factor = { readonly number: number; readonly of: (rules: Rules, input: FeeInput) => bigint }

/** Every factor, with the number under which a price names it; basis points, 10,000 is ×1. */
export const factors = {
  size: { number: 1, of: (_rules, { sizeClass }) => timesOne << BigInt(sizeClass) },
  lifetime: { number: 2, of: (rules, { lifetimeDays }) => lifetimeFactor(rules, lifetimeDays)! },
  familiarity: {
    number: 3,
    of: (rules, { familiarity }) => rules.familiarity.findLast(({ messages }) => familiarity >= messages)!.factor,
  },
  rate: { number: 4, of: (rules, { strangers }) => rateFactor(rules, strangers) },
  correspondence: {
    number: 5,
    of: (rules, { written, received }) => correspondenceFactor(rules, { written, received }),
  },
  recipients: {
    number: 6,
    of: (rules, { recipientCount }) => timesOne + rules.recipientFactor * BigInt(recipientCount - 1),
  },
  reputation: {
    number: 7,
    of: (rules, { standing, acquainted }) => {
      const factor = rules.reputation.factors[rankOf(standing)]!
      // A good name is for keeping what one has, not for reaching strangers below the base price.
      return acquainted || factor > timesOne ? factor : timesOne
    },
  },
} as const satisfies Record<string, Factor>

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

/** ×1 up to the quota of one epoch key, and ×2 for each further quota begun, up to a maximum. */
export function rateFactor({ rate, reputation }: Rules, strangers: number): bigint {
  const quota = Math.max(1, Math.floor(rate.quota / reputation.keysPerEpoch))
  const doublings = strangers <= quota ? 0 : Math.ceil(strangers / quota) - 1
  const factor = timesOne << BigInt(Math.min(doublings, 32))
  return factor < rate.factorMax ? factor : rate.factorMax
}

/**
 * From `least`, where as much comes back as goes out (this message included), over ×1, where nothing did either way, up
 * to `most`, where messages go unanswered. Rounded up.
 */
export function correspondenceFactor(
  { correspondence: { least, most, patience, unanswered } }: Rules,
  { written, received }: { written: bigint; received: bigint },
): bigint {
  const going = written + countOne
  const balanced = received < going ? received : going
  const discount = ((timesOne - least) * balanced) / going
  const excess = written - BigInt(patience) * received
  const limit = BigInt(unanswered) * countOne
  const over = excess < 0n ? 0n : excess < limit ? excess : limit
  return timesOne - discount + divideUp((most - timesOne) * over, limit)
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
 * `fee = max(floor, base × Π factors)`, one division, rounded up, and never over `feeMax`; split by `splitOf`. A grant waives
 * what the recipient would take.
 */
export function priceOf(rules: Rules, input: FeeInput): Price {
  const lines = inOrder.map((name) => ({ name, basisPoints: factors[name].of(rules, input) }))
  const product = lines.reduce((sum, line) => sum * line.basisPoints, input.basePrice)
  const market = divideUp(product, timesOne ** BigInt(lines.length))
  const wanted = market > input.floor ? market : input.floor
  const fee = wanted < feeMax ? wanted : feeMax
  const { burned, operators, ...split } = splitOf(rules, fee)
  const credit = input.granted ? 0n : split.credit
  return { factors: lines, floor: input.floor, fee, paid: credit + burned + operators, credit, burned, operators }
}

const divideUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor
