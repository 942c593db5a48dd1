/**
 * Reading foreign messages. A message of 1 KiB may unpack to 16 MiB, written to keep a parser busy for hours or to fill
 * its memory, and none of the parsers is ours: so they work on a thread of their own, with a bound on both.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { damagedLetter, type Letter } from './letter-parser.ts'

export type LetterReader = {
  /** Read any bytes as a message; what takes too much time or memory is shown as `damaged`. One after the other; never throws. */
  read(bytes: Uint8Array): Promise<Letter>
  close(): Promise<void>
}

/** A reader that gives each message `timeoutMs`. Its thread starts with the first message, and again after a bad one. */
export function openLetterReader({ timeoutMs = 5_000 } = {}): LetterReader {
  let running: { worker: Worker; gone: AbortSignal } | undefined
  let last: Promise<unknown> = Promise.resolve()

  const start = () => {
    const worker = new Worker(new URL('./letter-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    const gone = new AbortController()
    worker.on('error', () => gone.abort()) // out of memory; without a listener it would end the node
    worker.on('exit', () => gone.abort())
    return { worker, gone: gone.signal }
  }

  const parse = async (bytes: Uint8Array): Promise<Letter> => {
    if (!running || running.gone.aborted) running = start()
    const { worker, gone } = running
    worker.ref()
    try {
      worker.postMessage(bytes)
      // Real time and not the clock's: what is bounded is the work of a processor.
      const [letter] = await once(worker, 'message', {
        signal: AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)]),
      })
      worker.unref()
      return letter
    } catch {
      await worker.terminate()
      return damagedLetter(bytes)
    }
  }

  return {
    read(bytes) {
      const letter = last.then(() => parse(bytes))
      last = letter
      return letter
    },
    async close() {
      await running?.worker.terminate()
    },
  }
}
