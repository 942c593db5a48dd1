/**
 * When a daemon does what everybody can see in the ledger. The moments are drawn at random, by all daemons in the same way,
 * and do not depend on when their owners are there. A renewal falls into the first interval between checkpoints, so that
 * all renewals stand behind the second checkpoint. Each pass falls into the interval after that, at a moment of its own.
 * A daemon that wakes later draws from an interval that begins when it wakes.
 */
import type { Random } from '../seams.ts'

/** The part of an interval in which moments lie; the rest is for proving, and for the batch. */
const shareOfInterval = 0.75

/** The longest that anything waits to be tried again. */
const retryMaxMs = 3_600_000

/** The course of an epoch from the commit of its verdicts on, in milliseconds. */
export type Course = {
  readonly committedAt: number
  readonly epochEnd: number
  /** Checkpoints in an epoch. */
  readonly checkpoints: number
}

/** The time between two checkpoints. */
const intervalOf = ({ committedAt, epochEnd, checkpoints }: Course): number =>
  Math.max(0, epochEnd - committedAt) / checkpoints

/** When to renew. `now` is when the daemon first saw that there is something to renew. */
export const renewalMoment = (course: Course, now: number, random: Random): number =>
  Math.max(now, course.committedAt) + fraction(random) * shareOfInterval * intervalOf(course)

/** When to take one pass. `now` is when the daemon first saw a checkpoint behind which its renewal stands. */
export const passMoment = (course: Course, now: number, random: Random): number =>
  Math.max(now, course.committedAt + intervalOf(course)) + fraction(random) * shareOfInterval * intervalOf(course)

/** When to redeem a stamp, from the moment it is asked for: after one to three intervals, so that others buy and redeem in between. */
export const redemptionMoment = (intervalMs: number, now: number, random: Random): number =>
  now + (1 + 2 * fraction(random)) * intervalMs

/**
 * Whether a moment was drawn by a clock that was ahead and is right again, and is to be drawn anew: it lies further off than
 * any that is drawn `now`, or put off once more.
 */
export const isFarOff = (moment: number, course: Course, now: number): boolean =>
  moment > Math.max(now, course.committedAt) + 2 * intervalOf(course) + retryMaxMs

/** The same of the moment at which a stamp is redeemed. */
export const isRedemptionFarOff = (moment: number, intervalMs: number, now: number): boolean =>
  moment > now + 3 * intervalMs + retryMaxMs

/** How long after so many failures in a row the same is tried again: 15 seconds, twice as long each time, up to an hour. */
export const againAfter = (failures: number): number => Math.min(15_000 * 2 ** (failures - 1), retryMaxMs)

/** A number from 0 up to 1, evenly. */
const fraction = (random: Random): number => {
  const bytes = random(4)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32
}
