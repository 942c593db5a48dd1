/** The transport of a simulation: links that come and go, gossip by flooding, requests run inline. */
import assert from 'node:assert'
import { messageMaxBytes } from '../network/limits.ts'
import type { Network } from '../seams.ts'
import type { Driver, Life } from './driver.ts'
import { createFlooding } from './flooding.ts'
import { createLinks } from './links.ts'
import { createSimulatedNode, type SimulatedNode, type SimulatedNodes } from './node.ts'
import { createRequests } from './requests.ts'

export interface NetworkShape {
  /** How long a message, or the making of a connection, takes: drawn between the two, both included. */
  readonly delayMs: { readonly least: number; readonly most: number }
  /** How many of 10,000 gossiped messages are lost between two nodes. */
  readonly lossBasisPoints: number
  /** Which nodes link when nothing keeps them apart; asked with the names in order. All of them by default. */
  readonly isLinked: (left: string, right: string) => boolean
  /** How long a node remembers that it has seen a message. */
  readonly seenMs: number
}

interface SimulatedNetworks {
  join(life: Life): Network
  leave(life: Life): void
  cut(left: readonly string[], right: readonly string[] | undefined): void
  heal(): void
}

/** All transports of one simulation. */
export function createSimulatedNetworks(driver: Driver, shape: Partial<NetworkShape>): SimulatedNetworks {
  const { delayMs = { least: 10, most: 200 }, lossBasisPoints = 0, isLinked = () => true, seenMs = 600_000 } = shape
  const nodes: SimulatedNodes = new Map()
  const drawDelay = () => driver.draw(delayMs.least, delayMs.most)
  const links = createLinks({ driver, nodes, isLinked, drawDelay })
  const { publish } = createFlooding({ driver, nodes, links, lossBasisPoints, seenMs, drawDelay })
  const request = createRequests(driver, nodes)

  function leave(node: SimulatedNode): void {
    if (nodes.get(node.name) !== node) return
    nodes.delete(node.name)
    links.unlinkAll(node)
  }

  /** The network as one node has it. */
  const networkOf = (node: SimulatedNode): Network => ({
    self: node.name,
    peers: () => [...node.links.keys()].sort(),
    voiceOf: (peer) => ({ name: peer, isChosen: false }),
    async publish(topic, data) {
      assert(data.length <= messageMaxBytes, 'a gossiped message is at most 512 KiB')
      publish(node, topic, data)
    },
    subscribe(topic, validate) {
      assert(!node.validators.has(topic), `topic ${topic} is subscribed once`)
      node.validators.set(topic, validate)
    },
    serve(protocol, handler) {
      assert(!node.handlers.has(protocol), `protocol ${protocol} is served once`)
      node.handlers.set(protocol, handler)
    },
    request: (peer, protocol, bytes) => request(node, { peer, protocol, bytes }),
    onPeer: (listener) => void node.listeners.push(listener),
    async disconnect(peer, { why, banMs }) {
      driver.record(`disconnect ${node.name} ${peer} ${banMs} ${why}`)
      links.refuse(node, peer, banMs)
    },
    close: async () => leave(node),
  })

  return {
    join(life) {
      const node = createSimulatedNode(life)
      nodes.set(life.name, node)
      links.refresh()
      return networkOf(node)
    },
    leave(life) {
      const node = nodes.get(life.name)
      if (node?.life === life) leave(node)
    },
    cut: links.cut,
    heal: links.heal,
  }
}
