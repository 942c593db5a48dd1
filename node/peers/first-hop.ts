/**
 * The first hop of a person's own operations: each is given to one peer, which gossips it. Gossip of our own would show it
 * to all peers. Which peer it is follows from the pseudonym and the epoch, or from the nullifier of an op that is nobody's,
 * so that no peer sees two pseudonyms come from one daemon more often than chance has it. With a single peer there is
 * nothing to choose. Ops that come while a peer is being given others wait for the next turn and go together, because a
 * stream costs more than an op.
 */
import { createHash } from 'node:crypto'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock, Network } from '../seams.ts'
import type { Ask } from './ask.ts'
import type { Publisher } from './publisher.ts'
import type { Waiting } from './waiting-ops.ts'

/** Peers that are tried before an op is gossiped to everybody: better seen than lost. */
const triesMax = 2
/** How much goes in one stream: ops, and bytes with their envelopes. */
const opsMax = 64
const bytesMax = 512 * 1024
/**
 * With so many ops in front of it, an op is gossiped at once. Nobody who sends as much as that is taken for several people,
 * and gossip is faster. An op that builds on one in the queue stays behind it all the same.
 */
const crowdedAt = 8
/** How long nobody is told that an op of ours waits here; after that whoever asks may help it along. */
const quietMs = 30_000

/** An op of ours that no peer has taken yet, and the peers that were tried. */
type Outgoing = {
  readonly incoming: Incoming
  readonly mail: Uint8Array
  readonly tried: readonly string[]
}

type Options = {
  readonly ask: Pick<Ask, 'give'>
  readonly relay: Pick<Publisher, 'mailOf' | 'publishOp'>
  readonly replica: Pick<Replica, 'head'>
  readonly network: Pick<Network, 'peers'>
  readonly clock: Pick<Clock, 'now'>
  /** Do something soon; a failure ends nothing. */
  readonly later: (what: string, task: () => Promise<void>) => void
}

export function createFirstHop({ ask, relay, replica, network, clock, later }: Options) {
  /** The queue of each peer that is being given ops. */
  const queues = new Map<string, Outgoing[]>()

  /** Bring an op to the next peer that was not tried; without one, or where too many wait for it, to everybody. */
  async function forward(outgoing: Outgoing): Promise<void> {
    const { incoming, tried } = outgoing
    const { lane } = incoming
    const { epoch } = replica.head.sealed.header
    const others = network.peers().filter((peer) => !tried.includes(peer))
    const peer = tried.length < triesMax ? firstOf(others, `${lane} ${epoch}`) : undefined
    const queue = peer === undefined ? undefined : queues.get(peer)
    const isCrowded = queue && queue.length >= crowdedAt && !queue.some((other) => other.incoming.lane === lane)
    if (peer === undefined || isCrowded) return relay.publishOp(incoming)
    if (queue) queue.push(outgoing)
    else {
      queues.set(peer, [outgoing])
      later('give an operation to a peer', () => drain(peer))
    }
  }

  /** Give a peer what is in its queue, as much at a time as fits, until the queue is empty. */
  async function drain(peer: string): Promise<void> {
    for (let queue = queues.get(peer)!; queue.length > 0; ) {
      const given = queue.splice(0, fitting(queue))
      const mails = given.map(({ mail }) => mail)
      const answers = await ask.give(peer, mails).catch(() => [])
      // As tasks of their own: one that cannot be gossiped must not keep those behind it from this peer.
      for (const [at, { tried, ...outgoing }] of given.entries())
        if (!answers[at]) later('give an operation to a peer', () => forward({ ...outgoing, tried: [...tried, peer] }))
    }
    queues.delete(peer)
  }

  return {
    /** Send an op of ours on its way. It waits in our own pool already; where it gets lost, whoever asks us finds it there. */
    send: async (incoming: Incoming): Promise<void> =>
      forward({ incoming, mail: await relay.mailOf(incoming), tried: [] }),
    /** Whether a peer that asks may see that an op waits here. */
    isShown: ({ from, since }: Waiting): boolean => from !== undefined || since + quietMs < clock.now(),
  }
}

/** How many from the front go together. */
function fitting(queue: readonly Outgoing[]): number {
  let bytes = 0
  const end = queue.findIndex(({ mail }, at) => (bytes += mail.length) > bytesMax || at === opsMax)
  return end < 0 ? queue.length : Math.max(1, end)
}

/** The first of some peers in an order that a text decides: another text, another order (rendezvous hashing). */
function firstOf(peers: readonly string[], text: string): string | undefined {
  const rank = (peer: string): string => createHash('sha256').update(`${text} ${peer}`).digest('hex')
  const ranked = peers.map((peer) => ({ peer, rank: rank(peer) }))
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))[0]?.peer
}
