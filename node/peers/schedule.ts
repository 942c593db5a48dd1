/** What a node does by itself: soon, or again and again until it stops. A failure is logged, and ends nothing else. */
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'

export type Schedule = ReturnType<typeof createSchedule>

export function createSchedule({
  clock,
  logger,
}: {
  clock: Pick<Clock, 'after' | 'every'>
  logger: Pick<Logger, 'warn'>
}) {
  const stops: (() => void)[] = []
  const failed = new Map<string, string>()
  const warn = (what: string) => (error: Error) => logger.warn({ err: error }, `could not ${what}`)
  return {
    /** Do something soon, outside of whatever is going on now. */
    later(what: string, task: () => Promise<void>): void {
      clock.after(0, () => task().catch(warn(what)))
    },
    every(intervalMs: number, what: string, task: () => Promise<unknown>): void {
      const failing = (error: Error): void => {
        failed.set(what, error.message)
        warn(what)(error)
      }
      stops.push(clock.every(intervalMs, () => task().then(() => void failed.delete(what), failing)))
    },
    /** What failed the last time that it was done, each with why. */
    failing: (): readonly string[] => [...failed].map(([what, why]) => `${what} (${why})`),
    stop(): void {
      for (const stop of stops) stop()
    },
  }
}
