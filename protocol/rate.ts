/** How many messages to strangers went out lately under one epoch key (or pseudonym, where there is no pass): a rolling window. */
import type { Rules } from './rules.ts'
import type { Records } from './state.ts'

/** Messages to strangers in this bucket of the window and in the one before. */
export type Rate = Records['rates']

/**
 * Messages in the window that ends at `time`, out of two buckets: this one, and as much of the one before as the window
 * still covers, rounded up.
 */
export function rateAt({ rate: { windowMs } }: Rules, rate: Rate | undefined, time: bigint): number {
  const now = rolled(windowMs, rate, time)
  const window = BigInt(windowMs)
  const covered = now.since + window - time
  return now.current + Number((BigInt(now.previous) * covered + window - 1n) / window)
}

/** The rate with some messages more. */
export function rateWith({ rate: { windowMs } }: Rules, rate: Rate | undefined, time: bigint, messages: number): Rate {
  const now = rolled(windowMs, rate, time)
  return { ...now, current: now.current + messages }
}

function rolled(windowMs: number, rate: Rate | undefined, time: bigint): Rate {
  const window = BigInt(windowMs)
  if (!rate || time >= rate.since + 2n * window) return { since: time, current: 0, previous: 0 }
  if (time < rate.since + window) return rate
  return { since: rate.since + window, current: 0, previous: rate.current }
}
