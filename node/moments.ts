/** Tasks that each have a moment of their own, drawn at random, so that nobody sees two of them done together. */
import type { Clock, Random } from './seams.ts'

/** From which to which delay a moment is drawn, evenly, in milliseconds. */
export type Span = { readonly fromMs?: number; readonly toMs: number }

export type Moments = ReturnType<typeof createMoments>

type Options = {
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
  /** Told of a task that failed. It is not done again by itself. */
  readonly failed: (error: Error) => void
}

export function createMoments({ clock, random, failed }: Options) {
  /** By name: what cancels it. */
  const waiting = new Map<string, () => void>()
  let isOver = false

  return {
    /** Do a task once, at a moment drawn from a span. Where a task of this name waits for its moment already, nothing changes. */
    draw(name: string, { fromMs = 0, toMs }: Span, task: () => Promise<void>): void {
      if (isOver || waiting.has(name)) return
      const cancel = clock.after(delayIn(random, { fromMs, toMs }), () => {
        waiting.delete(name)
        return task().catch(failed)
      })
      waiting.set(name, cancel)
    },
    /** Do nothing any more. */
    stop(): void {
      isOver = true
      for (const cancel of waiting.values()) cancel()
      waiting.clear()
    },
  }
}

/** A delay drawn from a span, in whole milliseconds. */
export const delayIn = (random: Random, { fromMs = 0, toMs }: Span): number =>
  Math.round(fromMs + fraction(random) * (toMs - fromMs))

/** A number from 0 up to 1, evenly. */
const fraction = (random: Random): number => {
  const bytes = random(4)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32
}
