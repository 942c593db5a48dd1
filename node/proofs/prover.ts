/**
 * Making proofs: each in a child process that lives for that one, because it takes seconds and hundreds of megabytes,
 * must not hold up the mail, and can be killed. What it is told goes through a pipe, never into arguments or environment.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Circuit } from '../../protocol/statement.ts'
import { type Artifacts, publicSignals } from './artifacts.ts'
import type { Progress, Said, Task } from './make-proof.ts'
import type { ProofVerifier } from './verify.ts'
import type { Inputs } from '../seams.ts'

type Prover = {
  /**
   * Prove one statement: the 256 bytes of a proof, which was verified before it is given out. One after the other.
   * Throws a ProverError that says why there is none, or the signal's reason.
   */
  prove(
    task: { readonly circuit: Circuit; readonly inputs: Inputs },
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
  ): Promise<Uint8Array>
}

/** Why there is no proof. The message is for people, and holds nothing secret. */
export class ProverError extends Error {
  override name = 'ProverError'
}

/** A prover. Where fewer than `memoryBytes` are free it does not begin: a proof of the largest circuit takes about 400 MB. */
export function createProver({
  artifacts,
  verifier,
  timeoutMs = 600_000,
  memoryBytes = 500e6,
}: {
  artifacts: Artifacts
  verifier: Pick<ProofVerifier, 'tryOut'>
  timeoutMs?: number
  memoryBytes?: number
}): Prover {
  let last: Promise<unknown> = Promise.resolve()

  async function prove(
    { circuit, inputs }: { circuit: Circuit; inputs: Inputs },
    { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Uint8Array> {
    signal?.throwIfAborted()
    const { wasm, zkey } = artifacts.circuits[circuit]
    const free = process.availableMemory()
    if (free < memoryBytes)
      throw new ProverError(
        `A proof takes ${megabytes(memoryBytes)} MB of memory, and ${megabytes(free)} MB are free. Close something, and try again.`,
      )
    // Real time and not the clock's: what is bounded is the work of a processor.
    const late = AbortSignal.timeout(timeoutMs)
    const proof = await inChild(
      { inputs, wasm, zkey },
      {
        signal: signal ? AbortSignal.any([signal, late]) : late,
        onProgress,
      },
    ).catch((error) => {
      signal?.throwIfAborted()
      throw late.aborted ? new ProverError(`The proof was not there after ${timeoutMs / 1000} s.`) : error
    })
    const signals = publicSignals[circuit].map((name) => inputs[name] as bigint)
    if (!(await verifier.tryOut({ circuit, signals, proof })))
      throw new ProverError('The proof that was made does not hold. This is a mistake in the program.')
    onProgress?.('done')
    return proof
  }

  return {
    prove(task, options = {}) {
      const proof = last.then(() => prove(task, options))
      last = proof.catch(() => undefined)
      return proof
    },
  }
}

/** Run one child for one proof. It is gone when this returns, however it returns. */
async function inChild(
  task: Task,
  { signal, onProgress }: { signal: AbortSignal; onProgress: ((progress: Progress) => void) | undefined },
): Promise<Uint8Array> {
  const child = fork(new URL('./prover-child.ts', import.meta.url), [], {
    env: {},
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  let proof: Uint8Array | undefined
  let failure: string | undefined
  child.on('message', (said: Said) => {
    if ('progress' in said) onProgress?.(said.progress)
    else if ('proof' in said) proof = said.proof
    else failure = said.failure
  })
  // What it said last may arrive after it ended, but not after the pipe was closed.
  const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  child.send(task, () => undefined) // whoever cannot be told has ended
  try {
    const [[code, killedBy]] = await ended
    signal.throwIfAborted()
    if (proof) return proof
    throw new ProverError(failure ?? endOf(code, killedBy))
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

const endOf = (code: number | null, killedBy: string | null): string =>
  killedBy === 'SIGKILL' || killedBy === 'SIGABRT' || code === 134
    ? 'The process that makes the proof was ended from outside: memory was probably short. Close something, and try again.'
    : `The process that makes the proof ended with ${code ?? killedBy}.`

const megabytes = (bytes: number): number => Math.round(bytes / 1e6)
