/** The host's word that it has taken an op: asked for by every node for what waits long, and handed on to whoever asks. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { type InclusionPromise, promiseHash } from '../../protocol/gossip.ts'
import { isLowS } from '../../protocol/signature.ts'
import { isAnonymous } from '../../protocol/wire.ts'
import type { Host } from './host.ts'
import type { Pending } from './pending.ts'
import type { Clock, Network } from '../seams.ts'
import type { Ask } from './streams.ts'

/** The most words kept, and asked for in one round. */
const keptMax = 50_000
const perRound = 16

export type Promises = ReturnType<typeof createInclusionPromises>

export function createInclusionPromises({
  context,
  pending,
  network,
  host,
  clock,
}: {
  context: Context
  pending: Pending
  network: Network
  host: Host | undefined
  clock: Pick<Clock, 'now'>
}) {
  const words = new Map<string, InclusionPromise>()

  function keep(word: InclusionPromise): boolean {
    const digest = promiseHash(context.network, word)
    if (!isLowS(word.signature)) return false
    if (!context.verify({ digest, signature: word.signature, key: context.rules.hostKey })) return false
    remember(word)
    return true
  }

  function remember(word: InclusionPromise): void {
    words.set(bytesToHex(word.op), word)
    for (const oldest of words.keys()) {
      if (words.size <= keptMax) break
      words.delete(oldest)
    }
  }

  /** Whether a peer gave only words of the host. */
  async function askFor(ids: Uint8Array[], ask: Ask, peer: string): Promise<boolean> {
    try {
      for await (const word of ask.promises(peer, ids)) if (!keep(word)) return false
    } catch {
      // It went, or does not answer: the next one is asked all the same.
    }
    return true
  }

  return {
    /** The host's word for an op, if this node is the host or has heard it. */
    get(opId: Uint8Array): InclusionPromise | undefined {
      const known = words.get(bytesToHex(opId))
      if (known || !host) return known
      // Everybody asks for it, and it is signed once.
      const word = host.promise(opId)
      if (word) remember(word)
      return word
    },
    /** Ask peers for words on what waits here without one. A word not by the host is a reason to hang up. */
    async round(ask: Ask): Promise<void> {
      if (host) return
      // What the next batch settles needs no word; a host that is busy should not sign one for each op.
      const before = clock.now() - context.rules.batchIntervalMs
      const open = pending
        .list()
        .filter(({ id, op, since }) => since <= before && !isAnonymous(op.action) && !words.has(bytesToHex(id)))
      const ids = open.slice(0, perRound).map(({ id }) => id)
      if (ids.length === 0) return
      for (const peer of network.peers())
        if (!(await askFor(ids, ask, peer)))
          await network.disconnect(peer, { why: 'it sent a promise that is not by the host', banMs: 600_000 })
    },
  }
}
