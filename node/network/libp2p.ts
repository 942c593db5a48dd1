/** The real network: `Network` of seams.ts over libp2p on TCP. What nodes say to each other goes over sockets that are opened here. */
import type { PeerId } from '@libp2p/interface'
import type { Network } from '../seams.ts'
import { watchStillness } from './awake.ts'
import { createBans } from './bans.ts'
import { type Connections, createConnections, peerOf } from './connections.ts'
import { connectionsWithin, descriptorLimit } from './descriptors.ts'
import { dialFailure } from './dial-failure.ts'
import { hostOf } from './hosts.ts'
import { ask } from './exchange.ts'
import { createGossip, type Gossip, type TopicCounts } from './gossipsub.ts'
import { type Libp2pNode, startLibp2p } from './libp2p-node.ts'
import { defaultLimits, type NetworkLimits, type NetworkLog, type NetworkOptions } from './network-options.ts'
import { keepConnected, type Redial } from './redial.ts'
import { createMeter, type Meter } from './meter.ts'
import { createNearbyDials } from './nearby.ts'
import { createServing } from './serving.ts'
import { versionsSpoken } from './spoken.ts'
import { createValidation } from './validation.ts'
import { createVoices } from './voices.ts'

interface NetworkStats {
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
  /** Addresses that we are to stay connected to and cannot reach, and why, in words. */
  unreached(): readonly { readonly address: string; readonly why: string }[]
  /** For each connected peer that said what it speaks: in which versions a protocol of ours, without its version. */
  versionsOf(protocol: string): Promise<readonly (readonly number[])[]>
  /** The most connections that are taken, and how many it would be with more descriptors. */
  readonly connectionsMost: { readonly allowed: number; readonly wished: number }
  stats(): NetworkStats
}

/** Start a node of the network. Throws an `Error` with a cause when it cannot listen or an address makes no sense. */
export async function createNetwork(options: NetworkOptions): Promise<Libp2pNetwork> {
  const { clock, random, log, prefix } = options
  const wished = { ...defaultLimits, ...options.limits }
  const limits = withinDescriptors(wished, options)
  const targets = options.keep.map((address) => ({ address, peer: peerOf(address) }))
  const { colocated = [] } = options
  const bans = createBans(clock)
  const meter = createMeter(clock, colocated)
  const libp2p = await startLibp2p(options, limits, { bans, meter, clock })
  const self = libp2p.peerId.toString()
  const connections = createConnections({ libp2p, bans, dialMs: limits.dialMs, log })
  const { peers, dial, disconnect } = connections
  const gossip = openGossip(libp2p, connections, { meter, limits, log })
  const redial = keepConnected({
    targets: targets.filter(({ peer }) => peer !== self),
    dial,
    isConnected: (peer) => connections.to(peer) !== undefined,
    clock,
    random,
    log,
    firstMs: limits.redialFirstMs,
    capMs: limits.redialCapMs,
  })
  const listeners: Listener[] = []
  listen(libp2p, { redial, listeners, log })
  const stillness = watchStillness(clock)
  const serve = createServing({ libp2p, disconnect, colocated, prefix, limits, clock, stillness, log })

  return {
    self,
    peers,
    voiceOf: createVoices({ connections, targets, colocated }),
    disconnect,
    dial,
    addresses: () => libp2p.getMultiaddrs().map(String),
    publish: (topic, data) => gossip.publish(`${prefix}/${topic}`, data),
    subscribe: (topic, validate, isHeard) => gossip.subscribe(`${prefix}/${topic}`, validate, isHeard),
    serve,
    request(peer, protocol, request, { timeoutMs }) {
      const question = { connection: connections.to(peer), peer, protocol: `${prefix}/${protocol}`, request, timeoutMs }
      return ask(question, clock, limits)
    },
    onPeer: (listener) => void listeners.push(listener),
    unreached: () =>
      redial.unreached().map(({ address, peer, error }) => ({
        address,
        why: (peer && bans.why(peer)) || dialFailure(error),
      })),
    versionsOf: (protocol) => versionsSpoken(libp2p, `${prefix}/${protocol}`),
    connectionsMost: { allowed: limits.maxConnections, wished: wished.maxConnections },
    stats: () => ({
      peers: peers().length,
      peersUnderZero: peers().filter((peer) => gossip.scoreOf(peer) < 0).length,
      banned: bans.size(),
      gossip: countsByKind(gossip, prefix),
    }),
    async close() {
      redial.close()
      stillness.stop()
      await libp2p.stop()
    },
  }
}

/** Limits with as many connections as there are descriptors for; the log has what came of it. */
function withinDescriptors(wished: NetworkLimits, { colocated = [], log }: NetworkOptions): NetworkLimits {
  const descriptors = descriptorLimit()
  const maxConnections = connectionsWithin({ descriptors, wished: wished.maxConnections })
  const { connectionsOfAddress } = wished
  const what = { descriptors, maxConnections, connectionsOfAddress, colocated }
  if (maxConnections < wished.maxConnections)
    log.warn(what, 'fewer connections than wished, for want of descriptors; raise the limit of open files (ulimit -n)')
  else log.info(what, 'connections are bounded, in all and by address')
  return { ...wished, maxConnections }
}

type Listener = (peer: string, state: 'up' | 'down') => void

/** Gossip behind the queue of validators; bad peers are banned, and mute ones connected anew. */
function openGossip(
  libp2p: Pick<Libp2pNode, 'services'>,
  { to, peers, disconnect, hangUp }: Connections,
  { meter, limits, log }: { meter: Pick<Meter, 'spend'>; limits: NetworkLimits; log: NetworkLog },
): Gossip {
  return createGossip(libp2p.services.gossip, {
    validation: createValidation(limits, (error) => log.warn({ error }, 'a validator threw; the message is ignored')),
    onWork(peer, work) {
      const connection = to(peer)
      if (connection) meter.spend(hostOf(connection), work)
    },
    connected: peers,
    onGraylisted: (peer, score) =>
      disconnect(peer, { why: `its score fell to ${Math.round(score)}`, banMs: limits.graylistBanMs }),
    onMute: (peer) => {
      log.info({ peer }, 'gossip with a peer broke off; connecting anew')
      return hangUp(peer, 'its gossip streams are gone')
    },
  })
}

/** Tell listeners of peers that come and go, dial again those that we keep, and dial those that are found nearby. */
function listen(
  libp2p: Pick<Libp2pNode, 'addEventListener' | 'dial' | 'forget' | 'getConnections'>,
  { redial, listeners, log }: { redial: Pick<Redial, 'lost'>; listeners: readonly Listener[]; log: NetworkLog },
): void {
  const tell = (state: 'up' | 'down') => (event: CustomEvent<PeerId>) => {
    const peer = event.detail.toString()
    log.debug({ peer, state }, 'peer')
    if (state === 'down') redial.lost(peer)
    for (const listener of listeners) listener(peer, state)
  }
  libp2p.addEventListener('peer:connect', tell('up'))
  libp2p.addEventListener('peer:disconnect', tell('down'))
  const isConnected = (peer: PeerId) => libp2p.getConnections(peer).length > 0
  const dialNearby = createNearbyDials({ dial: (peer) => libp2p.dial(peer), isConnected, forget: libp2p.forget, log })
  libp2p.addEventListener('peer:discovery', ({ detail }) => void dialNearby(detail.id))
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
