/**
 * The way of a pseudonym: the one peer that is shown, in an epoch, that it is at home here. Whatever starts at a person's
 * node goes by the way of the pseudonym that it belongs to: operations, questions about them, lock keys, pulls of mail. So
 * no peer sees two pseudonyms at one daemon more often than chance has it. Which peer it is comes of rendezvous hashing
 * under a secret of this node: nobody else can compute it, and a peer that comes or goes moves nothing but its own share.
 */
import { createHmac } from 'node:crypto'
import type { Replica } from '../ledger/replica.ts'
import type { Network } from '../seams.ts'

export type Ways = ReturnType<typeof createWays>

type Options = {
  /** 32 secret bytes, the same after each start: another key in one epoch would be one more peer that sees each pseudonym. */
  readonly key: Uint8Array
  readonly replica: Pick<Replica, 'head'>
  readonly network: Pick<Network, 'peers'>
}

/** A lane is a pseudonym's address in hex, or what stands for an op that is nobody's (`Incoming`). */
export function createWays({ key, replica, network }: Options) {
  /** The connected peers in the order in which a lane tries them in this epoch. */
  function order(lane: string): string[] {
    const { epoch } = replica.head.sealed.header
    const rank = (peer: string): string => createHmac('sha256', key).update(`${lane} ${epoch} ${peer}`).digest('hex')
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
