/**
 * The host's word that it has taken an op. A relay asks all of its peers for it where an op waits long, keeps it, and hands
 * it on to whoever asks. A person's node asks about its own ops alone, each by itself at the way of its pseudonym: it has
 * no use for others', and asking for those would only show which ops it leaves out. And it hands none on, or what it has
 * would show the same.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { type InclusionPromise, promiseHash } from '../../protocol/gossip.ts'
import { isLowS } from '../../protocol/signature.ts'
import { isAnonymous } from '../../protocol/wire.ts'
import type { Moments } from '../moments.ts'
import type { Host } from './host.ts'
import type { Pending } from './pending.ts'
import type { Clock, Network } from '../seams.ts'
import type { Ask } from './ask.ts'
import type { Waiting } from './waiting-ops.ts'
import type { Ways } from './ways.ts'

/** The most promises that are kept, and that a relay asks for in one round. */
const keptMax = 50_000
const perRound = 16
/** An op of our own is asked about at a moment within so many batch intervals, and again within as many. */
const ownIntervals = 4

export type InclusionPromises = ReturnType<typeof createInclusionPromises>

type Options = {
  readonly context: Context
  readonly pending: Pick<Pending, 'has' | 'list'>
  readonly network: Pick<Network, 'disconnect' | 'peers'>
  readonly host: Pick<Host, 'promise'> | undefined
  readonly clock: Pick<Clock, 'now'>
  readonly ask: Pick<Ask, 'promises'>
  /** Of a person's node. */
  readonly ways: Pick<Ways, 'first'> | undefined
  readonly moments: Pick<Moments, 'draw'>
}

export function createInclusionPromises({ context, pending, network, host, clock, ask, ways, moments }: Options) {
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

  /** Ask a peer. Promises before the first that is not the host’s are kept; whoever gives such a one is hung up on. */
  async function askFor(ids: Uint8Array[], peer: string): Promise<void> {
    try {
      for await (const promise of ask.promises(peer, ids)) {
        if (!isByHost(promise))
          return await network.disconnect(peer, { why: 'it sent a promise that is not by the host', banMs: 600_000 })
        keep(promise)
      }
    } catch {
      // It went, or does not answer: the next one is asked all the same.
    }
  }

  /** What waits longer than until the next batch, without a promise: a busy host should not have to sign one for each op. */
  function unpromised(): Waiting[] {
    const before = clock.now() - context.rules.batchIntervalMs
    return pending
      .list()
      .filter(({ id, op, since }) => since <= before && !isAnonymous(op.action) && !promises.has(bytesToHex(id)))
  }

  async function askForOwn({ id, lane }: Waiting): Promise<void> {
    const peer = ways?.first(lane)
    if (peer !== undefined && pending.has(id) && !promises.has(bytesToHex(id))) await askFor([id], peer)
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
    /** Ask for the promises that are missing here. */
    async round(): Promise<void> {
      if (host) return
      const waiting = unpromised()
      if (ways) {
        const span = { toMs: ownIntervals * context.rules.batchIntervalMs }
        for (const one of waiting)
          if (one.from === undefined) moments.draw(`promise ${bytesToHex(one.id)}`, span, () => askForOwn(one))
        return
      }
      const ids = waiting.slice(0, perRound).map(({ id }) => id)
      if (ids.length > 0) for (const peer of network.peers()) await askFor(ids, peer)
    },
  }
}
