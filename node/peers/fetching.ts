/** Fetching what gossip did not bring besides batches: envelopes, lock keys, and ops that wait. */
import { shardOf } from '../../protocol/gossip.ts'
import type { Rules } from '../../protocol/rules.ts'
import { messageRecordOf } from '../ledger/settled-sends.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Clock, Network, Random } from '../seams.ts'
import type { Ask } from './ask.ts'
import { askInTurn, shuffled } from './ask-in-turn.ts'
import type { SettledAt } from '../envelopes/envelope-records.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import { holdLate, withoutEnvelope } from './intake.ts'
import type { Pending } from './pending.ts'
import type { Relay } from './relay.ts'
import type { Releases } from '../envelopes/releases.ts'

/** The most missing envelopes, ops that wait elsewhere, and envelopes of ops that wait here, which one round asks for. */
const missingPerRound = 256
const opsPerRound = 1_024
const lateEnvelopesPerRound = 64

/** Whom to ask, and in which order. */
type Asking = {
  readonly network: Pick<Network, 'peers'>
  readonly random: Random
  readonly logger: Pick<Logger, 'debug'>
}

type EnvelopesOptions = Asking & {
  readonly ask: Pick<Ask, 'envelopes' | 'shard'>
  readonly envelopes: Pick<Envelopes, 'giveUp' | 'keep' | 'missing'>
  readonly releases: Pick<Releases, 'envelopeCame'>
  readonly store: Pick<Store, 'fetch'>
  readonly clock: Pick<Clock, 'now'>
  readonly rules: Pick<Rules, 'mailShards'>
  /** A personal daemon fetches whole shards, so that a relay does not learn who reads what; a relay asks for ids. */
  readonly shards: () => readonly number[] | 'all'
}

/** Fetch envelopes of settled messages, and give up those that are past their lifetime. */
export async function fetchEnvelopes(options: EnvelopesOptions): Promise<void> {
  const { envelopes, store, clock, logger } = options
  const missing = await envelopes.missing(missingPerRound)
  if (missing.length === 0) return
  const shards = options.shards()
  await askInTurn(logger, { peers: inRandomOrder(options), what: 'envelopes' }, async (peer) => {
    for await (const stored of answersWith(options, { peer, shards, missing })) await keepStored(options, stored)
    return (await envelopes.missing(1)).length === 0 ? 'done' : 'more'
  })
  for (const settled of missing) {
    const record = await messageRecordOf(store, settled.message)
    if (record && record.keptUntil < BigInt(clock.now())) await envelopes.giveUp(settled)
  }
}

type Stored = { readonly message: Uint8Array; readonly envelope: Uint8Array }

/** What a peer has of the missing envelopes; by shards, also what else is in them. */
async function* answersWith(
  { ask, store, rules }: Pick<EnvelopesOptions, 'ask' | 'store' | 'rules'>,
  { peer, shards, missing }: { peer: string; shards: readonly number[] | 'all'; missing: readonly SettledAt[] },
): AsyncGenerator<Stored> {
  const messages = missing.map(({ message }) => message)
  if (shards === 'all') yield* ask.envelopes(peer, messages)
  else
    for (const shard of await shardsWith({ store, rules }, messages, shards))
      yield* ask.shard(peer, shard, missing[0]!.height)
}

/** Our own shards; and for what another device of ours sent to others, one that it travels in, whole as well. */
async function shardsWith(
  { store, rules }: Pick<EnvelopesOptions, 'store' | 'rules'>,
  messages: readonly Uint8Array[],
  own: readonly number[],
): Promise<Set<number>> {
  const wanted = new Set(own)
  for (const message of messages) {
    const recipients = (await messageRecordOf(store, message))?.recipients ?? []
    const shards = recipients.map(({ address }) => shardOf(address, rules.mailShards))
    if (shards.length > 0 && !shards.some((shard) => wanted.has(shard))) wanted.add(shards[0]!)
  }
  return wanted
}

async function keepStored(
  { store, envelopes, releases }: Pick<EnvelopesOptions, 'store' | 'envelopes' | 'releases'>,
  { message, envelope }: Stored,
): Promise<void> {
  const record = await messageRecordOf(store, message)
  if (record && (await envelopes.keep(message, record, envelope))) await releases.envelopeCame(message, record.height)
}

type LockKeysOptions = Asking & {
  readonly ask: Pick<Ask, 'releases'>
  readonly releases: Pick<Releases, 'closed' | 'takeLockKey'>
  /** Locks of batches below it are left alone: one that stays closed for good would have all keys since sent again and again. */
  readonly from: bigint
}

/** Fetch lock keys from the height of the oldest message, of those from a height on, whose lock is closed here. */
export async function fetchLockKeys(options: LockKeysOptions): Promise<void> {
  const { ask, releases, logger, from } = options
  const [oldest] = await releases.closed(1, from)
  if (!oldest) return
  await askInTurn(logger, { peers: inRandomOrder(options), what: 'lock keys' }, async (peer) => {
    for await (const { message, lockKey } of ask.releases(peer, oldest.height))
      await releases.takeLockKey(message, lockKey)
    return (await releases.closed(1, from)).length === 0 ? 'done' : 'more'
  })
}

type WaitingOptions = Asking & {
  readonly ask: Pick<Ask, 'envelopes' | 'ops' | 'waiting'>
  readonly pending: Pick<Pending, 'has' | 'list'>
  readonly envelopes: Pick<Envelopes, 'check' | 'hold' | 'holds'>
  readonly relay: Pick<Relay, 'takeAgain'>
}

/** Fetch from one peer what waits there and not here: gossip drops bytes that it has seen, so what got lost does not come again. */
export async function fetchWaiting(options: WaitingOptions): Promise<void> {
  const { ask, pending, envelopes, relay, logger } = options
  const peers = inRandomOrder(options).slice(0, 1)
  await askInTurn(logger, { peers, what: 'waiting operations' }, async (peer) => {
    const unknown = (await ask.waiting(peer)).filter((id) => !pending.has(id)).slice(0, opsPerRound)
    if (unknown.length > 0) for await (const mail of ask.ops(peer, unknown)) await relay.takeAgain(mail, peer)
    const bare = withoutEnvelope(pending, envelopes).slice(0, lateEnvelopesPerRound)
    if (bare.length > 0) for await (const stored of ask.envelopes(peer, bare)) holdLate({ pending, envelopes }, stored)
    return 'done'
  })
}

const inRandomOrder = ({ network, random }: Pick<Asking, 'network' | 'random'>): string[] =>
  shuffled(network.peers(), random)
