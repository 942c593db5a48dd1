/** The numbers with which gossipsub is run: links, limits, and what peers are scored for. They were measured on real sockets. */
import { createHash } from 'node:crypto'
import { type GossipsubOpts, StrictNoSign } from '@chainsafe/libp2p-gossipsub'
import { messageMaxBytes } from './limits.ts'

/** Under this score nothing from a peer is processed any more, and we hang up on it. */
export const graylistScore = -10_000

/** How long the score of a peer that left is kept; a ban for bad conduct should last a little longer, so that it ends with a clean slate. */
export const retainScoreMs = 60 * 60_000

/** Links for one topic: the mesh keeps between `Dlo` and `Dhi` of them, and `D` when it is free to choose. */
const mesh = { D: 8, Dlo: 6, Dhi: 12, Dscore: 6, Dout: 3, Dlazy: 6 } as const

/** A remote procedure call carries messages of one maximum size and room for control messages, but not more. */
const rpcMaxBytes = messageMaxBytes + 512 * 1024
export const rpcMaxMessages = 256

const heartbeatMs = 1000
const minuteMs = 60_000

export interface GossipSettings {
  /** How long a message id is remembered; at least as long as a message stays valid. */
  readonly seenMs: number
  /** IP addresses behind which many honest peers live (tests, containers): not scored for colocation. */
  readonly colocated: readonly string[]
}

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
export const topicScore = {
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

/** Everything that the library can be told, said once. */
export function optionsOf({ seenMs, colocated }: GossipSettings): Partial<GossipsubOpts> {
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
