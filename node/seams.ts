/**
 * The effects that a node has on the world and that a simulation replaces: clock, randomness, the network between nodes,
 * the database, and arithmetic for other threads. The daemon passes the real ones (`daemon/`), a simulation seeded ones
 * (`simulated/`), so that a whole network can run from a seed in one process. What only a daemon does (the files of its
 * home, its API and metrics, its threads and child processes) has no seam, and stands where no simulation comes.
 */
import type { AbstractLevel } from 'abstract-level'
import type { Circuit, Statement } from '../protocol/statement.ts'
import type { TreePath } from '../protocol/tree.ts'
import type { Gathered, Row } from '../protocol/verdict-tree.ts'

/** Inputs of a circuit by their names; arrays as the circuit declares them. */
export type Inputs = { readonly [name: string]: Input }
type Input = bigint | readonly Input[]

/** A row of a verdict tree that shows a key present or absent, and where it stands. */
export type ShownRow = { readonly row: Row; readonly path: TreePath }

/** What gossip does with a message after its validator has looked at it. */
export type Answer = 'accept' | 'ignore' | 'reject'

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number
  /** Milliseconds since some moment in the past: it counts on, sleep included, whatever is done to the clock. */
  monotonic(): number
  /** Run a task once, after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => Promise<void> | void): () => void
  /** Run a task again and again, `intervalMs` after it last finished; the returned function cancels it. */
  every(intervalMs: number, task: () => Promise<void> | void): () => void
}

/** `length` unpredictable bytes. */
export type Random = (length: number) => Uint8Array

/** Waits for something without keeping a place among the validators that run: others run meanwhile. */
export type StepAside = <T>(wait: () => Promise<T>) => Promise<T>

/**
 * Looks at one gossiped message; resolves once it is decided. A throw counts as ignore. Only so many run at one time, so
 * whatever waits for a peer or for another message steps aside meanwhile.
 */
export type Validator = (data: Uint8Array, from: string, stepAside: StepAside) => Promise<Answer>

/** Serves one request: yields the frames of the answer, at most 1 MiB each. A throw aborts the stream. */
export type Handler = (request: Uint8Array, from: string) => AsyncIterable<Uint8Array>

/** What a protocol allows: the most bytes of a request. */
export type Serving = { readonly requestBytesMax: number }

/** Peers with one `name` are one voice, because one machine can have many peers; `isChosen` where our owner named the peer. */
export type Voice = { readonly name: string; readonly isChosen: boolean }

export interface Network {
  /** Our own peer id, as text. */
  readonly self: string
  /** Peers that are connected now. */
  peers(): readonly string[]
  /** Whose voice a connected peer's is. */
  voiceOf(peer: string): Voice
  /** Gossip to everybody subscribed to the topic; resolves when it is handed to the peers. No peers is no error. */
  publish(topic: string, data: Uint8Array): Promise<void>
  /**
   * Take part in a topic; the validator's answer decides whether a message travels on. What is brought by peers of whom
   * `isHeard` says no is dropped unseen, so that others can bring it.
   */
  subscribe(topic: string, validate: Validator, isHeard?: (peer: string) => boolean): void
  /** Answer a request-response protocol: one frame in, of 1 MiB at most or what is said, frames out. */
  serve(protocol: string, handler: Handler, serving?: Serving): void
  /** Ask one peer; yields the frames of its answer. Throws on timeout, refusal, or a lost connection. */
  request(
    peer: string,
    protocol: string,
    request: Uint8Array,
    options: { timeoutMs: number },
  ): AsyncIterable<Uint8Array>
  /** Called whenever a peer connects or goes; the listener must not throw. */
  onPeer(listener: (peer: string, state: 'up' | 'down') => void): void
  /** Hang up on a peer and refuse it for `banMs`. */
  disconnect(peer: string, options: { why: string; banMs: number }): Promise<void>
  close(): Promise<void>
}

/** An ordered key-value store with atomic, durable batches (level on disk, memory-level in simulations). */
export type Disk = AbstractLevel<string | Buffer | Uint8Array, Uint8Array, Uint8Array>

/** Arithmetic that takes long: in a daemon on a thread of its own, in a simulation in place. */
export interface Proofs {
  /** Whether each proof shows its statement, in their order. Never throws because of a proof. */
  verify(statements: readonly Statement[]): Promise<readonly boolean[]>
  /** The root of the verdict tree of what the keys of an epoch gathered. */
  verdictRoot(gathered: readonly Gathered[]): Promise<bigint>
  /** For each key the row, with its path, that shows it present or absent in that tree. */
  verdictRows(gathered: readonly Gathered[], keys: readonly bigint[]): Promise<readonly ShownRow[]>
  /** A proof (256 bytes) for the inputs of a circuit. Throws where they satisfy it not, or the work is aborted. */
  prove(circuit: Circuit, inputs: Inputs, options: { readonly signal: AbortSignal }): Promise<Uint8Array>
}

export interface Seams {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly disk: Disk
  readonly proofs: Proofs
}
