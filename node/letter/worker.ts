/** The thread of `reader.ts`: what is to be done with a letter in, what it came to out. */
import { parentPort } from 'node:worker_threads'
import { SealError } from '../seal/error.ts'
import { type Answer, type Question, works } from './work.ts'

parentPort?.on('message', async ({ work, given }: Question) => {
  const answer = await answerOf(() => (works[work] as (given: Question['given']) => Promise<unknown>)(given))
  parentPort?.postMessage(answer, movable(answer))
})

async function answerOf(work: () => Promise<unknown>): Promise<Answer> {
  try {
    return { value: await work() } as Answer
  } catch (error) {
    if (error instanceof SealError) return { flaw: error.message }
    throw error
  }
}

/** A message of megabytes is handed over, and not copied. Small ones may lie in a pool that others share. */
const movable = (answer: Answer): ArrayBuffer[] =>
  'value' in answer && answer.value instanceof Uint8Array && answer.value.length > movedBytesMin
    ? [answer.value.buffer as ArrayBuffer]
    : []

const movedBytesMin = 64 * 1024
