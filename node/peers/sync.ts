/**
 * Catching up: greet peers, fetch the batches, envelopes, lock keys and waiting ops that gossip did not bring. All of
 * it can be lost and asked for again, by anybody, in any order.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { type Batch, type CompactBatch, type Hello, shardOf } from '../../protocol/gossip.ts'
import type * as P from 'micro-packed'
import { headerIsBy } from '../../protocol/receipt.ts'
import type { Message } from '../../protocol/state.ts'
import type { Envelopes } from './envelopes.ts'
import type { Logger } from '../logger.ts'
import type { Pending } from './pending.ts'
import type { Relay } from './relay.ts'
import type { Releases } from './releases.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock, Network, Random } from '../seams.ts'
import type { Store } from '../ledger/store.ts'
import type { Ask } from './streams.ts'

const foreignBanMs = 600_000
const missingPerRound = 256

export type Sync = ReturnType<typeof createSync>

type Options = {
  readonly replica: Replica
  readonly pending: Pending
  readonly envelopes: Envelopes
  readonly releases: Releases
  readonly relay: Relay
  readonly store: Store
  readonly ask: Ask
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** A personal daemon fetches whole shards, so that a relay does not learn who reads what; a relay asks for ids. */
  readonly shards: () => readonly number[] | 'all'
}

export function createSync(options: Options) {
  const { replica, pending, envelopes, releases, relay, store, ask, network, clock, random, logger } = options
  /** How far each peer of our network is. */
  const heights = new Map<string, bigint>()
  const height = (): bigint => replica.head.sealed.header.height
  const { mailShards } = replica.context.rules
  let catching: Promise<void> | undefined

  /** Whether some peer is further; a height counts only by a header that the host signed. */
  const isBehind = (): boolean => [...heights.values()].some((theirs) => theirs > height())

  /** Ask peers one after the other; a failure is the next one's turn. */
  async function fromPeers(
    peers: readonly string[],
    what: string,
    task: (peer: string) => Promise<'done' | 'more'>,
  ): Promise<void> {
    for (const peer of peers) {
      try {
        if ((await task(peer)) === 'done') return
      } catch (error) {
        logger.debug({ peer, err: error }, `could not fetch ${what}`)
      }
    }
  }

  async function greeted({ network: theirs, head }: P.UnwrapCoder<typeof Hello>, peer: string): Promise<void> {
    if (!equalBytes(theirs, replica.context.network)) {
      const sentence = `the peer is on network ${bytesToHex(theirs).slice(0, 16)}, and this node on ${bytesToHex(replica.context.network).slice(0, 16)}`
      logger.warn({ peer }, sentence)
      await network.disconnect(peer, { why: sentence, banMs: foreignBanMs })
      return
    }
    if (head.header.height > height() && !headerIsBy(replica.context, head)) {
      await network.disconnect(peer, { why: 'it names a batch that the host did not sign', banMs: foreignBanMs })
      return
    }
    heights.set(peer, head.header.height)
    if (head.header.height <= height()) await replica.compare(head)
  }

  async function greet(peer: string): Promise<void> {
    const hello = await ask.hello(peer)
    if (hello) await greeted(hello, peer)
  }

  /** Fetch and replay until nobody is further than we are. */
  function catchUp(): Promise<void> {
    catching ??= catchUpOnce().finally(() => {
      catching = undefined
    })
    return catching
  }

  async function catchUpOnce(): Promise<void> {
    for (let before = -1n; before !== height() && !replica.halted; ) {
      before = height()
      const ahead = [...heights].filter(([, theirs]) => theirs > before).map(([peer]) => peer)
      await fromPeers(shuffled(ahead, random), 'batches', async (peer) => {
        for await (const batch of ask.log(peer, height() + 1n)) if (!(await acceptFrom(peer, batch))) return 'more'
        // Whoever withholds what it has must not keep us from asking others.
        return height() >= (heights.get(peer) ?? 0n) ? 'done' : 'more'
      })
    }
  }

  async function acceptFrom(peer: string, batch: Batch): Promise<boolean> {
    const taken = await replica.accept(batch)
    if (taken === 'final' || taken === 'stale') return true
    if (taken === 'early')
      logger.warn({ peer }, 'a batch lies further ahead than this machine’s clock allows; check the clock')
    if (taken === 'malformed' || taken === 'not-signed') {
      heights.delete(peer)
      await network.disconnect(peer, { why: `it sent a batch that is ${taken}`, banMs: foreignBanMs })
    }
    return false
  }

  /** A batch was announced: make it out of what waits here, or fetch it. */
  async function announced({ sealed, ops }: P.UnwrapCoder<typeof CompactBatch>, from: string): Promise<void> {
    const theirs = sealed.header.height
    heights.set(from, theirs > (heights.get(from) ?? 0n) ? theirs : heights.get(from)!)
    const waiting = ops.map((id) => pending.get(id))
    if (theirs === height() + 1n && waiting.every((op) => op !== undefined)) {
      const taken = await replica.accept({ sealed, ops: (waiting as Incoming[]).map(({ bytes }) => bytes) })
      if (taken === 'final') return
    }
    await catchUp()
  }

  async function recordOf(message: Uint8Array): Promise<Message | undefined> {
    return (await store.fetch([{ table: 'messages', key: message }])).read('messages', message)
  }

  /** Our own shards; and for what another device of ours sent to others, one that it travels in, whole as well. */
  async function shardsWith(missing: readonly { message: Uint8Array }[], own: readonly number[]): Promise<Set<number>> {
    const wanted = new Set(own)
    for (const { message } of missing) {
      const shards = (await recordOf(message))?.recipients.map(({ address }) => shardOf(address, mailShards)) ?? []
      if (shards.length > 0 && !shards.some((shard) => wanted.has(shard))) wanted.add(shards[0]!)
    }
    return wanted
  }

  async function keepStored({ message, envelope }: { message: Uint8Array; envelope: Uint8Array }): Promise<void> {
    const record = await recordOf(message)
    if (record && (await envelopes.keep(message, record, envelope))) await releases.envelopeCame(message, record.height)
  }

  async function fetchEnvelopes(): Promise<void> {
    const missing = await envelopes.missing(missingPerRound)
    if (missing.length === 0) return
    const shards = options.shards()
    await fromPeers(shuffled(network.peers(), random), 'envelopes', async (peer) => {
      if (shards === 'all')
        for await (const stored of ask.envelopes(
          peer,
          missing.map(({ message }) => message),
        ))
          await keepStored(stored)
      else
        for (const shard of await shardsWith(missing, shards))
          for await (const stored of ask.shard(peer, shard, missing[0]!.height)) await keepStored(stored)
      return (await envelopes.missing(1)).length === 0 ? 'done' : 'more'
    })
    for (const one of missing) {
      const record = await recordOf(one.message)
      if (record && record.keptUntil < BigInt(clock.now())) await envelopes.giveUp(one)
    }
  }

  async function fetchReleases(): Promise<void> {
    const [first] = await releases.closed(1)
    if (!first) return
    await fromPeers(shuffled(network.peers(), random), 'lock keys', async (peer) => {
      for await (const { message, lockKey } of ask.releases(peer, first.height))
        await releases.takeLockKey(message, lockKey)
      return (await releases.closed(1)).length === 0 ? 'done' : 'more'
    })
  }

  /** What waits at a peer and not here: gossip drops bytes it has seen, so what was lost is asked for. */
  async function fetchWaiting(): Promise<void> {
    const [peer] = shuffled(network.peers(), random)
    if (!peer) return
    await fromPeers([peer], 'waiting operations', async () => {
      const unknown = (await ask.waiting(peer)).filter((id) => !pending.has(id)).slice(0, 1024)
      if (unknown.length > 0) for await (const mail of ask.ops(peer, unknown)) await relay.takeAgain(mail, peer)
      const bare = relay.withoutEnvelope().slice(0, 64)
      if (bare.length > 0) for await (const stored of ask.envelopes(peer, bare)) relay.holdLate(stored)
      return 'done'
    })
  }

  network.onPeer((peer, state) => {
    if (state === 'down') heights.delete(peer)
    else
      clock.after(0, () =>
        greet(peer)
          .then(catchUp)
          .catch((error) => logger.debug({ peer, err: error }, 'could not greet')),
      )
  })

  return {
    greeted,
    announced,
    catchUp,
    /** One round of everything. */
    async round(): Promise<void> {
      for (const peer of network.peers())
        await greet(peer).catch((error) => logger.debug({ peer, err: error }, 'could not greet'))
      await catchUp()
      await fetchWaiting()
      await fetchEnvelopes()
      await fetchReleases()
    },
    isBehind,
    /** Whether some peer is known, and none is further. */
    synced: (): boolean => heights.size > 0 && !isBehind(),
    heights,
  }
}

/** In an order drawn at random, so that no peer is asked first by everybody. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const drawn = random(items.length)
  return items
    .map((item, at) => ({ item, at: drawn[at]! }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
