/** Proving, which takes long: one proof at a time, in an entry of its own, so that whoever begins it is back at once. */
import type { Clock } from '../seams.ts'

export type Proving = ReturnType<typeof createProving>

export function createProving(clock: Pick<Clock, 'after'>) {
  const stopping = new AbortController()
  let work: { readonly what: string; readonly done: Promise<void> } | undefined

  return {
    /** Aborted once nothing is to be proven any more. */
    signal: stopping.signal,
    /** What is being proven now. */
    what: (): string | undefined => work?.what,
    /** Begin a task that never throws, while no other is under way. `ended` is called once another may begin. */
    begin(what: string, task: () => Promise<void>, ended: () => void = () => undefined): void {
      const { promise: done, resolve } = Promise.withResolvers<void>()
      work = { what, done }
      clock.after(0, async () => {
        await task()
        work = undefined
        ended()
        resolve()
      })
    },
    /** Abort what is being proven, and be back when it has stopped. */
    async stop(): Promise<void> {
      stopping.abort()
      await work?.done
    },
  }
}
