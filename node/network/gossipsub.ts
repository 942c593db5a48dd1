/**
 * Gossipsub as we run it: the only file that imports the library. The numbers were measured on real sockets;
 * where the library falls short of its own specification, `repair` says what is done about it and why.
 */
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import {
  type GossipSub,
  type GossipSubComponents,
  type GossipsubOpts,
  gossipsub,
  type Message,
  StrictNoSign,
  TopicValidatorResult,
} from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { messageMaxBytes } from './limits.ts'
import type { Answer, Validator } from '../seams.ts'
import type { createValidation } from './validation.ts'

/** Under this score nothing from a peer is processed any more, and we hang up on it. */
export const graylistScore = -10_000

/** How long the score of a peer that left is kept; a ban for bad conduct should last a little longer, so that it ends with a clean slate. */
export const retainScoreMs = 60 * 60_000

/** Peers for one topic: the mesh keeps between `low` and `high` links, `want` when it is free to choose. */
const mesh = { D: 8, Dlo: 6, Dhi: 12, Dscore: 6, Dout: 3, Dlazy: 6 } as const

/** A remote procedure call carries messages of one maximum size and room for control messages, but not more. */
const rpcMaxBytes = messageMaxBytes + 512 * 1024
const rpcMaxMessages = 256

const heartbeatMs = 1000
const minuteMs = 60_000

/** Heartbeats for which a connected peer may lack its gossip streams before the connection is thrown away. */
const patienceHeartbeats = 5

export interface GossipSettings {
  /** How long a message id is remembered; at least as long as a message stays valid. */
  readonly seenMs: number
  /** IP addresses behind which many honest peers live (tests, containers): not scored for colocation. */
  readonly colocated: readonly string[]
}

/** The gossipsub service for `createLibp2p`, with our settings and repairs. */
export function gossipService(settings: GossipSettings): (components: GossipSubComponents) => GossipSub {
  const create = gossipsub(optionsOf(settings))
  return (components) => repair(create(components))
}

export interface GossipHooks {
  readonly validation: ReturnType<typeof createValidation>
  /** Peers we have a connection to. */
  readonly connected: () => readonly string[]
  /** A peer fell under the graylist score. */
  readonly onGraylisted: (peer: string, score: number) => Promise<void>
  /** A peer is connected, but its gossip streams are gone, and nothing but a new connection opens them again. */
  readonly onMute: (peer: string) => Promise<void>
}

/** What became of the messages of one topic since the start. */
export interface TopicCounts {
  published: number
  accept: number
  ignore: number
  reject: number
}

export interface Gossip {
  /** Take part in a topic. Once for each topic. */
  subscribe(topic: string, validate: Validator): void
  /** Hand a message of at most 512 KiB to the peers; one that was seen before goes nowhere. */
  publish(topic: string, data: Uint8Array): Promise<void>
  scoreOf(peer: string): number
  counts(): ReadonlyMap<string, Readonly<TopicCounts>>
}

/** Our handle on a started gossipsub service. */
export function createGossip(service: GossipSub, hooks: GossipHooks): Gossip {
  const router = internalsOf(service)
  const counts = new Map<string, TopicCounts>()
  watchPeers(service, router, hooks)

  function countOf(topic: string): TopicCounts {
    const known = counts.get(topic)
    if (known) return known
    const fresh = { published: 0, accept: 0, ignore: 0, reject: 0 }
    counts.set(topic, fresh)
    return fresh
  }

  return {
    subscribe(topic, validate) {
      assert(!service.topicValidators.has(topic), `topic ${topic} is subscribed once`)
      const count = countOf(topic)
      router.score.params.topics[topic] = topicScore
      service.topicValidators.set(topic, async (peer: PeerId, message: Message) => {
        // Copied, because the library hands out a view that would pin a whole network buffer.
        const arrival = { from: peer.toString(), data: new Uint8Array(message.data), validate }
        const verdict = message.data.length > messageMaxBytes ? 'reject' : await hooks.validation(arrival)
        count[verdict] += 1
        return results[verdict]
      })
      service.subscribe(topic)
    },
    async publish(topic, data) {
      assert(data.length <= messageMaxBytes, 'a gossiped message is at most 512 KiB')
      await service.publish(topic, data)
      countOf(topic).published += 1
    },
    scoreOf: (peer) => router.getScore(peer),
    counts: () => counts,
  }
}

const results = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const satisfies Record<Answer, TopicValidatorResult>

/**
 * SHA-256 over topic length (4 bytes), topic and data. The topic enters because the same bytes may be
 * published on two topics, and the length so that no two pairs spell the same input.
 */
export function gossipId({ topic, data }: { topic: string; data: Uint8Array }): Uint8Array {
  const name = Buffer.from(topic)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return createHash('sha256').update(length).update(name).update(data).digest()
}

/** The factor by which a counter falls each second so that 1 becomes nothing in `ms`. */
const decay = (ms: number) => decayToZero ** (1000 / ms)
const decayToZero = 0.01

/** The same for every topic: without P4 on a topic, invalid messages there cost nothing at all. */
const topicScore = {
  topicWeight: 1,
  // P1, a little for staying: at most 10.
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 1000,
  // P2, for bringing news first: at most 20.
  firstMessageDeliveriesWeight: 1,
  firstMessageDeliveriesDecay: decay(5 * minuteMs),
  firstMessageDeliveriesCap: 20,
  // P3 is off: on a topic with little traffic it punishes peers for having nothing to say.
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: decay(5 * minuteMs),
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 0,
  meshMessageDeliveriesActivation: minuteMs,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: decay(5 * minuteMs),
  // P4, invalid messages: squared, so the eleventh within the hour ends it.
  invalidMessageDeliveriesWeight: -100,
  invalidMessageDeliveriesDecay: decay(60 * minuteMs),
} as const

function optionsOf({ seenMs, colocated }: GossipSettings): Partial<GossipsubOpts> {
  return {
    ...mesh,
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: gossipId,
    heartbeatInterval: heartbeatMs,
    mcacheLength: 6,
    mcacheGossip: 3,
    seenTTL: seenMs,
    floodPublish: false, // Flooding would show everybody which node a message started from.
    batchPublish: true,
    emitSelf: false,
    doPX: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    idontwantMinDataSize: 16_384,
    maxInboundDataLength: rpcMaxBytes,
    maxOutboundBufferSize: 8 * 1024 * 1024,
    // The library counts a topic as a kibibyte: room for a relay that follows 64 shards, and not for many more.
    maxTopicBytesPerPeer: 96 * 1024,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    decodeRpcLimits: {
      maxSubscriptions: 128,
      maxMessages: rpcMaxMessages,
      maxControlMessages: 128,
      // The library itself sends up to 5000 ids in one list.
      maxIhaveMessageIDs: 5000,
      maxIwantMessageIDs: 5000,
      maxIdontwantMessageIDs: 64,
      maxPeerInfos: 16,
    },
    scoreThresholds: {
      gossipThreshold: -100,
      publishThreshold: -1000,
      graylistThreshold: graylistScore,
      acceptPXThreshold: 1000,
      opportunisticGraftThreshold: 1,
    },
    scoreParams: {
      topics: {},
      // Good conduct on many topics must not pay for invalid messages on one.
      topicScoreCap: 100,
      appSpecificScore: () => 0,
      appSpecificWeight: 0,
      // P6, many peers behind one address.
      IPColocationFactorWeight: -50,
      IPColocationFactorThreshold: 5,
      IPColocationFactorWhitelist: new Set(colocated),
      // P7, breaking the protocol.
      behaviourPenaltyWeight: -10,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: decay(10 * minuteMs),
      decayInterval: 1000,
      decayToZero,
      retainScore: retainScoreMs,
    },
  }
}

/** The parts of the library's router that its published type leaves out. */
interface Internals {
  readonly peers: ReadonlyMap<string, PeerId>
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  readonly score: {
    readonly params: { readonly topics: Record<string, typeof topicScore> }
    readonly peerStats: Map<string, { connected: boolean; expire: number }>
    addPeer(peer: string): void
    addPenalty(peer: string, penalty: number, label: string): void
  }
  getScore(peer: string): number
  handleReceivedRpc(from: PeerId, rpc: Rpc): Promise<void>
  sendRpc(peer: string, rpc: Rpc): boolean
}

interface RpcMessage {
  readonly topic: string
  readonly data?: Uint8Array
}

interface Rpc {
  readonly subscriptions: readonly unknown[]
  readonly messages: readonly RpcMessage[]
  readonly control?: object | undefined
}

function internalsOf(service: GossipSub): Internals {
  const router = service as unknown as Internals
  const isWhole = typeof router.sendRpc === 'function' && typeof router.handleReceivedRpc === 'function'
  assert(isWhole && typeof router.score?.addPeer === 'function', 'the pinned gossipsub has the inner parts we rely on')
  return router
}

/** Close three gaps of the library, on one instance. */
function repair(service: GossipSub): GossipSub {
  const router = internalsOf(service)
  const { score } = router

  // A list of wanted messages is answered in one call, which may exceed what the asking side takes in: that
  // would silently end gossip between the two. So a large call goes out in parts.
  const send = router.sendRpc.bind(router)
  router.sendRpc = (peer, rpc) => {
    if (rpc.messages.length < 2) return send(peer, rpc)
    const [first = [], ...rest] = partition(rpc.messages)
    const sent = send(peer, { ...rpc, messages: first })
    return rest.reduce((all, messages) => send(peer, { subscriptions: [], messages }) && all, sent)
  }

  // Messages on topics we never asked for would be cached and offered on without any validator.
  const receive = router.handleReceivedRpc.bind(router)
  router.handleReceivedRpc = (from, rpc) => {
    const messages = rpc.messages.filter(({ topic }) => service.topicValidators.has(topic))
    const strays = rpc.messages.length - messages.length
    if (strays === 0) return receive(from, rpc)
    score.addPenalty(from.toString(), strays, 'stray_message')
    return receive(from, { ...rpc, messages })
  }

  // A peer that reconnects gets back the score it left with, as the specification has it; the library starts it afresh.
  const add = score.addPeer.bind(score)
  score.addPeer = (peer) => {
    const known = score.peerStats.get(peer)
    if (known && !known.connected) known.connected = true
    else add(peer)
  }
  return service
}

/** Cut a list of messages into runs that each fit one call; at least one run, which may be empty. */
export function partition<T extends { readonly data?: Uint8Array }>(messages: readonly T[]): T[][] {
  const runs: T[][] = [[]]
  let bytes = 0
  for (const message of messages) {
    const run = runs.at(-1)!
    const size = message.data?.length ?? 0
    if (run.length > 0 && (run.length === rpcMaxMessages || bytes + size > messageMaxBytes)) {
      runs.push([message])
      bytes = size
    } else {
      run.push(message)
      bytes += size
    }
  }
  return runs
}

/** After each heartbeat: tell of graylisted peers, which the library keeps connected, and of mute ones, which it never revives. */
function watchPeers(service: GossipSub, router: Internals, hooks: GossipHooks): void {
  const missed = new Map<string, number>()
  service.addEventListener('gossipsub:heartbeat', () => {
    const connected = new Set(hooks.connected())
    for (const peer of missed.keys()) if (!connected.has(peer)) missed.delete(peer)
    for (const peer of connected) {
      const score = router.getScore(peer)
      if (score < graylistScore) hooks.onGraylisted(peer, score)
      else if (router.peers.has(peer) && router.streamsOutbound.has(peer)) missed.set(peer, 0)
      else if (missed.has(peer)) {
        // Only peers that once took part are missed: a stranger without gossip is none of our business.
        const beats = missed.get(peer)! + 1
        missed.set(peer, beats)
        if (beats === patienceHeartbeats) hooks.onMute(peer)
      }
    }
  })
}
