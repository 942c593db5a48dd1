/**
 * Fetching a person's mail that gossip did not bring. A relay does not learn who reads what: whole shards are asked for, and
 * not single messages. Each that is followed has a way and moments of its own, whoever of our addresses is in it, if any.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { shardsOf } from '../../protocol/gossip.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { SettledAt } from '../envelopes/envelope-records.ts'
import { messageRecordOf } from '../ledger/settled-sends.ts'
import type { Store } from '../ledger/store.ts'
import type { Moments } from '../moments.ts'
import type { Ask } from './ask.ts'
import type { Ways } from './ways.ts'

/** A shard is asked for at a moment within so long, and again within as long while something of it is missing. */
const withinMs = 4_000
/** Below which multiple of a height what is in another's shard is asked for: by the height itself the message would be known. */
const heightsTogether = 64n

type Stored = { readonly message: Uint8Array; readonly envelope: Uint8Array }

type Options = {
  readonly ask: Pick<Ask, 'shard'>
  readonly store: Pick<Store, 'fetch'>
  readonly rules: Pick<Rules, 'mailShards'>
  readonly ways: Pick<Ways, 'order'>
  readonly moments: Pick<Moments, 'draw'>
  /** The shards that this node follows. */
  readonly shards: () => readonly number[]
  readonly keep: (stored: Stored) => Promise<void>
}

/** A shard, from a height on, and the lane by whose way it is asked for. */
type Pull = { readonly lane: string; readonly shard: number; readonly from: bigint }

/** Gives what has missing envelopes, the oldest first, asked for. */
export function createOwnMail({ ask, store, rules, ways, moments, shards, keep }: Options) {
  /** How often each shard was asked for in vain. */
  const tries = new Map<string, number>()

  /** The shards that a message is asked for in: those that are followed; what we sent to others, in one that it travels in. */
  async function pullsFor({ message, height }: SettledAt): Promise<Pull[]> {
    const record = await messageRecordOf(store, message)
    if (!record) return []
    const addresses = record.recipients.map(({ address }) => address)
    const travelled = [...shardsOf(addresses, rules.mailShards)]
    const followed = travelled.filter((shard) => shards().includes(shard))
    if (followed.length > 0) return followed.map((shard) => ({ lane: `shard ${shard}`, shard, from: height }))
    return [{ lane: bytesToHex(record.sender), shard: travelled[0]!, from: height - (height % heightsTogether) }]
  }

  async function pull(name: string, { lane, shard, from }: Pull): Promise<void> {
    const order = ways.order(lane)
    const before = tries.get(name) ?? 0
    const peer = order[before % order.length]
    if (peer === undefined) return
    tries.set(name, before + 1)
    for await (const stored of ask.shard(peer, shard, from)) await keep(stored)
  }

  return async (missing: readonly SettledAt[]): Promise<void> => {
    const pulls = new Map<number, Pull>()
    for (const settled of missing)
      for (const next of await pullsFor(settled)) {
        const known = pulls.get(next.shard)
        if (!known || next.from < known.from) pulls.set(next.shard, known ? { ...known, from: next.from } : next)
      }
    const named = new Map([...pulls.values()].map((next) => [`shard ${next.shard}`, next]))
    for (const name of tries.keys()) if (!named.has(name)) tries.delete(name)
    for (const [name, next] of named) moments.draw(name, { toMs: withinMs }, () => pull(name, next))
  }
}
