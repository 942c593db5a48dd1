/**
 * Gossip: what this node takes from topics, and what it puts on them. Every message goes through the doorway and the
 * state; the table of reasons says whether it travels on, is dropped, or counts against the peer that brought it.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Header, headerHash } from '../../protocol/batch.ts'
import { decodeStrict, equalBytes } from '../../protocol/codec.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import {
  type Batch,
  CompactBatch,
  inlineEnvelopeBytesMax,
  Mail,
  Release,
  shardOf,
  topicsOf,
} from '../../protocol/gossip.ts'
import type * as P from 'micro-packed'
import { headerIsBy } from '../../protocol/receipt.ts'
import { no, type Reason, type Result, yes } from '../../protocol/reason.ts'
import type { Envelopes } from './envelopes.ts'
import { gossipAnswers } from '../gossip-answers.ts'
import type { Pending } from './pending.ts'
import type { Releases } from './releases.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Answer, Clock, Network } from '../seams.ts'

/** State-dependent failures that one peer may bring in a minute before the rest of its messages is not even looked at. */
const failuresPerMinute = 600
/** Headers that are remembered, so that each is announced once. */
const announcementsMax = 1_024

/** An op out of a gossiped mail, with its envelope where that came along. */
type Received = { readonly incoming: Incoming; readonly envelope: Uint8Array | undefined }

export type Relay = ReturnType<typeof createRelay>

type Options = {
  readonly replica: Replica
  readonly pending: Pending
  readonly envelopes: Envelopes
  readonly releases: Releases
  readonly network: Network
  readonly clock: Clock
  readonly follows: (shard: number) => boolean
  /** Ask a peer for the envelope of a message that is too large to travel with its op. */
  readonly pull: (peer: string, message: Uint8Array) => Promise<Uint8Array | undefined>
  /** The host signed this batch and we do not have it yet. */
  readonly onAnnounced: (announced: P.UnwrapCoder<typeof CompactBatch>, from: string) => void
  readonly onAnswer: (topic: 'mail' | 'ops' | 'batches' | 'releases', answer: Answer, reason?: Reason) => void
}

export function createRelay({
  replica,
  pending,
  envelopes,
  releases,
  network,
  clock,
  follows,
  pull,
  onAnnounced,
  onAnswer,
}: Options) {
  const { context } = replica
  const topics = topicsOf(context.network)
  const followed = new Set<number>()
  const budget = createBudget(clock, failuresPerMinute)
  const announcements = createAnnouncements()
  const spendOn = (from: string): false => {
    budget.spend(from)
    return false
  }

  function judge(topic: Parameters<Options['onAnswer']>[0], result: Result<unknown>, from: string): Answer {
    const answer = result.ok ? 'accept' : gossipAnswers[result.reason]
    if (answer === 'ignore') budget.spend(from)
    onAnswer(topic, answer, result.ok ? undefined : result.reason)
    return answer
  }

  const validateOp = async (data: Uint8Array, from: string): Promise<Answer> => {
    if (budget.empty(from)) return 'ignore'
    const read = readOp(data, context)
    if (!read.ok) return judge('ops', read, from)
    if (read.value.op.action.TAG === 'send') return judge('ops', no('malformed'), from)
    return judge('ops', await pending.add(read.value, from), from)
  }

  const validateMail = async (data: Uint8Array, from: string): Promise<Answer> => {
    if (budget.empty(from)) return 'ignore'
    const mail = readMail(data)
    if (!mail.ok) return judge('mail', mail, from)
    if (mail.value.incoming.op.action.TAG !== 'send') return judge('mail', no('malformed'), from)
    return judge('mail', await take(mail.value, from), from)
  }

  function readMail(data: Uint8Array): Result<Received> {
    const mail = decodeStrict(Mail, data)
    if (!mail.ok) return mail
    const read = readOp(mail.value.op, context)
    return read.ok ? yes({ incoming: read.value, envelope: mail.value.envelope }) : read
  }

  /** Take in a send with its envelope: both fit, it can be paid for, and then, where it is large, the envelope is asked for. */
  async function take({ incoming, envelope }: Received, from: string): Promise<Result<'new' | 'known'>> {
    const { op } = incoming
    if (op.action.TAG !== 'send') return envelope ? no('malformed') : pending.add(incoming, from)
    if (envelope && envelope.length > inlineEnvelopeBytesMax) return no('too-large')
    const fits = envelope ? envelopes.check(op, envelope) : yes(undefined)
    if (!fits.ok) return fits
    const taken = await pending.add(incoming, from)
    if (!taken.ok) return taken
    const message = incoming.message!
    if (envelopes.holds(message)) return taken
    const bytes = envelope ?? (await pull(from, message))
    // Whoever hears of it from us will ask us for it, so it travels on only once we have it.
    if (!bytes) return no('envelope-missing')
    const pulled = envelope ? fits : envelopes.check(op, bytes)
    if (!pulled.ok) return pulled
    return envelopes.hold(message, bytes) ? taken : no('queue-full')
  }

  const validateBatch = async (data: Uint8Array, from: string): Promise<Answer> => {
    if (budget.empty(from)) return 'ignore'
    const announced = decodeStrict(CompactBatch, data)
    if (!announced.ok) return judge('batches', announced, from)
    const { sealed, ops } = announced.value
    const { header } = sealed
    if (header.opCount !== ops.length) return judge('batches', no('malformed'), from)
    if (!headerIsBy(context, sealed)) return judge('batches', no('signature-wrong'), from)
    const { height } = replica.head.sealed.header
    if (header.height > height) onAnnounced(announced.value, from)
    else await replica.compare(sealed)
    // The ids are not signed: under one header they could be changed without end, and all of it be relayed for free.
    if (!announcements.isFirst(header, height)) {
      budget.spend(from)
      onAnswer('batches', 'ignore')
      return 'ignore'
    }
    return judge('batches', yes(undefined), from)
  }

  const validateRelease = async (data: Uint8Array, from: string): Promise<Answer> => {
    if (budget.empty(from)) return 'ignore'
    const release = decodeStrict(Release, data)
    if (!release.ok) return judge('releases', release, from)
    const answer = await releases.take(release.value)
    // Not counted against its bringer: lock keys and batches overtake each other, and many open what is open already.
    onAnswer('releases', answer)
    return answer
  }

  /** Take what a peer gave us, asked or not; what is new is gossiped. Says whether it waits here now. */
  async function takeOver(received: Received, from: string): Promise<boolean> {
    const taken = await take(received, from)
    if (taken.ok && taken.value === 'new') await publishOp(received.incoming)
    return taken.ok
  }

  /** An op as it is given to a peer: with its envelope, where that is small. */
  async function mailOf({ bytes, message }: Pick<Incoming, 'bytes' | 'message'>): Promise<Uint8Array> {
    return Mail.encode({ op: bytes, envelope: message && inline(await envelopes.get(message)) })
  }

  /** Put an op of our own, or one that is sent again, on its topic. Its envelope must be held. */
  async function publishOp(incoming: Pick<Incoming, 'op' | 'bytes' | 'message'>): Promise<void> {
    const { action } = incoming.op
    if (action.TAG !== 'send') return network.publish(topics.ops, incoming.bytes)
    const data = await mailOf(incoming)
    const shards = new Set(action.data.recipients.map((recipient) => shardOf(recipient, context.rules.mailShards)))
    for (const shard of shards) await network.publish(topics.mail(shard), data)
  }

  return {
    mailOf,
    publishOp,
    subscribe(): void {
      this.followShards()
      network.subscribe(topics.ops, validateOp)
      network.subscribe(topics.batches, validateBatch)
      network.subscribe(topics.releases, validateRelease)
    },
    /** Take part in the mail of every shard that this node keeps now and did not keep before. */
    followShards(): void {
      for (let shard = 0; shard < context.rules.mailShards; shard++) {
        if (!follows(shard) || followed.has(shard)) continue
        followed.add(shard)
        network.subscribe(topics.mail(shard), validateMail)
      }
    },
    /** Messages that wait here without their envelope: it could not be pulled when their op came. */
    withoutEnvelope: (): Uint8Array[] =>
      pending.list().flatMap(({ message }) => (message && !envelopes.holds(message) ? [message] : [])),
    /** Hold the envelope of a waiting message, if it is the one that its op names. */
    holdLate({ message, envelope }: { message: Uint8Array; envelope: Uint8Array }): void {
      const waiting = pending.list().find((other) => other.message && equalBytes(other.message, message))
      if (waiting && envelopes.check(waiting.op, envelope).ok) envelopes.hold(message, envelope)
    },
    /** Take an op that we asked a peer for. */
    async takeAgain(data: Uint8Array, from: string): Promise<void> {
      const mail = readMail(data)
      if (mail.ok) await takeOver(mail.value, from)
    },
    /** Take ops that nobody asked for; which of them wait here now. The others count against their giver, as in gossip. */
    takeGiven(mails: readonly Uint8Array[], from: string): Promise<boolean[]> {
      // Those of one account build on each other; for the rest, the disk is asked about many at once.
      const lanes = new Map<string, Promise<boolean>>()
      return Promise.all(
        mails.map((data) => {
          const mail = budget.empty(from) ? no('queue-full') : readMail(data)
          if (!mail.ok) return spendOn(from)
          const { lane } = mail.value.incoming
          const taken = Promise.resolve(lanes.get(lane))
            .then(() => takeOver(mail.value, from))
            .then((isTaken) => isTaken || spendOn(from))
          lanes.set(lane, taken)
          return taken
        }),
      )
    },
    publishBatch: (batch: Batch, opIds: readonly Uint8Array[]): Promise<void> =>
      network.publish(topics.batches, CompactBatch.encode({ sealed: batch.sealed, ops: [...opIds] })),
    async publishRelease(release: Release): Promise<void> {
      await releases.take(release)
      await network.publish(topics.releases, Release.encode(release))
    },
  }
}

const inline = (envelope: Uint8Array | undefined): Uint8Array | undefined =>
  envelope && envelope.length <= inlineEnvelopeBytesMax ? envelope : undefined

/** So much a minute for each peer. */
function createBudget(clock: Clock, perMinute: number) {
  const spent = new Map<string, number>()
  let minute = 0
  const renew = (): void => {
    const now = Math.floor(clock.now() / 60_000)
    if (now !== minute) spent.clear()
    minute = now
  }
  return {
    empty(peer: string): boolean {
      renew()
      return (spent.get(peer) ?? 0) >= perMinute
    },
    spend: (peer: string): void => void spent.set(peer, (spent.get(peer) ?? 0) + 1),
  }
}

/** Which headers were announced, of the latest batches. */
function createAnnouncements() {
  const known = new Set<string>()
  return {
    /** Whether this is the first time that this header is seen; of one that is long past it is not. */
    isFirst(header: Header, head: bigint): boolean {
      const name = bytesToHex(headerHash(header))
      if (known.has(name) || header.height + BigInt(announcementsMax) < head) return false
      known.add(name)
      for (const oldest of known) {
        if (known.size <= announcementsMax) break
        known.delete(oldest)
      }
      return true
    },
  }
}
