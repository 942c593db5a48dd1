/** The transport of a simulation: links that come and go, gossip by flooding, requests run inline. */
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { frameMaxBytes, messageMaxBytes } from '../network/limits.ts'
import type { Answer, Handler, Network, Validator } from '../seams.ts'
import type { Driver, Life } from './simulated.ts'

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

export interface SimulatedNetworks {
  join(life: Life): Network
  leave(life: Life): void
  cut(left: readonly string[], right: readonly string[] | undefined): void
  heal(): void
}

/** Like the graylist of the real network: the eleventh rejected message is one too many, and an hour's ban. */
const mostRejected = 10
const banMs = 60 * 60_000

/** Requests inside requests: deeper than this is taken for nodes that ask each other for ever. */
const deepest = 256

interface Node {
  readonly life: Life
  readonly name: string
  readonly validators: Map<string, Validator>
  readonly handlers: Map<string, Handler>
  readonly listeners: ((peer: string, state: 'up' | 'down') => void)[]
  /** Message id, and until when it counts as seen. */
  readonly seen: Map<string, number>
  /** Peer, and the number of the connection: what was sent over an older one is lost. */
  readonly links: Map<string, number>
  /** Peers that are refused, and until when. */
  readonly bans: Map<string, number>
  readonly rejected: Map<string, number>
}

/** All transports of one simulation. */
export function createSimulatedNetworks(driver: Driver, shape: Partial<NetworkShape>): SimulatedNetworks {
  const { delayMs = { least: 10, most: 200 }, lossBasisPoints = 0, isLinked = () => true, seenMs = 600_000 } = shape
  const nodes = new Map<string, Node>()
  /** Pairs whose connection is being made. */
  const pending = new Set<string>()
  let cuts: { left: ReadonlySet<string>; right: ReadonlySet<string> | undefined }[] = []
  let connections = 0
  let depth = 0

  const drawDelay = () => driver.draw(delayMs.least, delayMs.most)

  function isCut(one: string, other: string): boolean {
    const parts = (from: string, to: string) =>
      cuts.some(({ left, right }) => left.has(from) && (right ? right.has(to) : !left.has(to)))
    return parts(one, other) || parts(other, one)
  }

  function isWanted(one: Node, other: Node): boolean {
    const isBanned = (by: Node, who: Node) => (by.bans.get(who.name) ?? 0) > driver.now()
    return (
      isLinked(one.name, other.name) && !isCut(one.name, other.name) && !isBanned(one, other) && !isBanned(other, one)
    )
  }

  /** Make every link that should be there, and end every one that should not. */
  function refresh(): void {
    const all = [...nodes.values()].sort(byName)
    for (const [index, one] of all.entries())
      for (const other of all.slice(index + 1)) {
        if (!isWanted(one, other)) unlink(one, other)
        else if (!one.links.has(other.name)) link(one, other)
      }
  }

  function link(one: Node, other: Node): void {
    const pair = JSON.stringify([one.name, other.name])
    if (pending.has(pair)) return
    pending.add(pair)
    const run = () => {
      pending.delete(pair)
      const isThere = nodes.get(one.name) === one && nodes.get(other.name) === other
      if (!isThere) return refresh() // One of the two is in another life, and wants its own connection.
      if (!isWanted(one, other)) return
      connections += 1
      one.links.set(other.name, connections)
      other.links.set(one.name, connections)
      tell(one, other.name, 'up')
      tell(other, one.name, 'up')
    }
    driver.enter(drawDelay(), { life: undefined, what: 'a connection', run })
  }

  function unlink(one: Node, other: Node): void {
    if (!one.links.delete(other.name)) return
    other.links.delete(one.name)
    tell(one, other.name, 'down')
    tell(other, one.name, 'down')
  }

  function tell(node: Node, peer: string, state: 'up' | 'down'): void {
    for (const listener of node.listeners) {
      // A listener may be asynchronous all the same; then it is an entry like any other, and awaited.
      const run = async () => {
        driver.record(`${state} ${node.name} ${peer}`)
        await listener(peer, state)
      }
      driver.enter(0, { life: node.life, what: 'a listener for peers', run })
    }
  }

  function refuse(node: Node, peer: string, forMs: number): void {
    const endMs = Math.max(driver.now() + forMs, node.bans.get(peer) ?? 0)
    node.bans.set(peer, endMs)
    const other = nodes.get(peer)
    if (other) unlink(node, other)
    driver.enter(endMs - driver.now(), { life: node.life, what: 'the end of a ban', run: refresh })
  }

  function isSeen(node: Node, id: string): boolean {
    return (node.seen.get(id) ?? 0) > driver.now()
  }

  function see(node: Node, id: string): void {
    for (const [old, untilMs] of node.seen) {
      if (untilMs > driver.now()) break
      node.seen.delete(old)
    }
    node.seen.set(id, driver.now() + seenMs)
  }

  function flood(sender: Node, message: Message, except: string | undefined): void {
    for (const [peer, connection] of [...sender.links].sort(byFirst)) {
      const receiver = nodes.get(peer)!
      if (peer === except || !receiver.validators.has(message.topic) || isSeen(receiver, message.id)) continue
      if (lossBasisPoints > 0 && driver.draw(1, 10_000) <= lossBasisPoints) continue
      const run = () => deliver(receiver, message, { from: sender.name, connection })
      driver.enter(drawDelay(), { life: receiver.life, what: 'a message', run })
    }
  }

  async function deliver(
    node: Node,
    message: Message,
    { from, connection }: { from: string; connection: number },
  ): Promise<void> {
    if (node.links.get(from) !== connection || isSeen(node, message.id)) return
    see(node, message.id)
    let answer: Answer = 'ignore'
    try {
      answer = await node.validators.get(message.topic)!(new Uint8Array(message.data), from)
    } catch {
      // A throw counts as ignore, here as on the wire.
    }
    driver.record(`message ${from} ${node.name} ${message.topic} ${message.id} ${answer}`)
    if (answer === 'accept') flood(node, message, from)
    if (answer !== 'reject') return
    const rejected = (node.rejected.get(from) ?? 0) + 1
    node.rejected.set(from, rejected)
    if (rejected > mostRejected) refuse(node, from, banMs)
  }

  async function* request(asker: Node, peer: string, protocol: string, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    const fail = (why: string, cause?: unknown) =>
      new Error(`Peer ${peer} gave no full answer to ${protocol}: ${why}. Ask another peer, or later.`, { cause })
    const connection = asker.links.get(peer)
    const handler = nodes.get(peer)?.handlers.get(protocol)
    driver.record(`request ${asker.name} ${peer} ${protocol} ${digest(bytes)}`)
    if (connection === undefined) throw fail('it is not connected')
    if (handler === undefined) throw fail('it does not serve this protocol')
    if (bytes.length > frameMaxBytes) throw fail(`the request has ${bytes.length} bytes; ${frameMaxBytes} is the most`)
    if (depth >= deepest) throw fail('nodes ask each other without end')
    let steps: AsyncIterator<Uint8Array> | undefined
    const next = () =>
      deeper(async () => {
        steps ??= handler(new Uint8Array(bytes), asker.name)[Symbol.asyncIterator]()
        return steps.next()
      }).catch((cause) => ({ failure: fail(cause instanceof Error ? cause.message : String(cause), cause) }))
    try {
      let step = await next()
      while (true) {
        if (asker.links.get(peer) !== connection) throw fail('the connection was lost')
        if ('failure' in step) throw step.failure
        if (step.done) break
        const frame = step.value
        if (frame.length > frameMaxBytes)
          throw fail(`it yielded ${frame.length} bytes; a frame has at most ${frameMaxBytes}`)
        driver.record(`frame ${peer} ${asker.name} ${protocol} ${digest(frame)}`)
        // The server is ahead of its reader, as on a wire: it goes on although the reader may want no more.
        step = await next()
        yield new Uint8Array(frame)
      }
    } finally {
      await steps?.return?.()
    }
  }

  async function deeper<T>(task: () => Promise<T>): Promise<T> {
    depth += 1
    try {
      return await task()
    } finally {
      depth -= 1
    }
  }

  function leave(node: Node): void {
    if (nodes.get(node.name) !== node) return
    nodes.delete(node.name)
    for (const peer of [...node.links.keys()].sort()) unlink(node, nodes.get(peer)!)
  }

  return {
    join(life) {
      const node: Node = {
        life,
        name: life.name,
        validators: new Map(),
        handlers: new Map(),
        listeners: [],
        seen: new Map(),
        links: new Map(),
        bans: new Map(),
        rejected: new Map(),
      }
      nodes.set(life.name, node)
      refresh()
      return {
        self: life.name,
        peers: () => [...node.links.keys()].sort(),
        async publish(topic, data) {
          assert(data.length <= messageMaxBytes, 'a gossiped message is at most 512 KiB')
          const message = { topic, data: new Uint8Array(data), id: messageId(topic, data) }
          if (isSeen(node, message.id)) return
          see(node, message.id)
          driver.record(`publish ${life.name} ${topic} ${message.id}`)
          flood(node, message, undefined)
        },
        subscribe(topic, validate) {
          assert(!node.validators.has(topic), `topic ${topic} is subscribed once`)
          node.validators.set(topic, validate)
        },
        serve(protocol, handler) {
          assert(!node.handlers.has(protocol), `protocol ${protocol} is served once`)
          node.handlers.set(protocol, handler)
        },
        request: (peer, protocol, bytes) => request(node, peer, protocol, bytes),
        onPeer: (listener) => void node.listeners.push(listener),
        async disconnect(peer, { why, banMs }) {
          driver.record(`disconnect ${life.name} ${peer} ${banMs} ${why}`)
          refuse(node, peer, banMs)
        },
        close: async () => leave(node),
      }
    },
    leave(life) {
      const node = nodes.get(life.name)
      if (node?.life === life) leave(node)
    },
    cut(left, right) {
      cuts.push({ left: new Set(left), right: right && new Set(right) })
      refresh()
    },
    heal() {
      cuts = []
      refresh()
    },
  }
}

interface Message {
  readonly topic: string
  readonly data: Uint8Array
  readonly id: string
}

function messageId(topic: string, data: Uint8Array): string {
  return digest(Buffer.concat([Buffer.from(JSON.stringify(topic)), data]))
}

/** Enough of a SHA-256 to tell things apart in a trace. */
function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}

function byName(left: Node, right: Node): number {
  return left.name < right.name ? -1 : 1
}

function byFirst([left]: readonly [string, number], [right]: readonly [string, number]): number {
  return left < right ? -1 : 1
}
