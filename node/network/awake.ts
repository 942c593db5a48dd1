/**
 * Time in which this process was awake. Where it stands still, because its machine sleeps, is stopped or has no processor
 * for it, peers give up what they asked, and what they sent meanwhile is read late and at once: that is nobody's fault.
 */
import type { Clock } from '../seams.ts'

/** A time is waited for in so many parts. One that ends so much too late does not count, but for a few. */
const parts = 4
const lateMs = 250
const latePartsMax = 8

/**
 * Do something after a time in which this process was awake. Where it stood still, timers come before what peers sent
 * meanwhile is read, and all of them would have been silent. Returns what cancels it.
 */
export function afterAwake(
  { after, monotonic }: Pick<Clock, 'after' | 'monotonic'>,
  timeMs: number,
  task: () => void,
): () => void {
  let cancel = () => {}
  function wait(left: number, late: number): void {
    const dueMs = monotonic() + timeMs / parts
    cancel = after(timeMs / parts, () => {
      if (late < latePartsMax && monotonic() > dueMs + lateMs) wait(left, late + 1)
      else if (left > 1) wait(left - 1, late)
      else task()
    })
  }
  wait(parts, 0)
  return () => cancel()
}

/** How often it is looked whether this process runs, how much later than that it stood still, and for how long that is said. */
const lookMs = 500
const stillMs = 1_500
const afterwardsMs = 20_000

/** Whether this process stood still a moment ago. */
export type Stillness = { wasStill(): boolean; stop(): void }

export function watchStillness({ every, monotonic }: Pick<Clock, 'every' | 'monotonic'>): Stillness {
  let seenMs = monotonic()
  let wokeMs = -Infinity
  function look(): void {
    const now = monotonic()
    if (now - seenMs > lookMs + stillMs) wokeMs = now
    seenMs = now
  }
  return {
    wasStill() {
      look() // whoever asks may come before the timer
      return monotonic() - wokeMs < afterwardsMs
    },
    stop: every(lookMs, look),
  }
}
