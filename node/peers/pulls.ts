/**
 * Asking for envelopes that are too large to travel with their ops: from whoever brought the op, a few at a time from each
 * peer. Whoever gossips a send has its envelope, so one that cannot be had costs the peer, and a row of them the connection.
 */
import type { Network } from '../seams.ts'
import { costs, type PeerBudget } from './peer-budget.ts'

/** Asked for at one time of one peer, and waiting for that. */
const atOnce = 4
const waitingMost = 64
/** So many in a row that did not come, and we hang up on the peer and refuse it for as long. */
const missedMost = 16
const missedBanMs = 60_000

type Options = {
  readonly ask: { readonly envelope: (peer: string, message: Uint8Array) => Promise<Uint8Array | undefined> }
  readonly budget: Pick<PeerBudget, 'isSpent' | 'spend'>
  readonly network: Pick<Network, 'disconnect' | 'peers'>
}

interface Peer {
  underWay: number
  readonly waiting: (() => void)[]
  /** In a row. */
  missed: number
}

/** Pulls; each resolves to the envelope, not checked yet, or to nothing: it did not come, or there is no room to wait. */
export function createPulls({ ask, budget, network }: Options) {
  const peers = new Map<string, Peer>()

  /** Takes a place among those that are under way; false where too many wait for one. */
  async function begin(state: Peer): Promise<boolean> {
    if (state.underWay < atOnce) state.underWay += 1
    else if (state.waiting.length >= waitingMost) return false
    else await new Promise<void>((resolve) => state.waiting.push(resolve))
    return true
  }

  /** The place goes to the next in line, if there is one. */
  function end(peer: string, state: Peer): void {
    const next = state.waiting.shift()
    if (next) {
      next()
      return
    }
    state.underWay -= 1
    if (state.underWay === 0 && state.missed === 0) peers.delete(peer)
  }

  async function missed(peer: string, state: Peer): Promise<void> {
    budget.spend(peer, costs.pull)
    // A peer that went away cannot be asked; its count begins anew when it comes back.
    if (!network.peers().includes(peer)) return void peers.delete(peer)
    state.missed += 1
    if (state.missed !== missedMost) return
    peers.delete(peer)
    const why = `it brought ${missedMost} messages in a row and none of their envelopes`
    await network.disconnect(peer, { why, banMs: missedBanMs })
  }

  return async (peer: string, message: Uint8Array): Promise<Uint8Array | undefined> => {
    const state = peers.get(peer) ?? { underWay: 0, waiting: [], missed: 0 }
    peers.set(peer, state)
    if (!(await begin(state))) {
      budget.spend(peer, costs.pull)
      return undefined
    }
    try {
      // Those that waited behind too many misses are not asked for any more.
      const isHopeless = budget.isSpent(peer) || !network.peers().includes(peer)
      const envelope = isHopeless ? undefined : await ask.envelope(peer, message).catch(() => undefined)
      if (envelope) state.missed = 0
      else if (!isHopeless) await missed(peer, state)
      return envelope
    } finally {
      end(peer, state)
    }
  }
}
