/**
 * Where the pinned gossipsub falls short of its own specification, and what is done about it: three gaps are closed on an
 * instance of it. This file is also the one that knows the parts of the library which its published type leaves out.
 */
import assert from 'node:assert'
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { rpcMaxMessages, type topicScore } from './gossip-settings.ts'
import { messageMaxBytes } from './limits.ts'
import { workCosts } from './meter.ts'

interface PeerStats {
  connected: boolean
  readonly behaviourPenalty: number
  readonly knownIPs: Set<string>
  readonly topics: Readonly<Record<string, { readonly invalidMessageDeliveries: number }>>
}

/** Whether nothing is held against a peer. */
const isBlank = ({ behaviourPenalty, topics }: PeerStats): boolean =>
  behaviourPenalty === 0 &&
  Object.values(topics).every(({ invalidMessageDeliveries }) => invalidMessageDeliveries === 0)

/** The parts of the library's router that its published type leaves out. */
export interface Internals {
  readonly peers: ReadonlyMap<string, PeerId>
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  readonly score: {
    readonly params: { readonly topics: Record<string, typeof topicScore> }
    readonly peerStats: Map<string, PeerStats>
    addPeer(peer: string): void
    removePeer(peer: string): void
    removeIPsForPeer(peer: string, addresses: Set<string>): void
    readonly scoreCache: Map<string, unknown>
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
  /** By kind, each with a topic, ids, or both. */
  readonly control?: { readonly [kind: string]: readonly { readonly messageIDs?: readonly unknown[] }[] } | undefined
}

/** The inner parts of a service. Fails where another version of the library has them no more. */
export function internalsOf(service: GossipSub): Internals {
  const router = service as unknown as Internals
  const isWhole = typeof router.sendRpc === 'function' && typeof router.handleReceivedRpc === 'function'
  assert(isWhole && typeof router.score?.addPeer === 'function', 'the pinned gossipsub has the inner parts we rely on')
  return router
}

/** Close the three gaps, on one instance. */
export function repair(service: GossipSub): GossipSub {
  const router = internalsOf(service)
  sendInParts(router)
  dropStrays(router, service)
  keepScores(router)
  return service
}

/**
 * A list of wanted messages is answered in one call, which may be larger than the side that asked takes in: that would end
 * gossip between the two without a word. So a large call goes out in parts.
 */
function sendInParts(router: Internals): void {
  const send = router.sendRpc.bind(router)
  router.sendRpc = (peer, rpc) => {
    if (rpc.messages.length < 2) return send(peer, rpc)
    const [first = [], ...rest] = partition(rpc.messages)
    const isFirstSent = send(peer, { ...rpc, messages: first })
    return rest.reduce((areSent, messages) => send(peer, { subscriptions: [], messages }) && areSent, isFirstSent)
  }
}

interface Listening {
  /** Whether anything that a peer brings on a topic is looked at. */
  readonly isHeard: (topic: string, peer: string) => boolean
  readonly onWork: (peer: string, work: number) => void
}

/**
 * Tell what each call makes us do, and leave out messages of those who are not heard. The library would remember such a
 * message as seen: that takes memory for each, and whoever is heard could not bring it any more.
 */
export function listenTo(router: Internals, { isHeard, onWork }: Listening): void {
  const receive = router.handleReceivedRpc.bind(router)
  router.handleReceivedRpc = (from, rpc) => {
    const peer = from.toString()
    onWork(peer, workOf(rpc))
    return receive(from, { ...rpc, messages: rpc.messages.filter(({ topic }) => isHeard(topic, peer)) })
  }
}

function workOf({ subscriptions, messages, control = {} }: Rpc): number {
  const named = Object.values(control).flat()
  const ids = named.reduce((sum, { messageIDs }) => sum + (messageIDs?.length ?? 0), 0)
  const topics = subscriptions.length + named.length
  return workCosts.call + messages.length * workCosts.message + topics * workCosts.topic + ids * workCosts.id
}

/** Messages on topics that we never asked for would be kept, and offered to others, without any validator. */
function dropStrays(router: Internals, service: GossipSub): void {
  const receive = router.handleReceivedRpc.bind(router)
  router.handleReceivedRpc = (from, rpc) => {
    const messages = rpc.messages.filter(({ topic }) => service.topicValidators.has(topic))
    const strays = rpc.messages.length - messages.length
    if (strays === 0) return receive(from, rpc)
    router.score.addPenalty(from.toString(), strays, 'stray_message')
    return receive(from, { ...rpc, messages })
  }
}

/**
 * A peer that reconnects gets back the score it left with, as the specification has it; the library starts it afresh. One
 * that left with none is forgotten, and so are the first of too many: the library keeps each for an hour, and names are free.
 */
function keepScores({ score }: Internals): void {
  const remove = score.removePeer.bind(score)
  function forget(peer: string): void {
    const { knownIPs } = score.peerStats.get(peer)!
    score.removeIPsForPeer(peer, knownIPs)
    score.peerStats.delete(peer)
  }
  score.removePeer = (peer) => {
    // The library remembers for a second what a score came to: whoever misbehaves and leaves at once would leave with an old one.
    score.scoreCache.delete(peer)
    remove(peer)
    const left = score.peerStats.get(peer)
    if (left && isBlank(left)) forget(peer)
    for (const [other, { connected }] of score.peerStats) {
      if (score.peerStats.size <= rememberedMax) break
      if (!connected) forget(other)
    }
  }
  const add = score.addPeer.bind(score)
  score.addPeer = (peer) => {
    const known = score.peerStats.get(peer)
    if (known && !known.connected) known.connected = true
    else add(peer)
  }
}

/** Scores that are remembered. */
const rememberedMax = 10_000

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
