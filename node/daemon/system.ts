/** The real clock. */
import { uptime } from 'node:os'
import type { Clock } from '../seams.ts'

/** The machine's clock and timers; a task that is running when it is cancelled runs to its end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => uptime() * 1_000,
  after(delayMs, task) {
    const timer = setTimeout(() => void task(), delayMs)
    return () => clearTimeout(timer)
  },
  every(intervalMs, task) {
    let timer: NodeJS.Timeout
    let stopped = false
    const next = (): void => {
      timer = setTimeout(async () => {
        try {
          await task()
        } finally {
          if (!stopped) next()
        }
      }, intervalMs)
    }
    next()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  },
}
