/**
 * What a node answers over streams: who it is and how far, batches by height, envelopes by id or by shard, lock keys by
 * height, what waits, the host's word, whether it took ops that it was given, and the files of the set-up. The other side
 * is `ask.ts`.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { decodeStrict } from '../../protocol/codec.ts'
import {
  Batch,
  Given,
  Hello,
  IdsRequest,
  idsMax,
  InclusionPromise,
  LogRequest,
  ReleasedKey,
  ReleasesRequest,
  SetUpRequest,
  ShardRequest,
  Stored,
  streamsOf,
  Taken,
} from '../../protocol/gossip.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Clock, Network } from '../seams.ts'
import { pieces } from './batch-pieces.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import { costs, type PeerBudget } from './peer-budget.ts'
import { isWhole } from './intake.ts'
import type { Pending } from './pending.ts'
import type { Publisher } from './publisher.ts'
import type { Releases } from '../envelopes/releases.ts'
import { type ReadSetUp, setUpAnswer } from './set-up-files.ts'
import type { Waiting } from './waiting-ops.ts'

/** The most batches, and about the most bytes, of one answer. */
export const batchesPerAnswer = 500
const bytesPerAnswer = 32 * 1024 * 1024
const mib = 1024 * 1024

/** The most bytes of each question; what is larger is not read. Of ids there are so many, and of given ops as many as go in one turn. */
const idsBytes = 2 + 32 * idsMax
const givenBytes = 640 * 1024

/** The most lock keys, and the most promises, of one answer. */
const lockKeysPerAnswer = 50_000
const promisesPerAnswer = 64

type Served = {
  readonly replica: Pick<Replica, 'context' | 'head'>
  readonly pending: Pick<Pending, 'get' | 'list'>
  readonly envelopes: Pick<Envelopes, 'holds' | 'served' | 'shard'>
  readonly releases: Pick<Releases, 'from'>
  readonly store: Pick<Store, 'batches'>
  readonly network: Pick<Network, 'serve'>
  readonly clock: Pick<Clock, 'now'>
  /** The host's word, where this node is the host or has it in hand. */
  readonly promiseOf: (opId: Uint8Array) => InclusionPromise | undefined
  readonly mailOf: Publisher['mailOf']
  /** Take a peer's ops, with their envelopes, as if gossip had brought them; says which were taken. */
  readonly take: (mails: readonly Uint8Array[], from: string) => Promise<boolean[]>
  /** Reads the files of our set-up, where it has files. */
  readonly readSetUp: ReadSetUp | undefined
  /** Whether a peer that asks may see that an op waits here. */
  readonly isShown: (waiting: Waiting, peer: string) => boolean
  /** What peers may ask in a minute. It is apart from what their gossip may cost, so that whoever catches up is heard. */
  readonly budget: Pick<PeerBudget, 'isSpent' | 'spend'>
  /** Whether a peer may have the envelope of a message that waits here. */
  readonly isServed: (message: Uint8Array, peer: string) => boolean
  /** Called with what a peer says of itself. */
  readonly greeted: (hello: P.UnwrapCoder<typeof Hello>, from: string) => Promise<void>
}

/** Answer everything that peers may ask. */
export function serveStreams(served: Served): void {
  const { replica, pending, envelopes, releases, store, network, clock, budget } = served
  const { promiseOf, mailOf, take, readSetUp, isShown, isServed, greeted } = served
  const name = streamsOf(replica.context.network)
  const isHere = isWhole(envelopes)

  /** Serve requests of a codec, of so many bytes. What does not decode, and whoever has asked too much, ends the stream. */
  const serve = <T>(
    protocol: string,
    { codec, requestBytesMax }: { readonly codec: P.CoderType<T>; readonly requestBytesMax: number },
    answer: (request: T, by: Asker) => AsyncIterable<Uint8Array>,
  ) =>
    network.serve(
      protocol,
      (bytes, from) => {
        if (budget.isSpent(from)) throw new Error('the peer has asked too much in this minute')
        budget.spend(from, costs.question)
        const request = decodeStrict(codec, bytes)
        if (!request.ok) {
          budget.spend(from)
          throw new Error('the request is malformed')
        }
        return answer(request.value, { from, spend: (cost) => budget.spend(from, cost) })
      },
      { requestBytesMax },
    )
  const ids = { codec: IdsRequest, requestBytesMax: idsBytes }

  serve(name.hello, { codec: Hello, requestBytesMax: 512 }, async function* (hello, { from }) {
    yield Hello.encode(helloOf(replica, clock))
    await greeted(hello, from)
  })
  serve(name.log, { codec: LogRequest, requestBytesMax: 10 }, (request, by) => logFrom(store, request, by))
  serve(name.envelopes, ids, ({ ids }, by) => envelopesOf({ envelopes, isServed }, joinedIds(ids), by))
  serve(name.shard, { codec: ShardRequest, requestBytesMax: 9 }, (request, by) => shardFrom(envelopes, request, by))
  serve(name.releases, { codec: ReleasesRequest, requestBytesMax: 8 }, ({ from }, by) =>
    lockKeysFrom(releases, from, by),
  )
  serve(name.waiting, { codec: P.struct({}), requestBytesMax: 0 }, (_, { from }) =>
    idsOf(pending.list().filter((waiting) => isHere(waiting) && isShown(waiting, from))),
  )
  serve(name.ops, ids, ({ ids }, by) => opsOf(joinedIds(ids), by))
  async function* opsOf(ids: Uint8Array, { from, spend }: Asker): AsyncGenerator<Uint8Array> {
    for (const id of idsIn(ids)) {
      const waiting = pending.get(id)
      if (!waiting || !isHere(waiting) || !isShown(waiting, from)) continue
      const mail = await mailOf(waiting)
      spend(costOf(mail))
      yield mail
    }
  }
  serve(name.give, { codec: Given, requestBytesMax: givenBytes }, async function* ({ mails }, { from }) {
    yield Taken.encode(await take(mails, from))
  })
  serve(name.promises, ids, ({ ids }) => promisesOf(joinedIds(ids.slice(0, promisesPerAnswer))))
  async function* promisesOf(ids: Uint8Array): AsyncGenerator<Uint8Array> {
    for (const id of idsIn(ids)) {
      const promise = promiseOf(id)
      if (promise) yield InclusionPromise.encode(promise)
    }
  }
  serve(name.setUp, { codec: SetUpRequest, requestBytesMax: 5 }, async function* (request, { spend }) {
    if (readSetUp) yield* setUpAnswer(readSetUp, request, (piece) => spend(costOf(piece)))
  })
}

/** Who asks, and how what the answer costs is counted. */
type Asker = { readonly from: string; readonly spend: (cost: number) => void }

const costOf = ({ length }: Uint8Array): number => (length / mib) * costs.answeredMib

/** What a node says of itself: its network, its head, and its clock's time. */
export const helloOf = ({ context, head }: Pick<Replica, 'context' | 'head'>, clock: Pick<Clock, 'now'>) => ({
  network: context.network,
  head: { header: { ...head.sealed.header }, signature: head.sealed.signature },
  time: BigInt(clock.now()),
})

async function* logFrom(
  store: Pick<Store, 'batches'>,
  { from, count }: P.UnwrapCoder<typeof LogRequest>,
  { spend }: Asker,
): AsyncGenerator<Uint8Array> {
  let left = Math.min(count, batchesPerAnswer)
  let bytesLeft = bytesPerAnswer
  for await (const batch of store.batches(from)) {
    const bytes = Batch.encode({ sealed: batch.sealed, ops: [...batch.ops] })
    spend(costOf(bytes))
    yield* pieces(bytes)
    bytesLeft -= bytes.length
    if (--left <= 0 || bytesLeft <= 0) return
  }
}

async function* envelopesOf(
  { envelopes, isServed }: Pick<Served, 'envelopes' | 'isServed'>,
  messages: Uint8Array,
  { from, spend }: Asker,
): AsyncGenerator<Uint8Array> {
  let bytesLeft = bytesPerAnswer
  for (const message of idsIn(messages)) {
    const isMissing = envelopes.holds(message) && !isServed(message, from)
    const envelope = isMissing ? undefined : await envelopes.served(message)
    spend(envelope ? costOf(envelope) : costs.look)
    if (!envelope) continue
    yield Stored.encode({ message, envelope })
    bytesLeft -= envelope.length
    if (bytesLeft <= 0) return
  }
}

async function* shardFrom(
  envelopes: Pick<Envelopes, 'shard'>,
  { shard, from }: P.UnwrapCoder<typeof ShardRequest>,
  { spend }: Asker,
): AsyncGenerator<Uint8Array> {
  let bytesLeft = bytesPerAnswer
  for await (const stored of envelopes.shard(shard, from)) {
    spend(costOf(stored.envelope))
    yield Stored.encode(stored)
    bytesLeft -= stored.envelope.length
    if (bytesLeft <= 0) return
  }
}

async function* lockKeysFrom(
  releases: Pick<Releases, 'from'>,
  height: bigint,
  { spend }: Asker,
): AsyncGenerator<Uint8Array> {
  let left = lockKeysPerAnswer
  for await (const released of releases.from(height)) {
    spend(costs.answeredKey)
    yield ReleasedKey.encode(released)
    if (--left <= 0) return
  }
}

/** Ids as they are kept while an answer is read: a thousand of them as arrays of their own take ten times as much. */
const joinedIds = (ids: readonly Uint8Array[]): Uint8Array => concatBytes(...ids)

function* idsIn(joined: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < joined.length; at += idBytes) yield joined.subarray(at, at + idBytes)
}

const idBytes = 32

function idsOf(waiting: readonly Waiting[]): AsyncGenerator<Uint8Array> {
  return idFrames(joinedIds(waiting.map(({ id }) => id)))
}

async function* idFrames(joined: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < joined.length; at += idsMax * idBytes)
    yield IdsRequest.encode({ ids: [...idsIn(joined.subarray(at, at + idsMax * idBytes))] })
}
