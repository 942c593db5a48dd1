/** The queue in front of the validators: how many run at once, and how much may wait, in all and for one peer. */
import type { Answer, StepAside, Validator } from '../seams.ts'

export interface ValidationLimits {
  /** Validators that run at one time: for all peers together, and for one of them. */
  readonly concurrent: number
  readonly concurrentOfPeer: number
  /** Bytes that may be held, running, waiting or aside, for all peers together and for one of them. */
  readonly heldBytes: number
  readonly heldBytesOfPeer: number
}

interface Arrival {
  readonly from: string
  readonly data: Uint8Array
  readonly validate: Validator
}

/** What a small message costs to hold besides its bytes, so that many empty ones are bounded as well. */
const overheadBytes = 1024

/**
 * Returns the one function through which every gossiped message reaches its validator. It answers 'ignore'
 * at once when the queue is full for this peer or for all (a flood from one peer must not silence the others),
 * and 'ignore' when the validator throws; `onThrow` hears of that.
 */
export function createValidation(
  limits: ValidationLimits,
  onThrow: (error: unknown) => void,
): (arrival: Arrival) => Promise<Answer> {
  const heldOf = new Map<string, number>()
  const runningOf = new Map<string, number>()
  /** Who waits for a slot, by peers; the peer whose turn is next stands first. */
  const waiting = new Map<string, (() => void)[]>()
  let held = 0
  let running = 0

  const hasRoom = (from: string): boolean =>
    running < limits.concurrent && (runningOf.get(from) ?? 0) < limits.concurrentOfPeer

  function run(from: string, by: 1 | -1): void {
    running += by
    const rest = (runningOf.get(from) ?? 0) + by
    if (rest === 0) runningOf.delete(from)
    else runningOf.set(from, rest)
  }

  async function slot(from: string): Promise<void> {
    if (hasRoom(from)) return run(from, 1)
    await new Promise<void>((resolve) => {
      const queue = waiting.get(from)
      if (queue) queue.push(resolve)
      else waiting.set(from, [resolve])
    })
  }

  /** A slot is free: it goes to the next peer in turn that does not have its share already. */
  function leave(from: string): void {
    run(from, -1)
    for (const [peer, queue] of waiting) {
      if (!hasRoom(peer)) continue
      waiting.delete(peer)
      const next = queue.shift()!
      if (queue.length > 0) waiting.set(peer, queue)
      run(peer, 1)
      next()
      return
    }
  }

  function hold(from: string, bytes: number): void {
    held += bytes
    const rest = (heldOf.get(from) ?? 0) + bytes
    if (rest === 0) heldOf.delete(from)
    else heldOf.set(from, rest)
  }

  const asideOf =
    (from: string): StepAside =>
    async (wait) => {
      leave(from)
      try {
        return await wait()
      } finally {
        await slot(from)
      }
    }

  return async ({ from, data, validate }) => {
    const bytes = data.length + overheadBytes
    if (held + bytes > limits.heldBytes) return 'ignore'
    if ((heldOf.get(from) ?? 0) + bytes > limits.heldBytesOfPeer) return 'ignore'
    hold(from, bytes)
    await slot(from)
    try {
      return await validate(data, from, asideOf(from))
    } catch (error) {
      onThrow(error)
      return 'ignore'
    } finally {
      leave(from)
      hold(from, -bytes)
    }
  }
}
