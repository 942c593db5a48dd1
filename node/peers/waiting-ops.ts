/**
 * The ops that wait, found by their ids, by what they stand in a row with, and by the messages they pay for. In a row stand
 * the ops of one account, by their nonces; an op that is nobody's stands alone, under its nullifier.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Reason } from '../../protocol/reason.ts'
import { isAnonymous } from '../../protocol/wire.ts'

/** The most ops that one node lets wait, and the most of one account. */
const waitingMax = 20_000
const perAccountMax = 256

export type Waiting = Incoming & {
  /** When this node first saw it, by its own clock. */
  readonly since: number
  /** The peer that brought it; our own have none. */
  readonly from: string | undefined
}

export type WaitingOps = ReturnType<typeof createWaitingOps>

export function createWaitingOps() {
  const byId = new Map<string, Waiting>()
  const byLane = new Map<string, readonly Waiting[]>()
  /** The messages that waiting sends pay for. */
  const messages = new Set<string>()

  const inLane = (lane: string): readonly Waiting[] => byLane.get(lane) ?? []

  return {
    get size() {
      return byId.size
    },
    get: (id: Uint8Array): Waiting | undefined => byId.get(bytesToHex(id)),
    has: (id: Uint8Array): boolean => byId.has(bytesToHex(id)),
    /** In the order in which they came. */
    list: (): Waiting[] => [...byId.values()],
    inLane,
    /** The ops of an account, in the order of nonces. */
    of: (account: Uint8Array): readonly Waiting[] => inLane(bytesToHex(account)),
    /** The ops of an account that wait without a gap from a nonce on: each of them is settled before any later one. */
    gaplessFrom(account: Uint8Array, nonce: bigint): Waiting[] {
      const row: Waiting[] = []
      for (const waiting of inLane(bytesToHex(account)))
        if (waiting.op.nonce === nonce + BigInt(row.length)) row.push(waiting)
      return row
    },
    /** Why an op cannot wait beside those that wait already; nothing where it can. */
    conflict({ op, lane, message }: Incoming): Reason | undefined {
      const others = inLane(lane)
      if (isAnonymous(op.action) && others.length > 0) return 'nullifier-pending'
      if (message && messages.has(bytesToHex(message))) return 'message-pending'
      if (others.some((other) => other.op.nonce === op.nonce)) return 'nonce-pending'
      return byId.size >= waitingMax || others.length >= perAccountMax ? 'queue-full' : undefined
    },
    /** Let an op wait that is in no conflict. */
    put(waiting: Waiting): void {
      const { id, lane, message } = waiting
      byId.set(bytesToHex(id), waiting)
      byLane.set(lane, [...inLane(lane), waiting].sort(byNonce))
      if (message) messages.add(bytesToHex(message))
    },
    remove(waiting: Waiting): void {
      const { id, lane, message } = waiting
      byId.delete(bytesToHex(id))
      const left = inLane(lane).filter((other) => other !== waiting)
      if (left.length > 0) byLane.set(lane, left)
      else byLane.delete(lane)
      if (message) messages.delete(bytesToHex(message))
    },
  }
}

const byNonce = (a: Waiting, b: Waiting): number => (a.op.nonce < b.op.nonce ? -1 : 1)
