/** The host's word that it has taken an op: every node asks for it where an op waits long, keeps it, and hands it on to whoever asks. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { type InclusionPromise, promiseHash } from '../../protocol/gossip.ts'
import { isLowS } from '../../protocol/signature.ts'
import { isAnonymous } from '../../protocol/wire.ts'
import type { Host } from './host.ts'
import type { Pending } from './pending.ts'
import type { Clock, Network } from '../seams.ts'
import type { Ask } from './ask.ts'

/** The most promises that are kept, and that are asked for in one round. */
const keptMax = 50_000
const perRound = 16

export type InclusionPromises = ReturnType<typeof createInclusionPromises>

export function createInclusionPromises({
  context,
  pending,
  network,
  host,
  clock,
}: {
  context: Context
  pending: Pick<Pending, 'list'>
  network: Pick<Network, 'disconnect' | 'peers'>
  host: Pick<Host, 'promise'> | undefined
  clock: Pick<Clock, 'now'>
}) {
  const promises = new Map<string, InclusionPromise>()

  const isByHost = (promise: InclusionPromise): boolean =>
    isLowS(promise.signature) &&
    context.verify({
      digest: promiseHash(context.network, promise),
      signature: promise.signature,
      key: context.rules.hostKey,
    })

  function keep(promise: InclusionPromise): void {
    promises.set(bytesToHex(promise.op), promise)
    for (const oldest of promises.keys()) {
      if (promises.size <= keptMax) break
      promises.delete(oldest)
    }
  }

  /** Whether every promise that a peer gave is the host's. Those before the first that is not are kept. */
  async function askFor(ids: Uint8Array[], ask: Pick<Ask, 'promises'>, peer: string): Promise<boolean> {
    try {
      for await (const promise of ask.promises(peer, ids)) {
        if (!isByHost(promise)) return false
        keep(promise)
      }
    } catch {
      // It went, or does not answer: the next one is asked all the same.
    }
    return true
  }

  return {
    /** The host's word for an op, if this node is the host or has heard it. */
    get(opId: Uint8Array): InclusionPromise | undefined {
      const known = promises.get(bytesToHex(opId))
      if (known || !host) return known
      // Everybody asks for it, and it is signed once.
      const promise = host.promise(opId)
      if (promise) keep(promise)
      return promise
    },
    /** Ask peers for the promises that are missing here. Whoever gives one that is not the host’s is hung up on. */
    async round(ask: Pick<Ask, 'promises'>): Promise<void> {
      if (host) return
      // What the next batch settles needs no promise; a busy host should not have to sign one for each op.
      const before = clock.now() - context.rules.batchIntervalMs
      const unpromised = pending
        .list()
        .filter(({ id, op, since }) => since <= before && !isAnonymous(op.action) && !promises.has(bytesToHex(id)))
      const ids = unpromised.slice(0, perRound).map(({ id }) => id)
      if (ids.length === 0) return
      for (const peer of network.peers())
        if (!(await askFor(ids, ask, peer)))
          await network.disconnect(peer, { why: 'it sent a promise that is not by the host', banMs: 600_000 })
    },
  }
}
