/**
 * Whether statements hold, for gossip and for the ledger. A statement is verified once: what came of it is remembered,
 * whoever asks meanwhile waits for the one answer, and what arrives while others are being verified goes together in the
 * next batch, where a proof costs a third of what it costs alone.
 */
import { createHash } from 'node:crypto'
import type { Statement } from '../../protocol/statement.ts'
import { type Artifacts, circuits } from './artifacts.ts'
import { isWellFormed, toBigEndian } from './proof-bytes.ts'
import { openProofThread } from './proof-thread.ts'

export type ProofVerifier = {
  /**
   * Whether each of these holds. False too for what is no statement: a wrong count of signals, a signal or a coordinate
   * outside its field, a point outside its group. Throws, and says nothing about any of them, when too many wait
   * (ProofsBusyError), when verification fell over, or when this is closed.
   */
  verify(statements: readonly Statement[]): Promise<boolean[]>
  /**
   * The same of one that was made here and was not shown to anybody yet. It is neither remembered nor counted: the counts are
   * metrics, and by theirs everybody's proof is to look like any, also when it comes from here.
   */
  tryOut(statement: Statement): Promise<boolean>
  close(): Promise<void>
  readonly stats: ProofStats
}

/** What was done since the start. */
export type ProofStats = {
  readonly held: number
  readonly failed: number
  /** Questions answered from memory, and those that joined one that was being verified. */
  readonly remembered: number
  readonly joined: number
  readonly batches: number
  /** Threads that fell over or took too long. */
  readonly restarts: number
  readonly waiting: number
}

/** So many proofs wait already that no more are taken. */
export class ProofsBusyError extends Error {
  override name = 'ProofsBusyError'
}

export type ProofLimits = {
  /** Statements that may wait for a batch. */
  readonly waitingMax: number
  /** Statements remembered as good, and as bad: two memories, so that a flood of bad ones drives out no good one. */
  readonly rememberedMax: number
  readonly rememberedBadMax: number
}

const limitsByDefault: ProofLimits = { waitingMax: 2_048, rememberedMax: 20_000, rememberedBadMax: 4_000 }

/** Larger batches gain nothing, and make whoever comes next wait. */
const batchMax = 64

/** A verifier with a thread of its own, which gives each batch `timeoutMs`. */
export const createProofVerifier = ({
  artifacts,
  timeoutMs = 30_000,
  limits,
}: {
  artifacts: Artifacts
  timeoutMs?: number
  limits?: Partial<ProofLimits>
}): ProofVerifier => gatherProofs(openProofThread({ artifacts, timeoutMs }), { artifacts, limits })

/** Verifies statements: which of them hold, in their order. A throw says nothing about any of them. */
export type Engine = {
  verifyEach(statements: readonly Statement[]): Promise<boolean[]>
  close(): Promise<void>
  /** How often it had to begin anew. */
  readonly restarts: number
}

type Question = {
  /** None where it is only tried out. */
  readonly name: string | undefined
  readonly statement: Statement
  readonly answer: PromiseWithResolvers<boolean>
}

/** A verifier around whatever verifies. */
export function gatherProofs(
  engine: Engine,
  { artifacts, limits }: { artifacts: Artifacts; limits: Partial<ProofLimits> | undefined },
): ProofVerifier {
  const { waitingMax, rememberedMax, rememberedBadMax } = { ...limitsByDefault, ...limits }
  const good = new Set<string>()
  const bad = new Set<string>()
  /** What waits and what is being verified, by name. */
  const open = new Map<string, Question>()
  const waiting: Question[] = []
  const counts = { held: 0, failed: 0, remembered: 0, joined: 0, batches: 0 }
  let isBusy = false

  const isSound = (statement: Statement): boolean =>
    isWellFormed(statement, artifacts.circuits[statement.circuit].key.nPublic)

  function ask(statement: Statement): Promise<boolean> | boolean {
    if (!isSound(statement)) return false
    const name = nameOf(statement)
    const known = good.has(name) || (bad.has(name) ? false : undefined)
    if (known !== undefined) {
      counts.remembered += 1
      return known
    }
    const same = open.get(name)
    if (same) {
      counts.joined += 1
      return same.answer.promise
    }
    if (waiting.length >= waitingMax)
      return Promise.reject(new ProofsBusyError(`${waiting.length} proofs wait to be verified already.`))
    const question = queue(name, statement)
    open.set(name, question)
    return question.answer.promise
  }

  function queue(name: string | undefined, statement: Statement): Question {
    const question = { name, statement, answer: Promise.withResolvers<boolean>() }
    waiting.push(question)
    return question
  }

  async function work(): Promise<void> {
    if (isBusy) return
    isBusy = true
    // What is asked in one turn goes in one batch.
    await undefined
    while (waiting.length > 0) await settle(waiting.splice(0, batchMax))
    isBusy = false
  }

  /** Answer a batch. One that falls over is halved, so that it fails for nobody but who made it fall over. */
  async function settle(batch: readonly Question[]): Promise<void> {
    counts.batches += 1
    try {
      const results = await engine.verifyEach(batch.map(({ statement }) => statement))
      for (const [at, question] of batch.entries()) conclude(question, results[at]!)
    } catch (error) {
      if (batch.length === 1) return fail(batch[0]!, error)
      await settle(batch.slice(0, batch.length >> 1))
      await settle(batch.slice(batch.length >> 1))
    }
  }

  function conclude({ name, answer }: Question, holds: boolean): void {
    answer.resolve(holds)
    if (name === undefined) return
    if (holds) remember(good, name, rememberedMax)
    else remember(bad, name, rememberedBadMax)
    counts[holds ? 'held' : 'failed'] += 1
    open.delete(name)
  }

  function fail({ name, answer }: Question, cause: unknown): void {
    if (name !== undefined) open.delete(name)
    answer.reject(new Error('The proof could not be verified.', { cause }))
  }

  return {
    async verify(statements) {
      const answers = statements.map(ask)
      void work()
      return Promise.all(answers)
    },
    async tryOut(statement) {
      if (!isSound(statement)) return false
      const { answer } = queue(undefined, statement)
      void work()
      return answer.promise
    },
    close: () => engine.close(),
    get stats() {
      return { ...counts, restarts: engine.restarts, waiting: waiting.length }
    },
  }
}

/** A statement's name: a hash over everything in it, each part of a fixed length once the circuit is known. */
function nameOf({ circuit, signals, proof }: Statement): string {
  const hash = createHash('sha256').update(Uint8Array.of(circuits.indexOf(circuit)))
  for (const signal of signals) hash.update(toBigEndian(signal))
  return hash.update(proof).digest('base64')
}

/** A set lists its members in the order in which they were added. */
function remember(set: Set<string>, name: string, max: number): void {
  set.add(name)
  if (set.size > max) for (const oldest of set) return void set.delete(oldest)
}
