/**
 * What a node does by itself: soon, at a moment drawn at random, or again and again, until it stops. A failure is logged,
 * and ends nothing else.
 */
import type { Logger } from '../logger.ts'
import { createMoments } from '../moments.ts'
import type { Clock, Random } from '../seams.ts'

export type Schedule = ReturnType<typeof createSchedule>

export function createSchedule({
  clock,
  random,
  logger,
}: {
  readonly clock: Pick<Clock, 'after' | 'every'>
  readonly random: Random
  readonly logger: Pick<Logger, 'debug' | 'warn'>
}) {
  // A peer that does not answer is nothing to warn of.
  const failed = (error: Error) => logger.debug({ err: error }, 'something at a moment of its own came to nothing')
  const moments = createMoments({ clock, random, failed })
  const stops: (() => void)[] = [moments.stop]
  const failures = new Map<string, string>()
  const warn = (what: string) => (error: Error) => logger.warn({ err: error }, `could not ${what}`)
  return {
    moments,
    /** Do something soon, outside of whatever is going on now. */
    later(what: string, task: () => Promise<void>): void {
      clock.after(0, () => task().catch(warn(what)))
    },
    every(intervalMs: number, what: string, task: () => Promise<unknown>): void {
      const failing = (error: Error): void => {
        failures.set(what, error.message)
        warn(what)(error)
      }
      stops.push(clock.every(intervalMs, () => task().then(() => void failures.delete(what), failing)))
    },
    /** What failed the last time that it was done, each with why. */
    failing: (): readonly string[] => [...failures].map(([what, why]) => `${what} (${why})`),
    stop(): void {
      for (const stop of stops) stop()
    },
  }
}
