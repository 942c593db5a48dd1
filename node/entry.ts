/**
 * The way of a person's own operations into the network: each goes to one peer, which gossips it, and not to all of them.
 * It is another one for each pseudonym and epoch, and for each anonymous op, so that no peer sees two pseudonyms come from
 * one daemon more often than chance has it. With a single peer there is nothing to choose.
 */
import { createHash } from 'node:crypto'
import type { Incoming } from '../protocol/doorway.ts'
import { laneOf, type Waiting } from './pending.ts'
import type { Relay } from './relay.ts'
import type { Replica } from './replica.ts'
import type { Clock, Network } from './seams.ts'
import type { Ask } from './streams.ts'

/** Peers that are tried before an op is gossiped to everybody: better seen than lost. */
const triesMax = 2
/** How long nobody is told that an op of ours waits here; after that whoever asks may help it along. */
const quietMs = 30_000

export function createEntry({
  ask,
  relay,
  replica,
  network,
  clock,
}: {
  ask: Pick<Ask, 'give'>
  relay: Relay
  replica: Replica
  network: Pick<Network, 'peers'>
  clock: Pick<Clock, 'now'>
}) {
  return {
    /** Bring an op of ours in. It waits in our own pool already. */
    async enter(incoming: Incoming): Promise<void> {
      const mail = await relay.mailOf(incoming)
      const { epoch } = replica.head.sealed.header
      const peers = inOrder(network.peers(), `${laneOf(incoming.op)} ${epoch}`)
      for (const peer of peers.slice(0, triesMax)) if (await ask.give(peer, mail).catch(() => false)) return
      await relay.publishOp(incoming)
    },
    isShown: ({ from, since }: Waiting): boolean => from !== undefined || since + quietMs < clock.now(),
  }
}

/** Peers in an order that a text decides: another text, another order (rendezvous hashing). */
function inOrder(peers: readonly string[], text: string): string[] {
  const rank = (peer: string): string => createHash('sha256').update(`${text} ${peer}`).digest('hex')
  return peers
    .map((peer) => ({ peer, rank: rank(peer) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ peer }) => peer)
}
