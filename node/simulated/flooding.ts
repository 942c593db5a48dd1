/** Gossip between simulated nodes: what a validator accepts goes to every neighbour that has not seen it. */
import type { Answer, StepAside } from '../seams.ts'
import type { Driver } from './driver.ts'
import type { Links } from './links.ts'
import { digest, type SimulatedNode, type SimulatedNodes } from './node.ts'

/** Like the graylist of the real network: the eleventh rejected message is one too many, and an hour's ban. */
const mostRejected = 10
const rejectedBanMs = 60 * 60_000

type Options = {
  readonly driver: Driver
  readonly nodes: SimulatedNodes
  readonly links: Pick<Links, 'refuse'>
  /** How many of 10,000 messages are lost between two nodes. */
  readonly lossBasisPoints: number
  /** How long a node remembers that it has seen a message. */
  readonly seenMs: number
  readonly drawDelay: () => number
}

interface Message {
  readonly topic: string
  readonly data: Uint8Array
  readonly id: string
}

/** Over which connection a message came. */
type Way = { readonly from: string; readonly connection: number }

export function createFlooding({ driver, nodes, links, lossBasisPoints, seenMs, drawDelay }: Options) {
  const isSeen = (node: SimulatedNode, id: string): boolean => (node.seen.get(id) ?? 0) > driver.now()

  function see(node: SimulatedNode, id: string): void {
    for (const [old, untilMs] of node.seen) {
      if (untilMs > driver.now()) break
      node.seen.delete(old)
    }
    node.seen.set(id, driver.now() + seenMs)
  }

  function flood(sender: SimulatedNode, message: Message, except: string | undefined): void {
    for (const [peer, connection] of [...sender.links].sort(byFirst)) {
      const receiver = nodes.get(peer)!
      if (peer === except || !receiver.validators.has(message.topic) || isSeen(receiver, message.id)) continue
      if (lossBasisPoints > 0 && driver.draw(1, 10_000) <= lossBasisPoints) continue
      const run = () => deliver(receiver, message, { from: sender.name, connection })
      driver.schedule(drawDelay(), { life: receiver.life, what: 'a message', run })
    }
  }

  async function deliver(node: SimulatedNode, message: Message, way: Way): Promise<void> {
    if (node.links.get(way.from) !== way.connection || isSeen(node, message.id)) return
    see(node, message.id)
    let aside = Promise.withResolvers<void>()
    const decided = decide(node, message, {
      way,
      async stepAside(wait) {
        aside.resolve()
        const outcome = await wait()
        // It goes on as an event of its own.
        await new Promise<void>((resolve) => {
          const run = () => {
            aside = Promise.withResolvers()
            resolve()
            return Promise.race([decided, aside.promise])
          }
          driver.schedule(0, { life: node.life, what: 'a message that stepped aside', run })
        })
        return outcome
      },
    })
    return Promise.race([decided, aside.promise])
  }

  async function decide(
    node: SimulatedNode,
    message: Message,
    { way: { from }, stepAside }: { readonly way: Way; readonly stepAside: StepAside },
  ): Promise<void> {
    const answer = await answerTo(node, message, { from, stepAside })
    driver.record(`message ${from} ${node.name} ${message.topic} ${message.id} ${answer}`)
    if (answer === 'accept') flood(node, message, from)
    if (answer !== 'reject') return
    const rejected = (node.rejected.get(from) ?? 0) + 1
    node.rejected.set(from, rejected)
    if (rejected > mostRejected) links.refuse(node, from, rejectedBanMs)
  }

  return {
    publish(node: SimulatedNode, topic: string, data: Uint8Array): void {
      const message = { topic, data: new Uint8Array(data), id: messageId(topic, data) }
      if (isSeen(node, message.id)) return
      see(node, message.id)
      driver.record(`publish ${node.name} ${topic} ${message.id}`)
      flood(node, message, undefined)
    },
  }
}

async function answerTo(
  node: SimulatedNode,
  { topic, data }: Message,
  { from, stepAside }: { readonly from: string; readonly stepAside: StepAside },
): Promise<Answer> {
  try {
    return await node.validators.get(topic)!(new Uint8Array(data), from, stepAside)
  } catch {
    // A throw counts as ignore, here as on the wire.
    return 'ignore'
  }
}

function messageId(topic: string, data: Uint8Array): string {
  return digest(Buffer.concat([Buffer.from(JSON.stringify(topic)), data]))
}

function byFirst([left]: readonly [string, number], [right]: readonly [string, number]): number {
  return left < right ? -1 : 1
}
