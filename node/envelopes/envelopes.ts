/**
 * Sealed messages: held in memory while they wait to be paid for, written with the batch that settles them, served to
 * recipients who were away, and dropped when their paid lifetime is over.
 */
import { decodeStrict, equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { checkEnvelope, Envelope, envelopeHash, messageId } from '../../protocol/envelope.ts'
import { shardsOf } from '../../protocol/gossip.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { no, type Result, yes } from '../../protocol/reason.ts'
import type { Message } from '../../protocol/state.ts'
import type { SettledBatch } from '../ledger/batch-steps.ts'
import { messageRecordOf, type SettledSend } from '../ledger/settled-sends.ts'
import { keyIn, type Store, type Write } from '../ledger/store.ts'
import {
  askingFor,
  countIn,
  isAskedFor,
  missingIn,
  notAskingFor,
  pruneIn,
  type SettledAt,
  shardIn,
  writesOfKept,
} from './envelope-records.ts'
import { createHeldEnvelopes } from './held-envelopes.ts'
import { writeOfClosed } from './lock-records.ts'
import { createUnwritten, type Unwritten } from './unwritten.ts'

/** Who writes to whom. */
type Between = { readonly sender: Uint8Array; readonly recipients: readonly Uint8Array[] }

type Options = {
  readonly store: Pick<Store, 'disk' | 'fetch' | 'get' | 'getMany' | 'writeSoon'>
  /** What is kept in memory instead of on disk; it stands over `store`. */
  readonly unwritten?: Unwritten
  readonly context: Context
  /** Which shards this node keeps: a relay all, a personal daemon a few, in which its own addresses are. */
  readonly follows: (shard: number) => boolean
  /** Its owner’s addresses. What they sent to other shards is kept in memory, also on a device that did not send it. */
  readonly isOwn?: (address: Uint8Array) => boolean
}

export type Envelopes = ReturnType<typeof createEnvelopes>

export function createEnvelopes({ store: written, context, follows, isOwn = () => false, ...options }: Options) {
  const { unwritten = createUnwritten(written) } = options
  const { store } = unwritten
  const held = createHeldEnvelopes()
  /** How many are on disk, as far as they are counted. */
  let stored = 0

  const followedOf = (recipients: readonly Uint8Array[]): number[] =>
    [...shardsOf(recipients, context.rules.mailShards)].filter(follows)

  /** What every node of the message's shards writes. Of a message that our owner sent to other shards nothing is written. */
  function writesOfSend({ message, op, send: { recipients }, keptUntil }: SettledSend, height: bigint): Write[] {
    const at = { height, message }
    const bytes = held.get(message)
    const shards = followedOf(recipients)
    const records = bytes ? writesOfKept(at, { shards, keptUntil, bytes }) : [askingFor(at)]
    if (shards.length > 0) return records
    if (isOwn(op.account)) unwritten.keep(message, 'all', [...records, writeOfClosed(at)])
    return []
  }

  /** Keep an envelope of a settled message that came late. False where it is not the one that was paid for, or not ours to keep. */
  async function keep(message: Uint8Array, record: Message, bytes: Uint8Array): Promise<boolean> {
    const { height, keptUntil, sender } = record
    const recipients = record.recipients.map(({ address }) => address)
    const shards = followedOf(recipients)
    if (shards.length === 0 && !unwritten.has(message)) return false
    if (!equalBytes(idOf(context, { sender, recipients }, bytes), message)) return false
    if (shards.length > 0 && !(await written.get(keyIn('envelope', message)))) stored++
    await store.writeSoon(writesOfKept({ height, message }, { shards, keptUntil, bytes }))
    return true
  }

  return {
    /** Whether this node keeps messages to these, because it follows a shard of theirs. */
    keeps: (recipients: readonly Uint8Array[]): boolean => followedOf(recipients).length > 0,
    /** Whether an envelope fits the op that pays for it. Refuses: envelope-mismatch, envelope-malformed, keepers-unknown, too-large. */
    check: ({ action }: Incoming['op'], bytes: Uint8Array): Result<Envelope> =>
      action.TAG === 'send' ? checkAgainst(context, action.data, bytes) : no('envelope-mismatch'),
    hold: held.hold,
    drop: held.drop,
    holds: held.holds,
    get: async (message: Uint8Array): Promise<Uint8Array | undefined> =>
      held.get(message) ?? (await store.get(keyIn('envelope', message))),
    /** The same for peers that ask: nothing of what is kept in memory because it is our owner's. */
    served: async (message: Uint8Array): Promise<Uint8Array | undefined> =>
      held.get(message) ?? (await written.get(keyIn('envelope', message))),
    /** What to write together with a batch: the envelopes it settles, and a mark for each that is missing. */
    writesOf: ({ sends, header }: { sends: readonly SettledSend[]; header: SettledBatch['header'] }): Write[] =>
      sends.flatMap((send) => writesOfSend(send, header.height)),
    /** To be called when the batch that settled these is on disk: they are not held in memory any more. */
    settled(sends: readonly SettledSend[]): void {
      for (const { message, send } of sends) {
        if (held.holds(message) && followedOf(send.recipients).length > 0) stored++
        held.drop(message)
      }
    },
    /** Settled messages whose envelope is missing, the oldest first. */
    missing: (limit: number): Promise<SettledAt[]> => missingIn(store, limit),
    /**
     * Begin to ask peers for the envelope and the lock key of a message of our owner's, unless it is so old that nobody
     * keeps it any more. `bytes` is the envelope, where the owner has it.
     */
    async want({ message, height }: SettledAt, { now, bytes }: { now: bigint; bytes?: Uint8Array }): Promise<void> {
      const at = { message, height }
      const record = await messageRecordOf(store, message)
      if (!record || record.keptUntil < now || (await isAskedFor(store, at))) return
      const isFollowed = followedOf(record.recipients.map(({ address }) => address)).length > 0
      unwritten.keep(message, isFollowed ? 'marks' : 'all', [askingFor(at), writeOfClosed(at)])
      if (bytes) await keep(message, record, bytes)
    },
    /** Our owner has what a message says. */
    letGo: unwritten.forget,
    /** Stop asking for an envelope: it is past its lifetime. */
    async giveUp(settled: SettledAt): Promise<void> {
      await store.writeSoon([notAskingFor(settled)])
      unwritten.forget(settled.message)
    },
    keep,
    /** Messages of a shard settled from a height on, in order. */
    shard: (shard: number, from: bigint) => shardIn(written, shard, from),
    /** Drop what is past its paid lifetime; says how many. */
    async prune(now: bigint): Promise<number> {
      unwritten.forgetBefore(now)
      const pruned = await pruneIn(written, now)
      stored -= pruned
      return pruned
    },
    get count() {
      return stored
    },
    /** Count what was on disk when the node opened. It takes a while, and nobody waits for it. */
    async countStored(): Promise<void> {
      const count = await countIn(written)
      stored += count
    },
  }
}

/** The id of the message that an envelope makes, between these. */
const idOf = ({ network }: Pick<Context, 'network'>, between: Between, bytes: Uint8Array): Uint8Array =>
  messageId({ network, ...between, envelopeHash: envelopeHash(network, bytes) })

function checkAgainst({ network, rules }: Context, send: ActionOf<'send'>, bytes: Uint8Array): Result<Envelope> {
  if (!equalBytes(envelopeHash(network, bytes), send.envelopeHash)) return no('envelope-mismatch')
  const decoded = decodeStrict(Envelope, bytes)
  if (!decoded.ok) return no('envelope-malformed')
  if (decoded.value.sizeClass !== send.sizeClass) return no('envelope-mismatch')
  const demand = { recipientsCount: send.recipients.length, keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax }
  const checked = checkEnvelope(decoded.value, demand)
  return checked.ok ? yes(decoded.value) : checked
}
