/**
 * What two addresses have been to each other: one record for the unordered pair, from which familiarity (how often one
 * wrote), correspondence (how much of it came back) and the damping of repeated approval all follow.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { compareBytes } from './codec.ts'
import { timesOne, type Rules } from './rules.ts'
import type { Records } from './state.ts'

/** Counts carry this many fractional bits, so that they can decay. */
const countBits = 16n
/** One message. */
export const countOne = 1n << countBits

/**
 * One side of a pair: how often it wrote, ever; decayed by epoch, how often it wrote and was valued lately; and how often
 * it wrote as a stranger and was not answered yet.
 */
type Side = Records['pairs']['low']
export type Pair = Records['pairs']

/** In which epoch, and by whom of the two, a pair is looked at. */
export type Seen = { readonly epoch: number; readonly me: Uint8Array; readonly other: Uint8Array }

/** The key of a pair, whoever is named first. */
export const pairKey = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  compareBytes(a, b) < 0 ? concatBytes(a, b) : concatBytes(b, a)

/** Two addresses that never wrote to each other. */
const strangers: Pair = {
  low: { messages: 0, recent: 0n, valued: 0n, asStranger: 0 },
  high: { messages: 0, recent: 0n, valued: 0n, asStranger: 0 },
  asOf: 0,
}

/** A pair as it stands in an epoch, seen from one of the two. */
export function pairIn(rules: Rules, pair: Pair | undefined, { epoch, me, other }: Seen): { mine: Side; theirs: Side } {
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

/** One message more. */
export const wrote = (side: Side): Side => ({ ...side, messages: side.messages + 1, recent: side.recent + countOne })
/** One message more, by somebody who is a stranger to the other. */
export const wroteAsStranger = (side: Side): Side => ({ ...wrote(side), asStranger: side.asStranger + 1 })
/** The other one wrote: whatever this side wrote as a stranger is answered. */
export const answered = (side: Side): Side => ({ ...side, asStranger: 0 })
/** One value verdict more on what this side wrote. */
export const valued = (side: Side): Side => ({ ...side, valued: side.valued + countOne })

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
  const side = (was: Side): Side => ({ ...was, recent: fade(was.recent), valued: fade(was.valued) })
  return { low: side(pair.low), high: side(pair.high), asOf: epoch }
}
