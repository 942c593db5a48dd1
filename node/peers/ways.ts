/**
 * The way of a pseudonym: the one peer that is shown, for as long as it is there, that it is at home here. Whatever starts at a person's
 * node goes by the way of the pseudonym that it belongs to: operations, questions about them, lock keys, pulls of mail. So
 * no peer sees two pseudonyms at one daemon more often than chance has it. Which peer it is comes of rendezvous hashing
 * under a secret of this node: nobody else can compute it, and a peer that comes or goes moves nothing but its own share. It
 * does not change with the epoch: a peer that stays would be shown all pseudonyms of a daemon, one epoch after the other.
 */
import { createHmac } from 'node:crypto'
import type { Network } from '../seams.ts'

export type Ways = ReturnType<typeof createWays>

type Options = {
  /** 32 secret bytes, the same after each start: another key would be one more peer that sees each pseudonym. */
  readonly key: Uint8Array
  readonly network: Pick<Network, 'peers'>
}

/** A lane is a pseudonym's address in hex, or what stands for an op that is nobody's (`Incoming`). */
export function createWays({ key, network }: Options) {
  /** The connected peers in the order in which a lane tries them. */
  function order(lane: string): string[] {
    const rank = (peer: string): string => createHmac('sha256', key).update(`${lane} ${peer}`).digest('hex')
    const ranked = network.peers().map((peer) => ({ peer, rank: rank(peer) }))
    return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ peer }) => peer)
  }

  return {
    order,
    /** The first peer in the order of a lane that was not tried; nothing where all were. */
    first: (lane: string, tried: readonly string[] = []): string | undefined =>
      order(lane).find((peer) => !tried.includes(peer)),
  }
}
