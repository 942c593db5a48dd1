/**
 * The way of a person's own operations into the network: each goes to one peer, which gossips it, and not to all of them.
 * It is another one for each pseudonym and epoch, and for each anonymous op, so that no peer sees two pseudonyms come from
 * one daemon more often than chance has it. With a single peer there is nothing to choose. What comes while a peer is being
 * told of others goes with the next ones: a stream costs more than an op.
 */
import { createHash } from 'node:crypto'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Waiting } from './pending.ts'
import type { Relay } from './relay.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock, Network } from '../seams.ts'
import type { Ask } from './streams.ts'

/** Peers that are tried before an op is gossiped to everybody: better seen than lost. */
const triesMax = 2
/** How much goes in one stream: ops, and bytes with their envelopes. */
const opsMax = 64
const bytesMax = 512 * 1024
/**
 * Where so many wait for a peer already, ops are gossiped at once: nobody who sends as much as that is taken for several
 * people, and gossip is faster. Those that build on one that waits stay behind it.
 */
const crowdedAt = 8
/** How long nobody is told that an op of ours waits here; after that whoever asks may help it along. */
const quietMs = 30_000

/** An op on its way in, and the peers that were tried already. */
type Entering = {
  readonly incoming: Incoming
  readonly mail: Uint8Array
  readonly tried: readonly string[]
}

export function createFirstHop({
  ask,
  relay,
  replica,
  network,
  clock,
  later,
}: {
  ask: Pick<Ask, 'give'>
  relay: Pick<Relay, 'mailOf' | 'publishOp'>
  replica: Pick<Replica, 'head'>
  network: Pick<Network, 'peers'>
  clock: Pick<Clock, 'now'>
  /** Do something soon; a failure ends nothing. */
  later: (what: string, task: () => Promise<void>) => void
}) {
  /** What waits for a peer; there is an entry for as long as it is being told. */
  const queues = new Map<string, Entering[]>()

  async function send(entering: Entering): Promise<void> {
    const { incoming, tried } = entering
    const { lane } = incoming
    const { epoch } = replica.head.sealed.header
    const others = network.peers().filter((peer) => !tried.includes(peer))
    const peer = tried.length < triesMax ? firstOf(others, `${lane} ${epoch}`) : undefined
    const queue = peer === undefined ? undefined : queues.get(peer)
    const isCrowded = queue && queue.length >= crowdedAt && !queue.some((other) => other.incoming.lane === lane)
    if (peer === undefined || isCrowded) return relay.publishOp(incoming)
    if (queue) queue.push(entering)
    else {
      queues.set(peer, [entering])
      later('bring an operation in', () => drain(peer))
    }
  }

  async function drain(peer: string): Promise<void> {
    for (let queue = queues.get(peer)!; queue.length > 0; ) {
      const some = queue.splice(0, fitting(queue))
      const answers = await ask
        .give(
          peer,
          some.map(({ mail }) => mail),
        )
        .catch(() => [])
      // As tasks of their own: one that cannot be gossiped must not keep those behind it from this peer.
      for (const [at, { tried, ...entering }] of some.entries())
        if (!answers[at]) later('bring an operation in', () => send({ ...entering, tried: [...tried, peer] }))
    }
    queues.delete(peer)
  }

  return {
    /** Bring an op of ours in. It waits in our own pool already; where it gets lost, whoever asks us finds it there. */
    enter: async (incoming: Incoming): Promise<void> =>
      send({ incoming, mail: await relay.mailOf(incoming), tried: [] }),
    isShown: ({ from, since }: Waiting): boolean => from !== undefined || since + quietMs < clock.now(),
  }
}

/** How many from the front go together. */
function fitting(queue: readonly Entering[]): number {
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
