/**
 * Sealed messages: held in memory while they wait to be paid for, written with the batch that settles them, served to
 * recipients who were away, and dropped when their paid lifetime is over.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { decodeStrict, equalBytes, U64 } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { checkEnvelope, Envelope, envelopeHash, messageId } from '../../protocol/envelope.ts'
import { shardOf } from '../../protocol/gossip.ts'
import { no, type Result, yes } from '../../protocol/reason.ts'
import type { Message } from '../../protocol/state.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import type { SentOp } from '../ledger/settled-sends.ts'
import type { Settled } from '../ledger/replica.ts'
import { keyIn, rangeOf, type Store, type Write } from '../ledger/store.ts'

/** The most bytes of envelopes held for messages that are not settled. */
const heldBytesMax = 256 * 1024 * 1024

export type Envelopes = ReturnType<typeof createEnvelopes>

/**
 * `follows` says which shards this node keeps: a relay all, a personal daemon those of its own addresses. `isOwn` names
 * those addresses: what they sent is kept as well, also on a device that did not send it.
 */
export function createEnvelopes({
  store,
  context,
  follows,
  isOwn = () => false,
}: {
  store: Store
  context: Context
  follows: (shard: number) => boolean
  isOwn?: (address: Uint8Array) => boolean
}) {
  const held = new Map<string, Uint8Array>()
  let heldBytes = 0
  let stored = 0
  const { mailShards } = context.rules

  function release(name: string): void {
    heldBytes -= held.get(name)?.length ?? 0
    held.delete(name)
  }

  const shardsOf = (recipients: readonly Uint8Array[]): number[] =>
    [...new Set(recipients.map((recipient) => shardOf(recipient, mailShards)))].filter(follows)

  const keeps = ({ sender, recipients }: Between): boolean => shardsOf(recipients).length > 0 || isOwn(sender)

  /** Everything on disk that an envelope at hand or missing comes to. */
  function writesFor(
    message: Uint8Array,
    { height, keptUntil, ...between }: Between & { readonly height: bigint; readonly keptUntil: bigint },
    bytes: Uint8Array | undefined,
  ): Write[] {
    const shards = shardsOf(between.recipients)
    const at = U64.encode(height)
    const missing = keyIn('missing', at, message)
    if (!bytes) return keeps(between) ? [{ key: missing, value: Uint8Array.of() }] : []
    return [
      { key: keyIn('envelope', message), value: bytes },
      { key: keyIn('keptUntil', U64.encode(keptUntil), message), value: KeptRecord.encode({ shards, height }) },
      { key: missing, value: undefined },
      ...shards.map((shard) => ({ key: keyIn('shard', Uint8Array.of(shard), at, message), value: Uint8Array.of() })),
    ]
  }

  return {
    /** Whether this node keeps a message: by its recipients' shards, or because one of us sent it. */
    keeps: (message: Uint8Array, between: Between): boolean => held.has(bytesToHex(message)) || keeps(between),
    /** Whether an envelope fits the op that pays for it. Refuses: envelope-mismatch, envelope-malformed, keepers-unknown, too-large. */
    check({ action }: Incoming['op'], bytes: Uint8Array): Result<Envelope> {
      if (action.TAG !== 'send') return no('envelope-mismatch')
      return checkAgainst(context, action.data, bytes)
    },
    /** Keep an envelope until its op is settled or dropped; false where there is no room. */
    hold(message: Uint8Array, bytes: Uint8Array): boolean {
      const name = bytesToHex(message)
      if (held.has(name)) return true
      if (heldBytes + bytes.length > heldBytesMax) return false
      held.set(name, bytes)
      heldBytes += bytes.length
      return true
    },
    drop: (message: Uint8Array): void => release(bytesToHex(message)),
    holds: (message: Uint8Array): boolean => held.has(bytesToHex(message)),
    async get(message: Uint8Array): Promise<Uint8Array | undefined> {
      return held.get(bytesToHex(message)) ?? (await store.get(keyIn('envelope', message)))
    },
    /** What to write together with a batch: the envelopes it settles, and a mark for each that is missing. */
    writesOf({ sends, header }: { sends: readonly SentOp[]; header: Settled['header'] }): Write[] {
      return sends.flatMap(({ message, op: { account: sender }, send: { recipients }, keptUntil }) =>
        writesFor(message, { height: header.height, keptUntil, sender, recipients }, held.get(bytesToHex(message))),
      )
    },
    /** After the batch is on disk. */
    settled(sends: readonly SentOp[]): void {
      for (const { message } of sends) {
        const name = bytesToHex(message)
        if (held.has(name)) stored++
        release(name)
      }
    },
    /** Ids of settled messages whose envelope is missing, oldest first, with the height of each. */
    async missing(limit: number): Promise<{ height: bigint; message: Uint8Array }[]> {
      const keys = await store.disk.keys({ ...rangeOf('missing'), limit }).all()
      return keys.map((key) => ({ height: U64.decode(key.slice(1, 9)), message: key.slice(9) }))
    },
    /** Ask peers for the envelope and the lock key of a settled message that this node would not keep by itself. */
    async want(message: Uint8Array, height: bigint): Promise<void> {
      const at = U64.encode(height)
      const marks = [keyIn('missing', at, message), keyIn('closed', at, message)]
      await store.writeSoon(marks.map((key) => ({ key, value: Uint8Array.of() })))
    },
    /** Stop asking for an envelope: it is past its lifetime. */
    async giveUp({ height, message }: { height: bigint; message: Uint8Array }): Promise<void> {
      await store.writeSoon([{ key: keyIn('missing', U64.encode(height), message), value: undefined }])
    },
    /** Keep an envelope of a settled message that came late. False where it is not the one that was paid for, or not ours to keep. */
    async keep(message: Uint8Array, record: Message, bytes: Uint8Array): Promise<boolean> {
      const between = { sender: record.sender, recipients: record.recipients.map(({ address }) => address) }
      const { network } = context
      const id = messageId({ network, ...between, envelopeHash: envelopeHash(network, bytes) })
      if (!keeps(between) || !equalBytes(id, message)) return false
      if (!(await store.get(keyIn('envelope', message)))) stored++
      await store.writeSoon(writesFor(message, { ...record, ...between }, bytes))
      return true
    },
    /** Messages of a shard settled from a height on, in order. */
    async *shard(shard: number, from: bigint): AsyncGenerator<{ message: Uint8Array; envelope: Uint8Array }> {
      const range = {
        ...rangeOf('shard', Uint8Array.of(shard)),
        gte: keyIn('shard', Uint8Array.of(shard), U64.encode(from)),
      }
      for await (const key of store.disk.keys(range)) {
        const message = key.slice(10)
        const envelope = await store.get(keyIn('envelope', message))
        if (envelope) yield { message, envelope }
      }
    },
    /** Drop what is past its paid lifetime; says how many. */
    async prune(now: bigint): Promise<number> {
      const range = { gte: rangeOf('keptUntil').gte, lt: keyIn('keptUntil', U64.encode(now)), limit: 1000 }
      const due = await store.disk.iterator(range).all()
      await store.writeSoon(
        due.flatMap(([key, value]) => {
          const message = key.slice(9)
          const { shards, height } = KeptRecord.decode(value)
          const marks = shards.map((shard) => keyIn('shard', Uint8Array.of(shard), U64.encode(height), message))
          return [key, keyIn('envelope', message), ...marks].map((gone) => ({ key: gone, value: undefined }))
        }),
      )
      stored -= due.length
      return due.length
    },
    /** How many are on disk, as far as they are counted. */
    get count() {
      return stored
    },
    /** Count what was on disk when the node opened: a look at every key, which nobody waits for. */
    async countStored(): Promise<void> {
      for await (const _ of store.disk.keys(rangeOf('envelope'))) stored++
    },
  }
}

/** Who writes to whom. */
type Between = { readonly sender: Uint8Array; readonly recipients: readonly Uint8Array[] }

const KeptRecord = P.struct({ shards: P.array(P.U8, P.U8), height: U64 })

function checkAgainst({ network, rules }: Context, send: ActionOf<'send'>, bytes: Uint8Array): Result<Envelope> {
  if (!equalBytes(envelopeHash(network, bytes), send.envelopeHash)) return no('envelope-mismatch')
  const decoded = decodeStrict(Envelope, bytes, 'envelope-malformed')
  if (!decoded.ok) return decoded
  if (decoded.value.sizeClass !== send.sizeClass) return no('envelope-mismatch')
  const demand = { recipientsCount: send.recipients.length, keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax }
  const checked = checkEnvelope(decoded.value, demand)
  return checked.ok ? yes(decoded.value) : checked
}
