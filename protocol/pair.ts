/**
 * What two addresses have been to each other: one record for the unordered pair, from which follows whether a letter is a
 * stranger's or one of an exchange, what a flag on it weighs, and how repeated approval is damped.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { compareBytes } from './codec.ts'
import { timesOne, type Rules } from './rules.ts'
import type { Records } from './state.ts'

/** The count of what was valued carries this many fractional bits, so that it can decay. */
const countBits = 16n
/** One message. */
const countOne = 1n << countBits

/**
 * One side of a pair: how often it wrote, ever; how much of that was automatic, which is no answer, and how much went at the
 * price of an exchange; decayed by epoch, how often it was valued lately; how often it wrote as a stranger and was not
 * answered yet; whether it ever wrote at the price of an exchange, also by the other's grant; whether a flag weighed on it as
 * on a stranger since it last paid as one; and, where it flagged the other and has not written to them since, from when on
 * they are strangers to it.
 */
type Side = Records['pairs']['low']
export type Pair = Records['pairs']

/** Both sides, as one of the two sees them. */
type Sides = { readonly mine: Side; readonly theirs: Side }

/** What a letter is, by what went on between the two: a first letter, also if it is not the first, or one of an exchange. */
export type Kind = 'first' | 'exchange'

/** In which epoch, and by whom of the two, a pair is looked at. */
type Seen = { readonly epoch: number; readonly me: Uint8Array; readonly other: Uint8Array }

/** The key of a pair, whoever is named first. */
export const pairKey = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  compareBytes(a, b) < 0 ? concatBytes(a, b) : concatBytes(b, a)

/** Who never did anything. */
const silent: Side = {
  messages: 0,
  automatic: 0,
  exchanged: 0,
  valued: 0n,
  asStranger: 0,
  acquainted: false,
  weighed: false,
  closedFrom: undefined,
}

/** Two addresses that never wrote to each other. */
const strangers: Pair = { low: silent, high: silent, asOf: 0 }

/** A pair as it stands in an epoch, seen from one of the two. */
export function pairIn(rules: Rules, pair: Pair | undefined, { epoch, me, other }: Seen): Sides {
  const now = decayed(rules, pair ?? strangers, epoch)
  return compareBytes(me, other) < 0 ? { mine: now.low, theirs: now.high } : { mine: now.high, theirs: now.low }
}

/** A pair with another side for one of the two. */
export function withMine(
  rules: Rules,
  pair: Pair | undefined,
  { epoch, me, other }: Seen,
  change: (mine: Side) => Side,
): Pair {
  const now = decayed(rules, pair ?? strangers, epoch)
  return compareBytes(me, other) < 0 ? { ...now, low: change(now.low) } : { ...now, high: change(now.high) }
}

/** How many letters somebody wrote by hand: what counts as something that came back. */
const letters = ({ messages, automatic }: Side): number => messages - automatic

/** Whether somebody is a stranger to somebody who never wrote to them by hand. */
export const isStrangerTo = ({ theirs }: Sides): boolean => letters(theirs) === 0

/** A letter that is to be written: as the two stand, and whether a program writes it. */
type Next = { readonly sides: Sides; readonly automatic: boolean }

/**
 * Whether the next letter is an answer that is owed. By hand it is one to whatever came, also to a program's letter, and whatever
 * a program answered meanwhile, so that nobody pays a stranger's price for what a machine said first. What a program writes
 * answers letters by hand alone: two that answer each other for ever are soon too dear.
 */
export const owesAnswer = ({ sides: { mine, theirs }, automatic }: Next): boolean =>
  automatic ? letters(theirs) > mine.messages : theirs.messages > letters(mine)

/**
 * What the next letter is at a time. An answer that is owed is of an exchange, whatever happened since. Otherwise it is for as
 * many letters as what came back pays for, unless the other one flagged; then it is a first letter, as a stranger's is.
 */
export function kindOf({ correspondence }: Rules, next: Next, at: bigint): Kind {
  const { closedFrom } = next.sides.theirs
  if (closedFrom !== undefined && at >= closedFrom && !owesAnswer(next)) return 'first'
  return openKindOf({ correspondence }, next)
}

/**
 * The same as if nobody had flagged anybody. What a program writes leaves room for an answer by hand to each letter by hand:
 * so both together are no more than what came back pays for.
 */
export function openKindOf({ correspondence }: Pick<Rules, 'correspondence'>, next: Next): Kind {
  const { mine, theirs } = next.sides
  const paid = paidFor(correspondence, letters(theirs))
  const owed = next.automatic ? Math.max(0, letters(theirs) - letters(mine)) : 0
  if (!next.automatic && owesAnswer(next)) return 'exchange'
  return mine.exchanged + owed < paid ? 'exchange' : 'first'
}

/**
 * As what the reader is paid, if nobody had flagged anybody: whoever ever wrote at the price of an exchange brings no
 * stranger's fee again, and what they are asked beyond that burns. Else people would be lured into answers that pay it.
 */
export const earnedKindOf = (rules: Pick<Rules, 'correspondence'>, next: Next): Kind =>
  next.sides.mine.acquainted ? 'exchange' : openKindOf(rules, next)

/**
 * For how many letters at the price of an exchange those pay that came back: for `patience` each, and for no more than
 * `patience` beyond their number. So whatever two wrote to each other, no more than that is ever in store.
 */
const paidFor = ({ patience }: Rules['correspondence'], back: number): number =>
  Math.min(patience * back, back + patience)

/** What of a letter a pair counts: what it was, whether it was automatic, and whether its sender was a stranger. */
type Written = {
  readonly kind: Kind
  readonly automatic: boolean
  readonly granted: boolean
  readonly stranger: boolean
}

/**
 * One message more. Whoever writes by hand is open again to whom they flagged; what a grant lets in uses up nothing; and
 * who paid as a stranger can be flagged as one again.
 */
export const wrote =
  ({ kind, automatic, granted, stranger }: Written) =>
  (side: Side): Side => ({
    ...side,
    messages: side.messages + 1,
    automatic: side.automatic + (automatic ? 1 : 0),
    exchanged: side.exchanged + (kind === 'exchange' && !granted ? 1 : 0),
    asStranger: side.asStranger + (stranger ? 1 : 0),
    acquainted: side.acquainted || kind === 'exchange',
    weighed: side.weighed && kind === 'exchange',
    closedFrom: automatic ? side.closedFrom : undefined,
  })
/** The other one wrote: whatever this side wrote as a stranger is answered. */
export const answered = (side: Side): Side => ({ ...side, asStranger: 0 })
/** One value verdict more on what this side wrote. */
export const valued = (side: Side): Side => ({ ...side, valued: side.valued + countOne })
/** A flag weighed on this side as on a stranger. */
export const weighedAsStranger = (side: Side): Side => ({ ...side, weighed: true })
/** This side flagged the other, who is a stranger to it from then on; earlier, where it had flagged them before. */
export const closed =
  (from: bigint) =>
  (side: Side): Side => ({ ...side, closedFrom: side.closedFrom ?? from })

/** After so many epochs of silence nothing is recent any more, whatever the decay. */
const epochsMax = 256

function decayed({ correspondence }: Rules, pair: Pair, epoch: number): Pair {
  const steps = pair.asOf === 0 ? 0 : epoch - pair.asOf
  const fade = (count: bigint): bigint => {
    if (steps > epochsMax) return 0n
    let left = count
    for (let step = 0; step < steps && left > 0n; step++) left = (left * correspondence.decay) / timesOne
    return left
  }
  const side = (was: Side): Side => ({ ...was, valued: fade(was.valued) })
  return { low: side(pair.low), high: side(pair.high), asOf: epoch }
}
