/**
 * Serving requests: how many at one time, for all peers together, from one address and for one peer; and hanging up on
 * whoever begins requests and does not finish them.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { Clock, Handler, Serving } from '../seams.ts'
import type { Stillness } from './awake.ts'
import type { Connections } from './connections.ts'
import { shareOf } from './hosts.ts'
import { answer, streamLimits, Unfinished } from './exchange.ts'
import type { Libp2pNode } from './libp2p-node.ts'
import { frameMaxBytes } from './limits.ts'
import type { NetworkLimits, NetworkLog } from './network-options.ts'
import { createAnswers } from './under-way.ts'

type Options = {
  readonly libp2p: Pick<Libp2pNode, 'handle'>
  readonly disconnect: Connections['disconnect']
  readonly colocated: readonly string[]
  readonly prefix: string
  readonly limits: NetworkLimits
  readonly clock: Clock
  readonly stillness: Pick<Stillness, 'wasStill'>
  readonly log: NetworkLog
}

/** Answers requests; those above a share are refused. */
export function createServing({ libp2p, disconnect, colocated, prefix, limits, clock, stillness, log }: Options) {
  const shared = new Set(colocated.map(shareOf))
  const answers = createAnswers(limits, (address) =>
    shared.has(address) ? (limits.served * 3) / 4 : limits.servedOfAddress,
  )
  const unfinished = createUnfinished(clock, limits)

  async function begunInVain(from: string, protocol: string): Promise<void> {
    // Whoever asked while we stood still has given it up, and rightly.
    if (stillness.wasStill() || !unfinished.isOneTooMany(from)) return
    const why = `it began ${limits.unfinishedMost} requests and did not finish them, the last one ${protocol}`
    await disconnect(from, { why, banMs: limits.unfinishedMs })
  }

  return (protocol: string, handler: Handler, { requestBytesMax }: Serving = { requestBytesMax: frameMaxBytes }) => {
    const onStream = async (stream: Stream, connection: Connection) => {
      const from = connection.remotePeer.toString()
      const address = shareOf(connection.remoteAddr.getComponents()[0]?.value ?? '')
      if (answers.countOf(from) >= limits.servedOfPeer) {
        stream.abort(new Error('too many requests of this peer at once'))
        return begunInVain(from, protocol)
      }
      const underWay = answers.begin({ peer: from, address, abort: (why) => stream.abort(why) })
      if (typeof underWay === 'string') return stream.abort(new Error(underWay))
      try {
        await answer(stream, { from, handler, requestBytesMax, underWay, clock, times: limits })
      } catch (error) {
        log.debug({ error, from, protocol }, 'a request was not served to its end')
        // A connection that is lost is nobody's fault, and neither is a request that made room for others.
        const isTheirs = connection.status === 'open' && !underWay.isGivenUp()
        if (error instanceof Unfinished && isTheirs) await begunInVain(from, protocol)
      } finally {
        underWay.end()
      }
    }
    libp2p
      .handle(`${prefix}/${protocol}`, onStream, { ...streamLimits })
      .catch((error) => log.warn({ error, protocol }, 'a protocol could not be announced'))
  }
}

/**
 * What peers began and did not finish, within a time that begins anew for all of them at once. What is unfinished while one
 * request may take to arrive is of one moment: whoever stands still then lets down all that it began, and means no harm.
 */
function createUnfinished(
  { monotonic }: Pick<Clock, 'monotonic'>,
  { unfinishedMost, unfinishedMoments, unfinishedMs, firstFrameMs }: NetworkLimits,
) {
  const begun = new Map<string, { count: number; moments: number; momentMs: number }>()
  let period = 0
  return {
    /** Count one more; whether it makes so many, in so many moments, or is beyond. */
    isOneTooMany(peer: string): boolean {
      const nowMs = monotonic()
      const now = Math.floor(nowMs / unfinishedMs)
      if (now !== period) begun.clear()
      period = now
      const { count, moments, momentMs } = begun.get(peer) ?? { count: 0, moments: 0, momentMs: -Infinity }
      const isNew = nowMs - momentMs >= firstFrameMs
      const seen = { count: count + 1, moments: isNew ? moments + 1 : moments, momentMs: isNew ? nowMs : momentMs }
      begun.set(peer, seen)
      return seen.count >= unfinishedMost && seen.moments >= unfinishedMoments
    },
  }
}
