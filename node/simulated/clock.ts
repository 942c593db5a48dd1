/** The clock of a simulated node: it shows the simulation's time, and timers are events. */
import type { Clock } from '../seams.ts'
import type { Driver, Life } from './driver.ts'

/** The clock of one life; it is ahead of the others by `skewMs`. */
export function createClock(
  driver: Pick<Driver, 'now' | 'record' | 'schedule'>,
  { life, skewMs }: { life: Life; skewMs: number },
): Clock {
  function after(delayMs: number, task: () => Promise<void> | void): () => void {
    let isCancelled = false
    const run = async () => {
      if (isCancelled) return
      driver.record(`timer ${life.name}`)
      await task()
    }
    driver.schedule(delayMs, { life, what: 'a timer', run })
    return () => {
      isCancelled = true
    }
  }

  function every(intervalMs: number, task: () => Promise<void> | void): () => void {
    let isCancelled = false
    let cancel = () => {}
    const again = async () => {
      await task()
      if (!isCancelled) cancel = after(intervalMs, again)
    }
    cancel = after(intervalMs, again)
    return () => {
      isCancelled = true
      cancel()
    }
  }

  return { now: () => driver.now() + skewMs, monotonic: () => driver.now(), after, every }
}
