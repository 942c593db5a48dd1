/** What nodes tell each other, on topics and over streams, besides the operations themselves. All of it is checked by whoever gets it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { type Header, headerHash, SealedHeader } from './batch.ts'
import { Bytes32, bytesUpTo, equalBytes, listOf, optional, Signature, U64 } from './codec.ts'
import { signedOpBytesMax } from './money.ts'
import { shareBytes } from './envelope.ts'
import { hash } from './hash.ts'
import { wireVersion } from './version.ts'

/** A name under which nodes of one network and one version meet: the network by the first 8 bytes of its id, in hex. */
const named = (what: string, network: Uint8Array): string =>
  `${what}/${wireVersion}/${bytesToHex(network.subarray(0, 8))}`

/** The topics of a network: mail by shard, other operations, batches, and what opens locks. Real networks put `/bmail/` in front. */
export const topicsOf = (network: Uint8Array) => ({
  mail: (shard: number): string => `${named('mail', network)}/${shard}`,
  ops: named('ops', network),
  batches: named('batches', network),
  releases: named('releases', network),
})

/**
 * The questions of a network, each a protocol of its own: one frame is asked, any number answered. The hello has no
 * network in its name, so that two networks can tell each other why they do not talk.
 */
export const streamsOf = (network: Uint8Array) => ({
  /** Hello for Hello. */
  hello: `hello/${wireVersion}`,
  /** LogRequest for the bytes of batches by rising height, in pieces. */
  log: named('log', network),
  /** IdsRequest of messages for Stored. */
  envelopes: named('envelopes', network),
  /** ShardRequest for Stored, by rising height. */
  shard: named('shard', network),
  /** ReleasesRequest for ReleasedKey, by rising height. */
  releases: named('releases', network),
  /** Nothing for IdsRequest: the operations that wait. */
  waiting: named('waiting', network),
  /** IdsRequest of operations for Mail. */
  ops: named('ops', network),
  /** IdsRequest of operations for InclusionPromise. */
  promises: named('promises', network),
  /** Given for Taken. */
  give: named('give', network),
  /** SetUpRequest for the bytes of a file, in pieces. */
  setUp: named('set-up', network),
})

/** The most bytes of an envelope: 256 KiB of body, a hundred wraps, and the shares of 32 keepers. */
export const envelopeBytesMax = 400 * 1024
/** Envelopes up to this size travel with their op; larger ones are asked for by whoever relays the op. */
export const inlineEnvelopeBytesMax = 16 * 1024
/** The most ids in one request. */
export const idsMax = 1024

const Ids = P.validate(P.array(P.U16BE, Bytes32), (ids) => {
  if (ids.length > idsMax) throw new Error(`${ids.length} ids, where at most ${idsMax} are allowed`)
  return ids
})

/** A send with its envelope, where that is small enough to travel along. */
export const Mail = P.struct({ op: bytesUpTo(signedOpBytesMax), envelope: optional(bytesUpTo(envelopeBytesMax)) })

/** A batch as it is announced: whoever has the ops needs no more. */
export const CompactBatch = P.struct({ sealed: SealedHeader, ops: P.array(P.U16BE, Bytes32) })

/** A batch as it is stored and synced. */
export const Batch = P.struct({ sealed: SealedHeader, ops: P.array(P.U16BE, bytesUpTo(signedOpBytesMax)) })
export type Batch = { readonly sealed: SealedHeader; readonly ops: readonly Uint8Array[] }

/** One keeper's share (33 bytes) of the lock key of one message. */
const ReleasedShare = P.struct({ message: Bytes32, share: P.bytes(shareBytes) })

/** What opens locks: a keeper's shares for messages of final batches, signed; or a lock key, by a sender who kept it. */
export const Release = P.mappedTag(P.U8, {
  shares: [
    1,
    P.struct({
      keeperSet: P.U32BE,
      keeper: P.U8,
      shares: P.array(P.U16BE, ReleasedShare),
      signature: Signature,
    }),
  ],
  lockKeys: [2, P.struct({ keys: listOf(P.struct({ message: Bytes32, lockKey: Bytes32 }), { min: 1, max: 255 }) })],
})
export type Release = P.UnwrapCoder<typeof Release>
export type KeeperShares = Extract<Release, { TAG: 'shares' }>['data']

/** What a keeper signs: who it is in which set, and every share. */
export const releaseHash = (
  network: Uint8Array,
  { keeperSet, keeper, shares }: Omit<KeeperShares, 'signature'>,
): Uint8Array =>
  hash(
    'release',
    network,
    P.U32BE.encode(keeperSet),
    P.U8.encode(keeper),
    P.array(P.U16BE, ReleasedShare).encode(shares),
  )

/**
 * The first words between two peers: which network, how far, and what the clock says (milliseconds since 1970). The answer
 * has the same form. Nothing but the host's own clock is held against what clocks say.
 */
export const Hello = P.struct({ network: Bytes32, head: SealedHeader, time: U64 })

/** Batches from a height on. */
export const LogRequest = P.struct({ from: U64, count: P.U16BE })

/** Envelopes by id. */
export const IdsRequest = P.struct({ ids: Ids })

/** All envelopes of a shard that were settled from a height on. */
export const ShardRequest = P.struct({ shard: P.U8, from: U64 })
export const Stored = P.struct({ message: Bytes32, envelope: bytesUpTo(envelopeBytesMax) })

/** Lock keys of all messages settled from a height on. */
export const ReleasesRequest = P.struct({ from: U64 })
export const ReleasedKey = P.struct({ height: U64, message: Bytes32, lockKey: Bytes32 })

/** The most bytes of a Mail: an op, and an envelope that travels along. */
const mailBytesMax = 4 + signedOpBytesMax + 1 + 4 + inlineEnvelopeBytesMax

/** Ops that are given to be gossiped, each a Mail, and lock keys, each a Release; and which of them were taken, or news. */
export const Given = P.struct({ mails: P.array(P.U8, bytesUpTo(mailBytesMax)) })
export const Taken = P.array(P.U8, P.bool)

/** The files of a set-up of the proofs, by the number under which each is asked for. */
export const setUpFiles = [
  'set-up.json',
  'samples.json',
  'pass.vkey.json',
  'pass.wasm',
  'pass.zkey',
  'renew.vkey.json',
  'renew.wasm',
  'renew.zkey',
  'stamp.vkey.json',
  'stamp.wasm',
  'stamp.zkey',
] as const

/** The bytes of a file of the network's set-up, from a place on. */
export const SetUpRequest = P.struct({ file: P.U8, from: P.U32BE })

/** The host's word that it has an op and that it will be in a batch, or expire, by then. */
export const InclusionPromise = P.struct({ op: Bytes32, byTime: U64, signature: Signature })
export type InclusionPromise = P.UnwrapCoder<typeof InclusionPromise>

/** What the host signs when it takes an op. */
export const promiseHash = (network: Uint8Array, { op, byTime }: { op: Uint8Array; byTime: bigint }): Uint8Array =>
  hash('promise', network, op, U64.encode(byTime))

/**
 * The proof that the host lied: two headers of one height that both have its signature, or one that cannot follow the other,
 * as whoever replays it sees.
 */
export const Evidence = P.struct({ first: SealedHeader, second: SealedHeader })
export type Evidence = { readonly first: SealedHeader; readonly second: SealedHeader }

/** Whether two headers contradict each other: one height, one network, two hashes. */
export const contradict = (first: Header, second: Header): boolean =>
  equalBytes(first.network, second.network) &&
  first.height === second.height &&
  !equalBytes(headerHash(first), headerHash(second))

/** Which shard mail to an address travels in. */
export const shardOf = (address: Uint8Array, shards: number): number => address[0]! % shards

/** The shards that a send to these addresses travels in. */
export const shardsOf = (addresses: readonly Uint8Array[], shards: number): Set<number> =>
  new Set(addresses.map((address) => shardOf(address, shards)))
