/** What a node asks its peers over streams. Whatever they answer is only decoded here; whoever asked checks it. */
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
  ShardRequest,
  Stored,
  streamsOf,
  Taken,
} from '../../protocol/gossip.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock, Network } from '../seams.ts'
import { joined } from './batch-pieces.ts'
import { batchesPerAnswer, helloOf } from './serve.ts'

const timeoutMs = 10_000
/** The most ids of waiting ops that are read from one peer. */
const waitingIdsMax = 20 * idsMax

export type Ask = ReturnType<typeof createAsk>

/** Ask one peer. Everything throws on a lost connection, a deadline, or an answer that does not decode. */
export function createAsk(
  network: Pick<Network, 'request'>,
  replica: Pick<Replica, 'context' | 'head'>,
  clock: Pick<Clock, 'now'>,
) {
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
      for await (const hello of ask(peer, name.hello, [Hello, helloOf(replica, clock)], Hello)) return hello
      return undefined
    },
    /** Batches from a height on. */
    async *log(peer: string, from: bigint): AsyncGenerator<Batch> {
      const request = LogRequest.encode({ from, count: batchesPerAnswer })
      for await (const bytes of joined(network.request(peer, name.log, request, { timeoutMs })))
        yield decoded(Batch, bytes)
    },
    envelopes: (peer: string, ids: Uint8Array[]) => ask(peer, name.envelopes, [IdsRequest, { ids }], Stored),
    /** The envelope of one message. */
    async envelope(peer: string, message: Uint8Array): Promise<Uint8Array | undefined> {
      for await (const stored of ask(peer, name.envelopes, [IdsRequest, { ids: [message] }], Stored))
        return stored.envelope
      return undefined
    },
    shard: (peer: string, shard: number, from: bigint) =>
      ask(peer, name.shard, [ShardRequest, { shard, from }], Stored),
    releases: (peer: string, from: bigint) => ask(peer, name.releases, [ReleasesRequest, { from }], ReleasedKey),
    /** Ids of the ops that wait at a peer. */
    async waiting(peer: string): Promise<Uint8Array[]> {
      const ids: Uint8Array[] = []
      for await (const part of ask(peer, name.waiting, [P.struct({}), {}], IdsRequest)) {
        ids.push(...part.ids)
        if (ids.length > waitingIdsMax) break
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

function decoded<T>(codec: P.CoderType<T>, bytes: Uint8Array): T {
  const result = decodeStrict(codec, bytes)
  if (!result.ok) throw new Error('the peer answered with bytes that are no answer')
  return result.value
}
