/** What nodes tell each other: names of topics and streams, and the bytes of every message. */
import type * as P from 'micro-packed'
import { Header, SealedHeader } from '../../../protocol/batch.ts'
import {
  Batch,
  CompactBatch,
  contradict,
  Evidence,
  Given,
  Hello,
  IdsRequest,
  InclusionPromise,
  LogRequest,
  Mail,
  promiseHash,
  Release,
  ReleasedKey,
  ReleasesRequest,
  releaseHash,
  shardOf,
  ShardRequest,
  Stored,
  SetUpRequest,
  streamsOf,
  Taken,
  topicsOf,
} from '../../../protocol/gossip.ts'
import { sign } from '../../../node/keys/sign.ts'
import { ada, bob, cyd, host, keepers, network, rules } from '../../kit/fixtures.ts'
import { links } from './batches.ts'
import { plain } from './plain.ts'
import { bytesOf, numberOf } from './sample.ts'

const [first, second] = [links[1]!.sealed, links[2]!.sealed]
const ids = [bytesOf('id 1', 32), bytesOf('id 2', 32)]
const given = {
  keeperSet: rules.keepers.version,
  keeper: 1,
  shares: ids.map((message, at) => ({ message, share: bytesOf(`share ${at}`, 33) })),
}
/** Two headers, the first of which is that of batch 1. */
const pairs = {
  'another state': { ...first.header, stateRoot: ids[0]! },
  'another time': { ...first.header, time: first.header.time + 1n },
  'the same twice': first.header,
  'another height': second.header,
  'another height, and all else alike': { ...first.header, height: 2n },
  'another network': { ...first.header, network: ids[0]! },
  'another network and another state': { ...first.header, network: ids[0]!, stateRoot: ids[1]! },
}
const promise = { op: ids[0]!, byTime: 1_800_000_123_456n }

/** One example after the other of a codec. */
const examples = <T>(codec: P.CoderType<T>, ...values: readonly NoInfer<T>[]) =>
  values.map((value) => ({ value: plain(value), hex: plain(codec.encode(value)) }))

export const gossipVectors = () => {
  const { mail, ...topics } = topicsOf(network)
  return {
    topics: { ...topics, mail: [mail(0), mail(3)] },
    streams: streamsOf(network),
    shards: [ada, bob, cyd].map(({ address }) => ({ address: plain(address), shards: 4, shard: shardOf(address, 4) })),
    hashes: [
      { what: 'release', hash: plain(releaseHash(network, given)) },
      { what: 'promise', hash: plain(promiseHash(network, promise)) },
    ],
    contradicting: Object.entries(pairs).map(([name, header]) => ({
      name,
      headers: plain([first.header, header].map((one) => Header.encode(one))),
      contradict: contradict(first.header, header),
    })),
    messages: {
      SealedHeader: examples(SealedHeader, first),
      Hello: examples(Hello, { network, head: second, time: numberOf('time', 48) }),
      Mail: examples(
        Mail,
        { op: bytesOf('op', 200), envelope: undefined },
        { op: bytesOf('op', 200), envelope: bytesOf('envelope', 300) },
      ),
      CompactBatch: examples(CompactBatch, { sealed: first, ops: ids }),
      Batch: examples(Batch, { sealed: first, ops: [bytesOf('op', 100), bytesOf('another op', 120)] }),
      Release: examples(
        Release,
        { TAG: 'shares', data: { ...given, signature: sign(releaseHash(network, given), keepers[1]!.privateKey) } },
        {
          TAG: 'lockKeys',
          data: { keys: ids.map((message, at) => ({ message, lockKey: bytesOf(`lock key ${at}`, 32) })) },
        },
      ),
      LogRequest: examples(LogRequest, { from: 0x0102030405060708n, count: 0x090a }),
      IdsRequest: examples(IdsRequest, { ids }),
      ShardRequest: examples(ShardRequest, { shard: 3, from: 0x0102030405060708n }),
      Stored: examples(Stored, { message: ids[0]!, envelope: bytesOf('envelope', 300) }),
      ReleasesRequest: examples(ReleasesRequest, { from: 0x0102030405060708n }),
      ReleasedKey: examples(ReleasedKey, {
        height: 0x0102030405060708n,
        message: ids[0]!,
        lockKey: bytesOf('lock key', 32),
      }),
      Given: examples(Given, { mails: [bytesOf('mail', 50), bytesOf('another mail', 60)] }),
      Taken: examples(Taken, [true, false, true]),
      SetUpRequest: examples(SetUpRequest, { file: 4, from: 0x01020304 }),
      InclusionPromise: examples(InclusionPromise, {
        ...promise,
        signature: sign(promiseHash(network, promise), host.privateKey),
      }),
      Evidence: examples(Evidence, { first, second }),
    },
  }
}
