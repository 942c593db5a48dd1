/** How far each peer of our network is, as it says itself. A height above ours counts only by a header that the host signed. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type * as P from 'micro-packed'
import type { Header } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Hello } from '../../protocol/gossip.ts'
import { headerIsBy } from '../../protocol/receipt.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Logger } from '../logger.ts'
import type { Network } from '../seams.ts'

/** How long a peer is refused that is not of this network, or sends what the host did not sign. */
export const foreignBanMs = 600_000

type Options = {
  readonly replica: Pick<Replica, 'compare' | 'context' | 'head'>
  readonly network: Pick<Network, 'disconnect'>
  readonly logger: Pick<Logger, 'warn'>
  /** Told of a header above ours that the host signed. */
  readonly onHeader: (header: Header) => void
}

export type PeerHeights = ReturnType<typeof createPeerHeights>

export function createPeerHeights({ replica, network, logger, onHeader }: Options) {
  const heights = new Map<string, bigint>()
  const height = (): bigint => replica.head.sealed.header.height

  return {
    /** By peer id. */
    heights,
    /**
     * Hear what a peer says of itself. Hangs up on a peer of another network, and on one whose head the host did not sign. A
     * head at or below our own height is compared with our header there.
     */
    async greeted({ network: theirs, head }: P.UnwrapCoder<typeof Hello>, peer: string): Promise<void> {
      const { context } = replica
      if (!equalBytes(theirs, context.network)) {
        const why = `the peer is on network ${nameOf(theirs)}, and this node on ${nameOf(context.network)}`
        logger.warn({ peer }, why)
        await network.disconnect(peer, { why, banMs: foreignBanMs })
        return
      }
      if (head.header.height > height() && !headerIsBy(context, head)) {
        await network.disconnect(peer, { why: 'it names a batch that the host did not sign', banMs: foreignBanMs })
        return
      }
      heights.set(peer, head.header.height)
      if (head.header.height <= height()) await replica.compare(head)
      else onHeader(head.header)
    },
    /** A peer announced a batch, which is the host's. */
    hasReached(peer: string, theirs: bigint): void {
      const known = heights.get(peer) ?? 0n
      heights.set(peer, theirs > known ? theirs : known)
    },
    forget: (peer: string): void => void heights.delete(peer),
    /** Peers that are further than a height. */
    ahead: (of: bigint): string[] => [...heights].filter(([, theirs]) => theirs > of).map(([peer]) => peer),
    /** Whether some peer is further than we are. */
    isBehind: (): boolean => [...heights.values()].some((theirs) => theirs > height()),
  }
}

const nameOf = (network: Uint8Array): string => bytesToHex(network).slice(0, 16)
