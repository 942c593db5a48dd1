/**
 * Sealed messages: held in memory while they wait to be paid for, written with the batch that settles them, served to
 * recipients who were away, and dropped when their paid lifetime is over.
 */
import { U64, decodeStrict, equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { checkEnvelope, Envelope, envelopeHash, messageId } from '../../protocol/envelope.ts'
import { shardsOf } from '../../protocol/gossip.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { no, type Result, yes } from '../../protocol/reason.ts'
import type { Message } from '../../protocol/state.ts'
import type { SettledBatch } from '../ledger/batch-steps.ts'
import type { SettledSend } from '../ledger/settled-sends.ts'
import { keyIn, type Store, type Write } from '../ledger/store.ts'
import {
  askingFor,
  countIn,
  missingIn,
  notAskingFor,
  pruneIn,
  type SettledAt,
  shardIn,
  writesOfKept,
} from './envelope-records.ts'
import { createHeldEnvelopes } from './held-envelopes.ts'

/** Who writes to whom. */
type Between = { readonly sender: Uint8Array; readonly recipients: readonly Uint8Array[] }

type Options = {
  readonly store: Pick<Store, 'disk' | 'get' | 'writeSoon'>
  readonly context: Context
  /** Which shards this node keeps: a relay all, a personal daemon those of its own addresses. */
  readonly follows: (shard: number) => boolean
  /** Those addresses. What they sent is kept as well, also on a device that did not send it. */
  readonly isOwn?: (address: Uint8Array) => boolean
}

export type Envelopes = ReturnType<typeof createEnvelopes>

export function createEnvelopes({ store, context, follows, isOwn = () => false }: Options) {
  const held = createHeldEnvelopes()
  /** How many are on disk, as far as they are counted. */
  let stored = 0

  const followedOf = (recipients: readonly Uint8Array[]): number[] =>
    [...shardsOf(recipients, context.rules.mailShards)].filter(follows)

  const keeps = ({ sender, recipients }: Between): boolean => followedOf(recipients).length > 0 || isOwn(sender)

  return {
    /** Whether this node keeps a message: by its recipients' shards, or because one of us sent it. */
    keeps: (message: Uint8Array, between: Between): boolean => held.holds(message) || keeps(between),
    /** Whether an envelope fits the op that pays for it. Refuses: envelope-mismatch, envelope-malformed, keepers-unknown, too-large. */
    check: ({ action }: Incoming['op'], bytes: Uint8Array): Result<Envelope> =>
      action.TAG === 'send' ? checkAgainst(context, action.data, bytes) : no('envelope-mismatch'),
    hold: held.hold,
    drop: held.drop,
    holds: held.holds,
    get: async (message: Uint8Array): Promise<Uint8Array | undefined> =>
      held.get(message) ?? (await store.get(keyIn('envelope', message))),
    /** What to write together with a batch: the envelopes it settles, and a mark for each that is missing. */
    writesOf: ({ sends, header }: { sends: readonly SettledSend[]; header: SettledBatch['header'] }): Write[] =>
      sends.flatMap(({ message, op: { account: sender }, send: { recipients }, keptUntil }) => {
        const at = { height: header.height, message }
        const bytes = held.get(message)
        if (bytes) return writesOfKept(at, { shards: followedOf(recipients), keptUntil, bytes })
        return keeps({ sender, recipients }) ? [askingFor(at)] : []
      }),
    /** After the batch is on disk. */
    settled(sends: readonly SettledSend[]): void {
      for (const { message } of sends) {
        if (held.holds(message)) stored++
        held.drop(message)
      }
    },
    /** Settled messages whose envelope is missing, the oldest first. */
    missing: (limit: number): Promise<SettledAt[]> => missingIn(store, limit),
    /** Ask peers for the envelope and the lock key of a settled message that this node would not keep by itself. */
    want: (message: Uint8Array, height: bigint): Promise<void> =>
      store.writeSoon([
        askingFor({ height, message }),
        { key: keyIn('closed', U64.encode(height), message), value: Uint8Array.of() },
      ]),
    /** Stop asking for an envelope: it is past its lifetime. */
    giveUp: (settled: SettledAt): Promise<void> => store.writeSoon([notAskingFor(settled)]),
    /** Keep an envelope of a settled message that came late. False where it is not the one that was paid for, or not ours to keep. */
    async keep(message: Uint8Array, record: Message, bytes: Uint8Array): Promise<boolean> {
      const between = { sender: record.sender, recipients: record.recipients.map(({ address }) => address) }
      if (!keeps(between) || !equalBytes(idOf(context, between, bytes), message)) return false
      if (!(await store.get(keyIn('envelope', message)))) stored++
      const { height, keptUntil } = record
      await store.writeSoon(
        writesOfKept({ height, message }, { shards: followedOf(between.recipients), keptUntil, bytes }),
      )
      return true
    },
    /** Messages of a shard settled from a height on, in order. */
    shard: (shard: number, from: bigint) => shardIn(store, shard, from),
    /** Drop what is past its paid lifetime; says how many. */
    async prune(now: bigint): Promise<number> {
      const pruned = await pruneIn(store, now)
      stored -= pruned
      return pruned
    },
    get count() {
      return stored
    },
    /** Count what was on disk when the node opened. It takes a while, and nobody waits for it. */
    async countStored(): Promise<void> {
      const count = await countIn(store)
      stored += count
    },
  }
}

/** The id of the message that an envelope makes, between these. */
const idOf = ({ network }: Pick<Context, 'network'>, between: Between, bytes: Uint8Array): Uint8Array =>
  messageId({ network, ...between, envelopeHash: envelopeHash(network, bytes) })

function checkAgainst({ network, rules }: Context, send: ActionOf<'send'>, bytes: Uint8Array): Result<Envelope> {
  if (!equalBytes(envelopeHash(network, bytes), send.envelopeHash)) return no('envelope-mismatch')
  const decoded = decodeStrict(Envelope, bytes, 'envelope-malformed')
  if (!decoded.ok) return decoded
  if (decoded.value.sizeClass !== send.sizeClass) return no('envelope-mismatch')
  const demand = { recipientsCount: send.recipients.length, keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax }
  const checked = checkEnvelope(decoded.value, demand)
  return checked.ok ? yes(decoded.value) : checked
}
