/**
 * Serving requests: how many at one time, for all peers together, from one address and for one peer; and hanging up on
 * whoever begins requests and does not finish them.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { Clock, Handler, Serving } from '../seams.ts'
import type { Connections } from './connections.ts'
import { shareOf } from './hosts.ts'
import { answer, streamLimits, Unfinished } from './exchange.ts'
import type { Libp2pNode } from './libp2p-node.ts'
import { frameMaxBytes } from './limits.ts'
import type { NetworkLimits, NetworkLog } from './network-options.ts'

type Options = {
  readonly libp2p: Pick<Libp2pNode, 'handle'>
  readonly disconnect: Connections['disconnect']
  readonly colocated: readonly string[]
  readonly prefix: string
  readonly limits: NetworkLimits
  readonly clock: Clock
  readonly log: NetworkLog
}

/** Answers requests; those above a share are refused. */
export function createServing({ libp2p, disconnect, colocated, prefix, limits, clock, log }: Options) {
  const shared = new Set(colocated.map(shareOf))
  const ofPeer = createCounter()
  const ofAddress = createCounter()
  const unfinished = createUnfinished({ clock, mostOf: limits.unfinishedMost, forMs: limits.unfinishedMs })
  let serving = 0

  function refusal(address: string): string | undefined {
    const mostOfAddress = shared.has(address) ? (limits.served * 3) / 4 : limits.servedOfAddress
    if (ofAddress.of(address) >= mostOfAddress) return 'too many requests from this address at once'
    return serving >= limits.served ? 'too many requests at once' : undefined
  }

  async function begunInVain(from: string, protocol: string): Promise<void> {
    if (!unfinished.isOneTooMany(from)) return
    const why = `it began ${limits.unfinishedMost} requests and did not finish them, the last one ${protocol}`
    await disconnect(from, { why, banMs: limits.unfinishedMs })
  }

  return (protocol: string, handler: Handler, { requestBytesMax }: Serving = { requestBytesMax: frameMaxBytes }) => {
    const onStream = async (stream: Stream, connection: Connection) => {
      const from = connection.remotePeer.toString()
      const address = shareOf(connection.remoteAddr.getComponents()[0]?.value ?? '')
      if (ofPeer.of(from) >= limits.servedOfPeer) {
        stream.abort(new Error('too many requests of this peer at once'))
        return begunInVain(from, protocol)
      }
      const refused = refusal(address)
      if (refused) return stream.abort(new Error(refused))
      serving += 1
      ofPeer.add(from, 1)
      ofAddress.add(address, 1)
      try {
        await answer(stream, { from, handler, requestBytesMax, clock, times: limits })
      } catch (error) {
        log.debug({ error, from, protocol }, 'a request was not served to its end')
        // A connection that is lost is nobody's fault.
        if (error instanceof Unfinished && connection.status === 'open') await begunInVain(from, protocol)
      } finally {
        serving -= 1
        ofPeer.add(from, -1)
        ofAddress.add(address, -1)
      }
    }
    libp2p
      .handle(`${prefix}/${protocol}`, onStream, { ...streamLimits })
      .catch((error) => log.warn({ error, protocol }, 'a protocol could not be announced'))
  }
}

/** Counts by name; what comes to nothing is forgotten. */
function createCounter() {
  const counts = new Map<string, number>()
  const of = (name: string): number => counts.get(name) ?? 0
  return {
    of,
    add(name: string, by: 1 | -1): void {
      const sum = of(name) + by
      if (sum === 0) counts.delete(name)
      else counts.set(name, sum)
    },
  }
}

/** What peers began and did not finish, within a time that begins anew for all of them at once. */
function createUnfinished({ clock, mostOf, forMs }: { clock: Pick<Clock, 'now'>; mostOf: number; forMs: number }) {
  const counts = new Map<string, number>()
  let period = 0
  return {
    /** Count one more; whether it makes so many, or is beyond. */
    isOneTooMany(peer: string): boolean {
      const now = Math.floor(clock.now() / forMs)
      if (now !== period) counts.clear()
      period = now
      const count = (counts.get(peer) ?? 0) + 1
      counts.set(peer, count)
      return count >= mostOf
    },
  }
}
