/** The real network: `Network` of seams.ts over libp2p on TCP. Sockets are opened here and nowhere else. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, PeerId } from '@libp2p/interface'
import { FaultTolerance } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Bans, createBans } from './bans.ts'
import { answer, ask, type ExchangeTimes, streamLimits } from './exchange.ts'
import { createGossip, type Gossip, gossipService, retainScoreMs, type TopicCounts } from './gossipsub.ts'
import { keepConnected } from './redial.ts'
import type { Clock, Network, Random } from '../seams.ts'
import { createValidation, type ValidationLimits } from './validation.ts'

/** What we log to; a pino logger fits. */
export interface NetworkLog {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
}

export interface NetworkOptions {
  /** 32-byte Ed25519 seed; the peer id is its public key. */
  readonly seed: Uint8Array
  /** Multiaddrs to listen on; empty for a node that only dials out. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell peers besides those listened on, such as a forwarded port. */
  readonly announce: readonly string[]
  /** Multiaddrs of peers to stay connected to, dialled again for ever. These are also how a node finds the network. */
  readonly keep: readonly string[]
  /** Starts every topic and protocol on the wire, such as /bmail/1f00ba11; peers with another prefix are not understood. */
  readonly prefix: string
  /** DNS-SD service, such as _bmail._udp.local, under which to find and be found on the local network. Without it: not at all. */
  readonly mdnsService?: string
  /** IP addresses behind which many honest peers live (tests, containers): not scored for colocation. */
  readonly colocated?: readonly string[]
  readonly limits?: Partial<NetworkLimits>
  readonly clock: Clock
  readonly random: Random
  readonly log: NetworkLog
}

export interface NetworkLimits extends ValidationLimits, ExchangeTimes {
  readonly maxConnections: number
  /** New connections a second from one IP address; raise it where many nodes share one. */
  readonly inboundConnectionThreshold: number
  /** How long a gossiped message is remembered. */
  readonly seenMs: number
  /** How long a peer is refused after its score fell under the graylist threshold. */
  readonly graylistBanMs: number
  readonly redialFirstMs: number
  readonly redialCapMs: number
  readonly dialMs: number
  /** Requests served at one time, for all peers together. */
  readonly served: number
}

const defaults: NetworkLimits = {
  maxConnections: 300,
  inboundConnectionThreshold: 5,
  seenMs: 10 * 60_000,
  graylistBanMs: retainScoreMs + 60_000,
  redialFirstMs: 1000,
  redialCapMs: 60_000,
  dialMs: 15_000,
  served: 256,
  askIdleMs: 15_000,
  serveIdleMs: 60_000,
  serveMs: 10 * 60_000,
  concurrent: 64,
  heldBytes: 64 * 1024 * 1024,
  heldBytesOfPeer: 16 * 1024 * 1024,
}

export interface NetworkStats {
  readonly peers: number
  readonly peersUnderZero: number
  readonly banned: number
  /** Messages by the first word of their topic: out (published) and in, by what the validator said. */
  readonly gossip: Readonly<Record<string, Readonly<TopicCounts>>>
}

export interface Libp2pNetwork extends Network {
  /** Multiaddrs under which we can be dialled, our peer id included. */
  addresses(): string[]
  /** Connect to a multiaddr once; resolves to the peer id. Throws an `Error` with a cause. */
  dial(address: string): Promise<string>
  stats(): NetworkStats
}

/** Start a node of the network. Throws an `Error` with a cause when it cannot listen or an address makes no sense. */
export async function createNetwork(options: NetworkOptions): Promise<Libp2pNetwork> {
  const { clock, random, log, prefix } = options
  const limits = { ...defaults, ...options.limits }
  const targets = options.keep.map((address) => ({ address, peer: peerOf(address) }))
  const bans = createBans(clock)
  const libp2p = await start(options, limits, bans)
  const self = libp2p.peerId.toString()
  const listeners: ((peer: string, state: 'up' | 'down') => void)[] = []
  let serving = 0

  const connectionTo = (peer: string): Connection | undefined =>
    libp2p.getConnections(peerIdFromString(peer)).find(({ status }) => status === 'open')
  const peers = () => libp2p.getPeers().map(String)
  const hangUp = async (peer: string, why: string) => {
    // In a turn of its own: a stream that was opened in this turn would send on the closed connection, and
    // the muxer throws that error where nobody can catch it.
    await new Promise((resolve) => setImmediate(resolve))
    for (const connection of libp2p.getConnections(peerIdFromString(peer))) connection.abort(new Error(why))
  }
  const disconnect: Network['disconnect'] = async (peer, { why, banMs }) => {
    log.info({ peer, why, banMs }, 'hung up on a peer')
    bans.add(peer, banMs)
    await hangUp(peer, why)
  }
  const dial = async (address: string): Promise<string> => {
    const signal = AbortSignal.timeout(limits.dialMs)
    try {
      const connection = await libp2p.dial(multiaddr(address), { signal })
      return connection.remotePeer.toString()
    } catch (cause) {
      throw new Error(`Cannot connect to ${address}. Check that the address is right and that a node runs there.`, {
        cause,
      })
    }
  }

  const gossip = createGossip(libp2p.services.gossip, {
    validation: createValidation(limits, (error) => log.warn({ error }, 'a validator threw; the message is ignored')),
    connected: peers,
    onGraylisted: (peer, score) =>
      disconnect(peer, { why: `its score fell to ${Math.round(score)}`, banMs: limits.graylistBanMs }),
    onMute: (peer) => {
      log.info({ peer }, 'gossip with a peer broke off; connecting anew')
      return hangUp(peer, 'its gossip streams are gone')
    },
  })
  const redial = keepConnected({
    targets: targets.filter(({ peer }) => peer !== self),
    dial,
    isConnected: (peer) => connectionTo(peer) !== undefined,
    clock,
    random,
    log,
    firstMs: limits.redialFirstMs,
    capMs: limits.redialCapMs,
  })

  const tell = (state: 'up' | 'down') => (event: CustomEvent<PeerId>) => {
    const peer = event.detail.toString()
    log.debug({ peer, state }, 'peer')
    if (state === 'down') redial.lost(peer)
    for (const listener of listeners) listener(peer, state)
  }
  libp2p.addEventListener('peer:connect', tell('up'))
  libp2p.addEventListener('peer:disconnect', tell('down'))
  libp2p.addEventListener('peer:discovery', ({ detail }) => {
    // Announced again and again by mDNS, so a failure is not worth more than a word.
    if (libp2p.getConnections(detail.id).length === 0)
      libp2p.dial(detail.id).catch((error) => log.debug({ error }, 'cannot connect to a peer on the local network'))
  })

  return {
    self,
    peers,
    disconnect,
    dial,
    addresses: () => libp2p.getMultiaddrs().map(String),
    publish: (topic, data) => gossip.publish(`${prefix}/${topic}`, data),
    subscribe: (topic, validate) => gossip.subscribe(`${prefix}/${topic}`, validate),
    serve(protocol, handler) {
      const onStream = async (stream: Parameters<typeof answer>[0], connection: Connection) => {
        const from = connection.remotePeer.toString()
        if (serving >= limits.served) return stream.abort(new Error('too many requests at once'))
        serving += 1
        await answer(stream, { from, handler, clock, times: limits })
          .catch((error) => log.debug({ error, from, protocol }, 'a request was not served to its end'))
          .finally(() => (serving -= 1))
      }
      libp2p
        .handle(`${prefix}/${protocol}`, onStream, { ...streamLimits })
        .catch((error) => log.warn({ error, protocol }, 'a protocol could not be announced'))
    },
    request: (peer, protocol, request, { timeoutMs }) =>
      ask(
        { connection: connectionTo(peer), peer, protocol: `${prefix}/${protocol}`, request, timeoutMs },
        clock,
        limits,
      ),
    onPeer(listener) {
      listeners.push(listener)
    },
    stats: () => ({
      peers: peers().length,
      peersUnderZero: peers().filter((peer) => gossip.scoreOf(peer) < 0).length,
      banned: bans.size(),
      gossip: countsByKind(gossip, prefix),
    }),
    async close() {
      redial.close()
      await libp2p.stop()
    },
  }
}

async function start(options: NetworkOptions, limits: NetworkLimits, bans: Bans) {
  const refuses = (peer: PeerId) => bans.has(peer.toString())
  try {
    return await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      addresses: { listen: [...options.listen], appendAnnounce: [...options.announce] },
      transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
      // TLS before Noise: it costs half the processor time a message.
      connectionEncrypters: [tls(), noise()],
      // A paused stream may still receive one window, which has to fit the 4 MiB the library buffers for it.
      streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 1024 * 1024 } })],
      peerDiscovery: options.mdnsService === undefined ? [] : [mdns({ serviceTag: options.mdnsService })],
      transportManager: { faultTolerance: FaultTolerance.FATAL_ALL },
      connectionManager: {
        maxConnections: limits.maxConnections,
        inboundConnectionThreshold: limits.inboundConnectionThreshold,
        maxIncomingPendingConnections: Math.max(10, 2 * limits.inboundConnectionThreshold),
        dialTimeout: limits.dialMs,
        // One slow address must not use up the time of the others.
        addressDialTimeout: Math.ceil(limits.dialMs / 3),
      },
      // A busy machine answers late; only a peer that is silent for long is gone.
      connectionMonitor: { pingInterval: 20_000, pingTimeout: { minTimeout: 20_000 } },
      connectionGater: {
        denyDialPeer: refuses,
        denyInboundEncryptedConnection: refuses,
        denyOutboundEncryptedConnection: refuses,
      },
      services: {
        identify: identify(),
        ping: ping(),
        gossip: gossipService({ seenMs: limits.seenMs, colocated: options.colocated ?? [] }),
      },
    })
  } catch (cause) {
    const where = options.listen.join(', ') || 'no address'
    throw new Error(
      `Cannot start the network on ${where}. Check that the address is ours and that no other program uses the port.`,
      {
        cause,
      },
    )
  }
}

/** The peer id an address ends with, if it does. Throws when it is no multiaddr. */
function peerOf(address: string): string | undefined {
  try {
    return multiaddr(address)
      .getComponents()
      .findLast(({ name }) => name === 'p2p')?.value
  } catch (cause) {
    throw new Error(`${address} is not a multiaddr. Write it like /ip4/192.0.2.1/tcp/4001/p2p/<peer id>.`, { cause })
  }
}

function countsByKind(gossip: Gossip, prefix: string): Record<string, TopicCounts> {
  const kinds: Record<string, TopicCounts> = {}
  for (const [topic, counts] of gossip.counts()) {
    const kind = topic.slice(prefix.length + 1).split('/', 1)[0]!
    const sum = (kinds[kind] ??= { published: 0, accept: 0, ignore: 0, reject: 0 })
    for (const key of ['published', 'accept', 'ignore', 'reject'] as const) sum[key] += counts[key]
  }
  return kinds
}
