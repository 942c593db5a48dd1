/** Connections to peers: making one, finding one, and ending all of them. */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Bans } from './bans.ts'
import type { Libp2pNode } from './libp2p-node.ts'
import type { NetworkLog } from './network-options.ts'

type Options = {
  readonly libp2p: Pick<Libp2pNode, 'dial' | 'getConnections' | 'getPeers'>
  readonly bans: Pick<Bans, 'add'>
  readonly dialMs: number
  readonly log: NetworkLog
}

export type Connections = ReturnType<typeof createConnections>

export function createConnections({ libp2p, bans, dialMs, log }: Options) {
  async function hangUp(peer: string, why: string): Promise<void> {
    // In a turn of its own: a stream that was opened in this turn would send on the closed connection, and
    // the muxer throws that error where nobody can catch it.
    await new Promise((resolve) => setImmediate(resolve))
    for (const connection of libp2p.getConnections(peerIdFromString(peer))) connection.abort(new Error(why))
  }

  return {
    /** Peers that are connected now. */
    peers: (): string[] => libp2p.getPeers().map(String),
    /** An open connection to a peer. */
    to: (peer: string): Connection | undefined =>
      libp2p.getConnections(peerIdFromString(peer)).find(({ status }) => status === 'open'),
    /** End every connection to a peer, which may come back. */
    hangUp,
    /** Hang up on a peer and refuse it for `banMs`. */
    async disconnect(peer: string, { why, banMs }: { why: string; banMs: number }): Promise<void> {
      log.info({ peer, why, banMs }, 'hung up on a peer')
      bans.add(peer, { banMs, why })
      await hangUp(peer, why)
    },
    /** Connect to a multiaddr once; resolves to the peer id. Throws an `Error` with a cause. */
    async dial(address: string): Promise<string> {
      const signal = AbortSignal.timeout(dialMs)
      try {
        const connection = await libp2p.dial(multiaddr(address), { signal })
        return connection.remotePeer.toString()
      } catch (cause) {
        throw new Error(`Cannot connect to ${address}. Check that the address is right and that a node runs there.`, {
          cause,
        })
      }
    },
  }
}

/** The peer id an address ends with, if it does. Throws when it is no multiaddr. */
export function peerOf(address: string): string | undefined {
  try {
    return multiaddr(address)
      .getComponents()
      .findLast(({ name }) => name === 'p2p')?.value
  } catch (cause) {
    throw new Error(`${address} is not a multiaddr. Write it like /ip4/192.0.2.1/tcp/4001/p2p/<peer id>.`, { cause })
  }
}
