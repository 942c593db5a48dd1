/** A node as the simulated network sees it: what it takes part in, whom it is connected to, and whom it refuses. */
import { createHash } from 'node:crypto'
import type { Handler, Validator } from '../seams.ts'
import type { Life } from './driver.ts'

export interface SimulatedNode {
  readonly life: Life
  readonly name: string
  readonly validators: Map<string, Validator>
  readonly handlers: Map<string, Handler>
  readonly listeners: ((peer: string, state: 'up' | 'down') => void)[]
  /** Message id, and until when it counts as seen. */
  readonly seen: Map<string, number>
  /** Peer, and the number of the connection: what was sent over an older one is lost. */
  readonly links: Map<string, number>
  /** Peers that are refused, and until when. */
  readonly bans: Map<string, number>
  /** How many messages of a peer were rejected. */
  readonly rejected: Map<string, number>
}

/** The nodes that are alive, by their names. */
export type SimulatedNodes = Map<string, SimulatedNode>

/** A node that knows nobody yet. */
export const createSimulatedNode = (life: Life): SimulatedNode => ({
  life,
  name: life.name,
  validators: new Map(),
  handlers: new Map(),
  listeners: [],
  seen: new Map(),
  links: new Map(),
  bans: new Map(),
  rejected: new Map(),
})

/** Enough of a SHA-256 to tell things apart in the record of a run. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}
