/** The queue in front of the validators: how many run at once, and how much may wait, in all and for one peer. */
import type { Answer, StepAside, Validator } from '../seams.ts'

export interface ValidationLimits {
  /** Validators that run at one time. */
  readonly concurrent: number
  /** Bytes that may be held, running or waiting, for all peers together and for one of them. */
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
  const waiting: (() => void)[] = []
  let held = 0
  let running = 0

  /** A slot is handed straight to the next in line, so `running` does not change then. */
  async function slot(): Promise<void> {
    if (running < limits.concurrent) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  function hold(from: string, bytes: number): void {
    held += bytes
    const rest = (heldOf.get(from) ?? 0) + bytes
    if (rest === 0) heldOf.delete(from)
    else heldOf.set(from, rest)
  }

  const stepAside: StepAside = async (wait) => {
    leave()
    try {
      return await wait()
    } finally {
      await slot()
    }
  }

  return async ({ from, data, validate }) => {
    const bytes = data.length + overheadBytes
    if (held + bytes > limits.heldBytes) return 'ignore'
    if ((heldOf.get(from) ?? 0) + bytes > limits.heldBytesOfPeer) return 'ignore'
    hold(from, bytes)
    await slot()
    try {
      return await validate(data, from, stepAside)
    } catch (error) {
      onThrow(error)
      return 'ignore'
    } finally {
      leave()
      hold(from, -bytes)
    }
  }
}
