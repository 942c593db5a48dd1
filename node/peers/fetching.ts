/** Fetching what gossip did not bring besides batches: envelopes, lock keys, and ops that wait. */
import { messageRecordOf } from '../ledger/settled-sends.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Network, Random } from '../seams.ts'
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
/** Lock keys are asked for from a multiple of so many heights on. */
const heightsTogether = 16n

/** Whom to ask, and in which order. */
type Asking = {
  readonly network: Pick<Network, 'peers'>
  readonly random: Random
  readonly logger: Pick<Logger, 'debug'>
}

type EnvelopesOptions = Asking & {
  readonly ask: Pick<Ask, 'envelopes'>
  readonly envelopes: Pick<Envelopes, 'giveUp' | 'keep' | 'missing'>
  readonly releases: Pick<Releases, 'envelopeCame'>
  readonly store: Pick<Store, 'fetch'>
  readonly replica: Pick<Replica, 'head'>
  /** Of a person's node that does not keep all mail: has whole shards asked for instead of ids. */
  readonly ownMail: ((missing: readonly SettledAt[]) => Promise<void>) | undefined
}

/** Fetch envelopes of settled messages, and give up those that are past their lifetime. */
export async function fetchEnvelopes(options: EnvelopesOptions): Promise<void> {
  const { ask, envelopes, store, replica, ownMail, logger } = options
  const missing = await envelopes.missing(missingPerRound)
  if (missing.length === 0) return
  const messages = missing.map(({ message }) => message)
  if (ownMail) await ownMail(missing)
  else
    await askInTurn(logger, { peers: inRandomOrder(options), what: 'envelopes' }, async (peer) => {
      for await (const stored of ask.envelopes(peer, messages)) await keepStored(options, stored)
      return (await envelopes.missing(1)).length === 0 ? 'done' : 'more'
    })
  for (const settled of missing) {
    const record = await messageRecordOf(store, settled.message)
    if (record && record.keptUntil < replica.head.sealed.header.time) await envelopes.giveUp(settled)
  }
}

type Stored = { readonly message: Uint8Array; readonly envelope: Uint8Array }

/** Keep an envelope that a peer has answered with, where it is missing here. */
export async function keepStored(
  { store, envelopes, releases }: Pick<EnvelopesOptions, 'store' | 'envelopes' | 'releases'>,
  { message, envelope }: Stored,
): Promise<void> {
  const record = await messageRecordOf(store, message)
  if (record && (await envelopes.keep(message, record, envelope))) await releases.envelopeCame(message, record.height)
}

type LockKeysOptions = Asking & {
  readonly ask: Pick<Ask, 'releases'>
  readonly releases: Pick<Releases, 'closed' | 'takeLockKey'>
  /**
   * The height from which on closed locks are looked at. Without it, one lock that never opens would have all later keys
   * fetched again and again.
   */
  readonly from: bigint
}

/** Fetch lock keys, from about the height of the oldest message that is closed here and not below `from`. */
export async function fetchLockKeys(options: LockKeysOptions): Promise<void> {
  const { ask, releases, logger, from } = options
  const [oldest] = await releases.closed(1, from)
  if (!oldest) return
  await askInTurn(logger, { peers: inRandomOrder(options), what: 'lock keys' }, async (peer) => {
    // From the height itself it would be seen which message is waited for.
    const since = oldest.height - (oldest.height % heightsTogether)
    for await (const { message, lockKey } of ask.releases(peer, since)) await releases.takeLockKey(message, lockKey)
    return (await releases.closed(1, from)).length === 0 ? 'done' : 'more'
  })
}

type WaitingOptions = Asking & {
  readonly ask: Pick<Ask, 'envelopes' | 'ops' | 'waiting'>
  readonly pending: Pick<Pending, 'has' | 'list'>
  readonly envelopes: Pick<Envelopes, 'check' | 'hold' | 'holds'>
  readonly relay: Pick<Relay, 'takeAgain'>
  /** Whether an op that waits here is ours, and was not brought back by any peer. */
  readonly isOut: (id: Uint8Array) => boolean
}

/** Fetch from one peer what waits there and not here: gossip drops bytes that it has seen, so what got lost does not come again. */
export async function fetchWaiting(options: WaitingOptions): Promise<void> {
  const { ask, pending, envelopes, relay, isOut, logger } = options
  const peers = inRandomOrder(options).slice(0, 1)
  await askInTurn(logger, { peers, what: 'waiting operations' }, async (peer) => {
    const unknown = (await ask.waiting(peer)).filter((id) => !pending.has(id) || isOut(id)).slice(0, opsPerRound)
    if (unknown.length > 0) for await (const mail of ask.ops(peer, unknown)) await relay.takeAgain(mail, peer)
    const bare = withoutEnvelope(pending, envelopes).slice(0, lateEnvelopesPerRound)
    if (bare.length > 0) for await (const stored of ask.envelopes(peer, bare)) holdLate({ pending, envelopes }, stored)
    return 'done'
  })
}

const inRandomOrder = ({ network, random }: Pick<Asking, 'network' | 'random'>): string[] =>
  shuffled(network.peers(), random)
