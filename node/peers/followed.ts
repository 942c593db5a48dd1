/**
 * Which shards of mail a person's node follows. Peers see them: by its subscriptions, by what it passes on, serves and asks
 * for. The shards of its owner's names alone would tell every peer where to look for those, and a new one when a name is
 * made. So a few are followed whoever lives here, drawn by a secret of the node, and in a network that has no more than
 * those, all nodes follow the same.
 */
import { createHmac } from 'node:crypto'
import { shardOf } from '../../protocol/gossip.ts'

/** So many. A network that has more shards has more people in each. */
const drawnCount = 4

type Options = {
  /** 32 secret bytes, the same after each start. */
  readonly key: Uint8Array
  /** How many there are. */
  readonly shards: number
  /** The addresses at home here. */
  readonly own: () => readonly Uint8Array[]
}

/** Gives the shards that are followed now: those drawn, and those of the addresses that lie in others. */
export function createFollowed({ key, shards, own }: Options): () => readonly number[] {
  const rank = (shard: number): string => createHmac('sha256', key).update(`shard ${shard}`).digest('hex')
  const drawn = Array.from({ length: shards }, (_, shard) => ({ shard, rank: rank(shard) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, drawnCount)
    .map(({ shard }) => shard)
  return () => [...new Set([...drawn, ...own().map((address) => shardOf(address, shards))])]
}
