/**
 * Work on a thread of its own, with a bound on its time and its memory, so that nothing that foreign bytes can set off
 * holds up the node. Questions are answered one after the other; a thread that took too long or fell over is replaced.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

type Thread<Question, Answer> = {
  /** Ask; waits for the questions before it. Throws when the thread fell over, took too long, or was closed. */
  ask(question: Question): Promise<Answer>
  close(): Promise<void>
  /** How many threads were started so far. */
  readonly starts: number
}

type ThreadOptions = {
  /** The module to run: it answers each message with one message, in order. */
  readonly module: URL
  /** Handed to the module when the thread starts, as `workerData`. */
  readonly data?: unknown
  readonly timeoutMs: number
  readonly memoryMegabytes: number
}

/** A thread that starts with the first question, and again after it fell over. While it waits it keeps no process alive. */
export function openThread<Question, Answer>(options: ThreadOptions): Thread<Question, Answer> {
  const { module, data, timeoutMs, memoryMegabytes } = options
  let running: { worker: Worker; gone: AbortSignal } | undefined
  let last: Promise<unknown> = Promise.resolve()
  let starts = 0
  let isClosed = false

  const start = () => {
    starts += 1
    const worker = new Worker(module, {
      workerData: data,
      execArgv: [], // what this process was started with need not make sense for a thread
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes, maxYoungGenerationSizeMb: 8 },
    })
    const gone = new AbortController()
    worker.on('error', (error) => gone.abort(error)) // without a listener it would end the node
    worker.on('exit', () => gone.abort(new Error('The thread ended.')))
    return { worker, gone: gone.signal }
  }

  const answer = async (question: Question): Promise<Answer> => {
    if (isClosed) throw new Error('The thread is closed.')
    if (!running || running.gone.aborted) running = start()
    const { worker, gone } = running
    worker.ref()
    try {
      worker.postMessage(question)
      // Real time and not the clock's: what is bounded is the work of a processor.
      const [said] = await once(worker, 'message', {
        signal: AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)]),
      })
      worker.unref()
      return said
    } catch (cause) {
      await worker.terminate()
      throw new Error('A thread gave no answer.', { cause: gone.aborted ? gone.reason : cause })
    }
  }

  return {
    ask(question) {
      const answered = last.then(() => answer(question))
      last = answered.catch(() => undefined)
      return answered
    },
    async close() {
      isClosed = true
      await running?.worker.terminate()
    },
    get starts() {
      return starts
    },
  }
}
