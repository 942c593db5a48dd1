/**
 * Envelopes on disk. Each has its bytes, the day until which it is kept, and a mark in every shard that it is served in; one
 * that should be here and is not has a mark by which it is asked for.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { U64 } from '../../protocol/codec.ts'
import { keyIn, rangeOf, type Store, type Write } from '../ledger/store.ts'
import type { WithKeys } from './unwritten.ts'

/** A message and the height of the batch that settled it. */
export type SettledAt = { readonly height: bigint; readonly message: Uint8Array }

const KeptRecord = P.struct({ shards: P.array(P.U8, P.U8), height: U64 })

const missingKey = ({ height, message }: SettledAt): Uint8Array => keyIn('missing', U64.encode(height), message)
const shardKey = (shard: number, { height, message }: SettledAt): Uint8Array =>
  keyIn('shard', Uint8Array.of(shard), U64.encode(height), message)

/** What to write for an envelope that is here, in the shards that this node keeps. */
export const writesOfKept = (
  { height, message }: SettledAt,
  { shards, keptUntil, bytes }: { shards: number[]; keptUntil: bigint; bytes: Uint8Array },
): Write[] => [
  { key: keyIn('envelope', message), value: bytes },
  { key: keyIn('keptUntil', U64.encode(keptUntil), message), value: KeptRecord.encode({ shards, height }) },
  { key: missingKey({ height, message }), value: undefined },
  ...shards.map((shard) => ({ key: shardKey(shard, { height, message }), value: Uint8Array.of() })),
]

/** What to write so that an envelope is asked for; or, the other way, that it is asked for no longer. */
export const askingFor = (settled: SettledAt): Write => ({ key: missingKey(settled), value: Uint8Array.of() })
export const notAskingFor = (settled: SettledAt): Write => ({ key: missingKey(settled), value: undefined })

/** Whether an envelope is asked for. */
export const isAskedFor = async ({ get }: Pick<Store, 'get'>, settled: SettledAt): Promise<boolean> =>
  (await get(missingKey(settled))) !== undefined

/** What is asked for, the oldest first. */
export async function missingIn({ keys }: WithKeys, limit: number): Promise<SettledAt[]> {
  const names = await keys('missing', { limit })
  return names.map((key) => ({ height: U64.decode(key.slice(1, 9)), message: key.slice(9) }))
}

/** Messages of a shard settled from a height on, in order. */
export async function* shardIn(
  { disk, get }: Pick<Store, 'disk' | 'get'>,
  shard: number,
  from: bigint,
): AsyncGenerator<{ message: Uint8Array; envelope: Uint8Array }> {
  const range = {
    ...rangeOf('shard', Uint8Array.of(shard)),
    gte: keyIn('shard', Uint8Array.of(shard), U64.encode(from)),
  }
  for await (const key of disk.keys(range)) {
    const message = key.slice(10)
    const envelope = await get(keyIn('envelope', message))
    if (envelope) yield { message, envelope }
  }
}

/** The most envelopes that are dropped in one write. */
const prunedMax = 1_000

/** Drop envelopes that are past their paid lifetime; says how many. */
export async function pruneIn({ disk, writeSoon }: Pick<Store, 'disk' | 'writeSoon'>, now: bigint): Promise<number> {
  const range = { gte: rangeOf('keptUntil').gte, lt: keyIn('keptUntil', U64.encode(now)), limit: prunedMax }
  const due = await disk.iterator(range).all()
  await writeSoon(
    due.flatMap(([key, value]) => {
      const message = key.slice(9)
      const { shards, height } = KeptRecord.decode(value)
      const marks = shards.map((shard) => shardKey(shard, { height, message }))
      return [key, keyIn('envelope', message), ...marks].map((gone) => ({ key: gone, value: undefined }))
    }),
  )
  return due.length
}

/** Where the id of a message stands in the names of what is kept of it. */
export const messageAt = { envelope: 1, share: 1, keptUntil: 9, missing: 9, closed: 9, lockKey: 9 } as const
const spacesOfMessages = Object.keys(messageAt) as (keyof typeof messageAt)[]

/** The ranges in which something is kept of messages. */
export const rangesOfMessages = spacesOfMessages.map((space) => rangeOf(space))

/** The names of all that is kept of messages which this node serves in no shard. On a person's disk those are their own. */
export async function* unservedIn({ disk }: Pick<Store, 'disk'>): AsyncGenerator<Uint8Array> {
  const served = new Set<string>()
  for await (const key of disk.keys(rangeOf('shard'))) served.add(bytesToHex(key.subarray(10)))
  for (const space of spacesOfMessages)
    for await (const key of disk.keys(rangeOf(space))) {
      const at = messageAt[space]
      if (!served.has(bytesToHex(key.subarray(at, at + 32)))) yield key
    }
}

/** How many there are: a look at every key. */
export async function countIn({ disk }: Pick<Store, 'disk'>): Promise<number> {
  let count = 0
  for await (const _ of disk.keys(rangeOf('envelope'))) count++
  return count
}
