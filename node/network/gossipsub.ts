/**
 * Gossipsub as we run it. The library is imported here and in `gossip-settings.ts` (its numbers), `gossip-repairs.ts` (what
 * is mended in it) and `gossip-watch.ts` (what it does not look at), and nowhere else.
 */
import assert from 'node:assert'
import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { Answer, Validator } from '../seams.ts'
import { internalsOf, listenTo, repair } from './gossip-repairs.ts'
import { type GossipSettings, optionsOf, topicScore } from './gossip-settings.ts'
import { type GossipWatch, watchPeers } from './gossip-watch.ts'
import { messageMaxBytes } from './limits.ts'
import type { createValidation } from './validation.ts'

/** The gossipsub service for `createLibp2p`, with our settings and repairs. */
export function gossipService(settings: GossipSettings): (components: GossipSubComponents) => GossipSub {
  const create = gossipsub(optionsOf(settings))
  return (components) => repair(create(components))
}

interface GossipHooks extends GossipWatch {
  /** What a peer's calls make us do before any validator is asked, in the meter's units. */
  readonly onWork: (peer: string, work: number) => void
  /** The queue in front of the validators. */
  readonly validation: ReturnType<typeof createValidation>
}

/** What became of the messages of one topic since the start. */
export interface TopicCounts {
  published: number
  accept: number
  ignore: number
  reject: number
}

export interface Gossip {
  /** Take part in a topic, and hear only peers of which `isHeard` says so. Once for each topic. */
  subscribe(topic: string, validate: Validator, isHeard?: (peer: string) => boolean): void
  /** Hand a message of at most 512 KiB to the peers; one that was seen before goes nowhere. */
  publish(topic: string, data: Uint8Array): Promise<void>
  scoreOf(peer: string): number
  counts(): ReadonlyMap<string, Readonly<TopicCounts>>
}

/** Our handle on a started gossipsub service. */
export function createGossip(service: GossipSub, hooks: GossipHooks): Gossip {
  const router = internalsOf(service)
  const counts = new Map<string, TopicCounts>()
  const hears = new Map<string, (peer: string) => boolean>()
  listenTo(router, { isHeard: (topic, peer) => hears.get(topic)?.(peer) ?? true, onWork: hooks.onWork })
  watchPeers(service, router, hooks)

  function countOf(topic: string): TopicCounts {
    const known = counts.get(topic)
    if (known) return known
    const fresh = { published: 0, accept: 0, ignore: 0, reject: 0 }
    counts.set(topic, fresh)
    return fresh
  }

  return {
    subscribe(topic, validate, isHeard = () => true) {
      assert(!service.topicValidators.has(topic), `topic ${topic} is subscribed once`)
      const count = countOf(topic)
      hears.set(topic, isHeard)
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
