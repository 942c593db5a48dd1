/**
 * What nodes ask each other over streams: who they are and how far, batches by height, envelopes by id or by shard,
 * lock keys by height, what waits, the host's word, and an op that is given to be gossiped. One function serves them all; `ask` is the other side.
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { Bytes32, decodeStrict } from '../../protocol/codec.ts'
import {
  Batch,
  Given,
  Hello,
  IdsRequest,
  idsMax,
  InclusionPromise,
  inlineEnvelopeBytesMax,
  LogRequest,
  Mail,
  ReleasedKey,
  ReleasesRequest,
  ShardRequest,
  Stored,
  streamsOf,
  Taken,
} from '../../protocol/gossip.ts'
import type { Envelopes } from './envelopes.ts'
import type { Pending, Waiting } from './pending.ts'
import type { Releases } from './releases.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Network } from '../seams.ts'
import type { Store } from '../ledger/store.ts'

const timeoutMs = 10_000
/** The most batches, and about the most bytes, of one answer. */
const batchesPerAnswer = 500
const bytesPerAnswer = 32 * 1024 * 1024

type Served = {
  readonly replica: Replica
  readonly pending: Pending
  readonly envelopes: Envelopes
  readonly releases: Releases
  readonly store: Store
  readonly network: Network
  /** The host's word, where this node is the host or has it in hand. */
  readonly promise: (opId: Uint8Array) => Promise<InclusionPromise | undefined>
  /** Take a peer's ops, with their envelopes, as if gossip had brought them; says which were taken. */
  readonly take: (mails: readonly Uint8Array[], from: string) => Promise<boolean[]>
  /** Whether a peer that asks may see that an op waits here. */
  readonly isShown: (waiting: Waiting) => boolean
  /** Called with what a peer says of itself. */
  readonly greeted: (hello: P.UnwrapCoder<typeof Hello>, from: string) => Promise<void>
}

/** Answer everything that peers may ask. */
export function serveStreams({
  replica,
  pending,
  envelopes,
  releases,
  store,
  network,
  promise,
  take,
  isShown,
  greeted,
}: Served): void {
  const name = streamsOf(replica.context.network)
  /** Serve a request of a codec; what does not decode ends the stream. */
  const serve = <T>(
    protocol: string,
    codec: P.CoderType<T>,
    answer: (request: T, from: string) => AsyncIterable<Uint8Array>,
  ) =>
    network.serve(protocol, (bytes, from) => {
      const request = decodeStrict(codec, bytes)
      if (!request.ok) throw new Error('the request is malformed')
      return answer(request.value, from)
    })

  serve(name.hello, Hello, async function* (hello, from) {
    yield Hello.encode(helloOf(replica))
    await greeted(hello, from)
  })
  serve(name.log, LogRequest, async function* ({ from, count }) {
    let left = Math.min(count, batchesPerAnswer)
    let bytesLeft = bytesPerAnswer
    for await (const batch of store.batches(from)) {
      const bytes = Batch.encode({ sealed: batch.sealed, ops: [...batch.ops] })
      yield* pieces(bytes)
      bytesLeft -= bytes.length
      if (--left <= 0 || bytesLeft <= 0) return
    }
  })
  serve(name.envelopes, IdsRequest, async function* ({ ids }) {
    for (const message of ids) {
      const envelope = await envelopes.get(message)
      if (envelope) yield Stored.encode({ message, envelope })
    }
  })
  serve(name.shard, ShardRequest, async function* ({ shard, from }) {
    let bytesLeft = bytesPerAnswer
    for await (const stored of envelopes.shard(shard, from)) {
      yield Stored.encode(stored)
      bytesLeft -= stored.envelope.length
      if (bytesLeft <= 0) return
    }
  })
  serve(name.releases, ReleasesRequest, async function* ({ from }) {
    let left = 50_000
    for await (const released of releases.from(from)) {
      yield ReleasedKey.encode(released)
      if (--left <= 0) return
    }
  })
  serve(name.waiting, P.struct({}), async function* () {
    const ids = pending
      .list()
      .filter(isShown)
      .map(({ id }) => id)
    for (let at = 0; at < ids.length; at += idsMax) yield IdsRequest.encode({ ids: ids.slice(at, at + idsMax) })
  })
  serve(name.ops, IdsRequest, async function* ({ ids }) {
    for (const id of ids) {
      const waiting = pending.get(id)
      if (!waiting) continue
      const { bytes, message } = waiting
      const envelope = message ? await envelopes.get(message) : undefined
      yield Mail.encode({
        op: bytes,
        envelope: envelope && envelope.length <= inlineEnvelopeBytesMax ? envelope : undefined,
      })
    }
  })
  serve(name.give, Given, async function* ({ mails }, from) {
    yield Taken.encode(await take(mails, from))
  })
  serve(name.promises, IdsRequest, async function* ({ ids }) {
    for (const id of ids.slice(0, 64)) {
      const word = await promise(id)
      if (word) yield InclusionPromise.encode(word)
    }
  })
}

export type Ask = ReturnType<typeof createAsk>

/** Ask one peer. Everything throws on a lost connection, a deadline, or an answer that does not decode. */
export function createAsk(network: Network, replica: Replica) {
  const name = streamsOf(replica.context.network)
  async function* ask<Q, A>(
    peer: string,
    protocol: string,
    [query, request]: [P.CoderType<Q>, Q],
    answer: P.CoderType<A>,
  ): AsyncGenerator<A> {
    for await (const bytes of network.request(peer, protocol, query.encode(request), { timeoutMs }))
      yield decoded(answer, bytes)
  }
  return {
    async hello(peer: string): Promise<P.UnwrapCoder<typeof Hello> | undefined> {
      for await (const hello of ask(peer, name.hello, [Hello, helloOf(replica)], Hello)) return hello
      return undefined
    },
    async *log(peer: string, from: bigint): AsyncGenerator<Batch> {
      const frames = network.request(peer, name.log, LogRequest.encode({ from, count: batchesPerAnswer }), {
        timeoutMs,
      })
      for await (const bytes of joined(frames)) yield decoded(Batch, bytes)
    },
    envelopes: (peer: string, ids: Uint8Array[]) => ask(peer, name.envelopes, [IdsRequest, { ids }], Stored),
    shard: (peer: string, shard: number, from: bigint) =>
      ask(peer, name.shard, [ShardRequest, { shard, from }], Stored),
    releases: (peer: string, from: bigint) => ask(peer, name.releases, [ReleasesRequest, { from }], ReleasedKey),
    async waiting(peer: string): Promise<Uint8Array[]> {
      const ids: Uint8Array[] = []
      for await (const part of ask(peer, name.waiting, [P.struct({}), {}], IdsRequest)) {
        ids.push(...part.ids)
        if (ids.length > 20 * idsMax) break
      }
      return ids
    },
    /** Ops that wait at a peer, as the gossip that they would have been. */
    async *ops(peer: string, ids: Uint8Array[]): AsyncGenerator<Uint8Array> {
      yield* network.request(peer, name.ops, IdsRequest.encode({ ids }), { timeoutMs })
    },
    /** Give a peer ops of ours to gossip; which of them it took. */
    async give(peer: string, mails: Uint8Array[]): Promise<readonly boolean[]> {
      for await (const taken of ask(peer, name.give, [Given, { mails }], Taken)) return taken
      return []
    },
    promises: (peer: string, ids: Uint8Array[]) => ask(peer, name.promises, [IdsRequest, { ids }], InclusionPromise),
  }
}

const helloOf = (replica: Replica) => ({
  network: replica.context.network,
  head: { header: { ...replica.head.sealed.header }, signature: replica.head.sealed.signature },
})

function decoded<T>(codec: P.CoderType<T>, bytes: Uint8Array): T {
  const result = decodeStrict(codec, bytes)
  if (!result.ok) throw new Error('the peer answered with bytes that are no answer')
  return result.value
}

const pieceBytes = 512 * 1024
/** No batch is larger: 10,000 ops of 4 KiB. */
const joinedBytesMax = 48 * 1024 * 1024

/** Cut what may be larger than a frame; the first byte says whether it is the last piece. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; ; at += pieceBytes) {
    const last = at + pieceBytes >= bytes.length
    yield concatBytes(Uint8Array.of(last ? 1 : 0), bytes.subarray(at, at + pieceBytes))
    if (last) return
  }
}

async function* joined(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const frame of frames) {
    parts.push(frame.subarray(1))
    length += frame.length
    if (length > joinedBytesMax) throw new Error('the peer answered with more than any batch holds')
    if (frame[0] !== 1) continue
    yield concatBytes(...parts)
    parts = []
    length = 0
  }
}

/** 32 bytes as text, for logs. */
export const short = (id: Uint8Array): string => bytesToHex(Bytes32.encode(id)).slice(0, 16)
