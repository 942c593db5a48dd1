/**
 * What a node keeps on disk. A batch is one atomic, durable write: the records it changed, the leaves of the accounts'
 * tree, the batch itself with its outcomes, and the new head. Disk holds only what is final.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { accountLeaf } from '../../protocol/accounts.ts'
import { Outcome, SealedHeader } from '../../protocol/batch.ts'
import { Bytes32, U64 } from '../../protocol/codec.ts'
import { Batch, Evidence } from '../../protocol/gossip.ts'
import {
  type Account,
  type Change,
  createFetched,
  decodeRecord,
  encodeRecord,
  type Fetched,
  recordName,
  type Reference,
  type TableName,
  tables,
} from '../../protocol/state.ts'
import { wireVersion } from '../../protocol/version.ts'
import type { Disk } from '../seams.ts'
import { decodeStored } from './damage.ts'

/** Where a node stands: the last final header, its hash, and the chain of changes up to it. */
export type Head = { readonly sealed: SealedHeader; readonly hash: Uint8Array; readonly chain: Uint8Array }

/** A batch as it was replayed, to be kept for good. */
export type Final = {
  readonly batch: Batch
  readonly outcomes: readonly Uint8Array[]
  /** The id of each op that changed something. */
  readonly opIds: readonly (Uint8Array | undefined)[]
  readonly changes: readonly Change[]
  /** The leaves of the accounts among the changes. */
  readonly leaves: readonly Leaf[]
  readonly head: Head
}

/** What an account's slot holds in the accounts' tree. */
export type Leaf = { readonly slot: number; readonly leaf: Uint8Array }

/** One write of a batch of writes. */
export type Write = { readonly key: Uint8Array; readonly value: Uint8Array | undefined }

export type Store = ReturnType<typeof createStore>

/** Every kind of thing on disk has a first byte of its own. */
export const spaces = {
  state: 0x73,
  leaf: 0x6c,
  batch: 0x62,
  outcomes: 0x72,
  op: 0x6f,
  head: 0x68,
  format: 0x66,
  envelope: 0x65,
  keptUntil: 0x78,
  missing: 0x69,
  closed: 0x75,
  shard: 0x53,
  lockKey: 0x6b,
  share: 0x70,
  evidence: 0x76,
  promise: 0x50,
  mailbox: 0x6d,
  sold: 0x74,
  probe: 0x2e,
  network: 0x6e,
  signed: 0x67,
  chain: 0x63,
  posted: 0x54,
} as const

/**
 * How everything in the spaces is laid out, the mailbox's part included. Whoever changes that adds one, and a row to
 * `node/daemon/migrations.ts`. It is written with genesis; stores that have none are older than the number, and of format 1.
 */
export const storeFormat = 5

/** A key in one of the spaces. */
export const keyIn = (space: keyof typeof spaces, ...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(spaces[space]), ...parts)

/** Everything in a space (under a prefix), in order of keys; the bounds that level wants. */
export const rangeOf = (space: keyof typeof spaces, ...prefix: readonly Uint8Array[]) => {
  const gte = keyIn(space, ...prefix)
  return { gte, lt: after(gte) }
}

const HeadRecord = P.struct({ sealed: SealedHeader, hash: Bytes32, chain: Bytes32 })
const Outcomes = P.array(P.U16BE, P.bytes(P.U32BE))
const Place = P.struct({ height: U64, index: P.U16BE })

/** The ledger's part of a disk. Reads and writes throw where the disk does. */
export function createStore(disk: Disk) {
  const stateKey = ({ table, key }: Reference) => keyIn('state', Uint8Array.of(tables[table].number), key)
  const getMany = gathered((keys) => disk.getMany([...keys]))
  const get = async (key: Uint8Array): Promise<Uint8Array | undefined> => (await getMany([key]))[0]

  const store = {
    disk,
    get,
    /** Values in the order of their keys. */
    getMany,
    /** Write all of it or nothing, and be back when it is on disk. */
    async write(writes: readonly Write[]): Promise<void> {
      // level's own type does not know the option of classic-level that waits for the disk.
      await disk.batch(operationsOf(writes), { sync: true } as object)
    },
    /** Write what can be asked for again after a crash: all or nothing, without waiting for the disk. */
    async writeSoon(writes: readonly Write[]): Promise<void> {
      await disk.batch(operationsOf(writes))
    },
    /** Nothing where the store is empty. Throws where it is of another wire or format than this program's. */
    async head(): Promise<Head | undefined> {
      await checkFormat(disk)
      const bytes = await get(keyIn('head'))
      return bytes && decodeStored(HeadRecord, bytes, 'the head')
    },
    /** Fetch records into a view; those already in it are left as they are. */
    async fetch(references: readonly Reference[], into: Fetched = createFetched()): Promise<Fetched> {
      const wanted = new Map<string, Reference>()
      for (const reference of references) {
        const name = recordName(reference)
        if (!into.has(reference, name)) wanted.set(name, reference)
      }
      const found = await getMany(Array.from(wanted.values(), stateKey))
      for (const [index, [name, reference]] of [...wanted].entries()) {
        const bytes = found[index]
        into.fill(reference, bytes && recordIn(reference.table, bytes), name)
      }
      return into
    },
    async commit(final: Final, extra: readonly Write[] = []): Promise<void> {
      await store.write([...writesOf(final, stateKey), ...extra])
    },
    async batch(height: bigint): Promise<Batch | undefined> {
      const bytes = await get(keyIn('batch', U64.encode(height)))
      return bytes && decodeStored(Batch, bytes, `batch ${height}`)
    },
    /** The header of a batch alone. */
    async header(height: bigint): Promise<SealedHeader | undefined> {
      const bytes = await get(keyIn('batch', U64.encode(height)))
      const decode = (value: Uint8Array) => SealedHeader.decode(value, { allowUnreadBytes: true })
      return bytes && decodeStored({ decode }, bytes, `batch ${height}`)
    },
    /** Stored batches from a height on, in order. */
    async *batches(from: bigint): AsyncGenerator<Batch> {
      for await (const bytes of disk.values({ gte: keyIn('batch', U64.encode(from)), lt: rangeOf('batch').lt }))
        yield decodeStored(Batch, bytes, 'a batch')
    },
    async outcomes(height: bigint): Promise<Uint8Array[] | undefined> {
      const bytes = await get(keyIn('outcomes', U64.encode(height)))
      return bytes && decodeStored(Outcomes, bytes, `what became of the operations of batch ${height}`)
    },
    /** In which batch, and where in it, an op was done. */
    async place(opId: Uint8Array): Promise<{ height: bigint; index: number } | undefined> {
      const bytes = await get(keyIn('op', opId))
      return bytes && decodeStored(Place, bytes, 'the place of an operation')
    },
    /** What became of an op that was done. */
    async outcome(opId: Uint8Array): Promise<{ height: bigint; index: number; outcome: Outcome } | undefined> {
      const place = await store.place(opId)
      const outcomes = place && (await store.outcomes(place.height))
      return outcomes && { ...place, outcome: Outcome.decode(outcomes[place.index]!) }
    },
    /** The leaves of the accounts' tree, in order of slots. */
    async *leaves(): AsyncGenerator<Uint8Array> {
      yield* disk.values(rangeOf('leaf'))
    },
    /** Every record of a table. */
    async *records<T extends TableName>(table: T) {
      const range = rangeOf('state', Uint8Array.of(tables[table].number))
      for await (const [key, value] of disk.iterator(range)) yield { key: key.slice(2), record: recordIn(table, value) }
    },
    /** The height up to which a host signed, where its log ends below that: what it signed once it signs never again. */
    async signedTo(): Promise<bigint> {
      const bytes = await get(keyIn('signed'))
      return bytes ? decodeStored(U64, bytes, 'the height that was signed last') : 0n
    },
    async evidence(): Promise<Evidence[]> {
      return (await disk.values(rangeOf('evidence')).all()).map((bytes) =>
        decodeStored(Evidence, bytes, 'evidence against the host'),
      )
    },
    async keepEvidence(evidence: Evidence): Promise<void> {
      const key = keyIn('evidence', U64.encode(evidence.first.header.height))
      await store.write([{ key, value: Evidence.encode(evidence) }])
    },
  }
  return store
}

/** A store that is not of this program's wire or format; it is not damaged. */
export class FormatError extends Error {
  override name = 'FormatError'
}

const recordIn = <T extends TableName>(table: T, bytes: Uint8Array) =>
  decodeStored({ decode: (value) => decodeRecord(table, value) }, bytes, `a record of ${table}`)

const otherVersion = (version: number): string =>
  `This home holds a log of version ${version} of the wire, and this program replays version ${wireVersion} alone. ` +
  'Read it with the program that wrote it, and begin with an empty home on the network as it is now.'

/** Throws where a store is of another wire or format than this program's. */
export async function checkFormat(disk: Disk): Promise<void> {
  const format = await formatOf(disk)
  if (format !== undefined && format < storeFormat) throw new FormatError(olderFormat(format))
}

/** The format of a store; nothing where it is empty. Throws where it is newer than this program, or of another wire. */
export async function formatOf(disk: Disk, newest = storeFormat): Promise<number | undefined> {
  const [head, format] = await disk.getMany([keyIn('head'), keyIn('format')])
  // A header begins with the version of the wire, and so does the record of the head.
  if (head && head[0] !== wireVersion) throw new FormatError(otherVersion(head[0]!))
  const written = format ? P.U32BE.decode(format) : head && 1
  if (written !== undefined && written > newest) throw new FormatError(newerFormat(written))
  return written
}

/** Says which format a store has. */
export const formatWrite = (format: number): Write => ({ key: keyIn('format'), value: P.U32BE.encode(format) })

const newerFormat = (format: number): string =>
  `A newer bmail wrote this home: its database has format ${format}, and this program reads none above ${storeFormat}. ` +
  'Install the newer version again, or begin with an empty home: a mailbox comes back from its recovery phrase, the log from peers.'

const olderFormat = (format: number): string =>
  `The database in this home has format ${format}, and this program reads format ${storeFormat}. ` +
  'Start its daemon with `bmail up`, which brings it forward.'

/** Trips to the disk that are under way at one time. */
const tripsMax = 2

/**
 * Reads that are asked for while others are under way go to the disk together: a trip for all of them takes little longer
 * than a trip for one.
 */
function gathered(read: (keys: readonly Uint8Array[]) => Promise<(Uint8Array | undefined)[]>) {
  type Asked = {
    keys: readonly Uint8Array[]
    resolve: (found: (Uint8Array | undefined)[]) => void
    reject: (error: Error) => void
  }
  let asked: Asked[] = []
  let trips = 0

  async function trip(): Promise<void> {
    const all = asked
    asked = []
    trips++
    try {
      const found = await read(all.flatMap(({ keys }) => keys))
      let at = 0
      for (const { keys, resolve } of all) resolve(found.slice(at, (at += keys.length)))
    } catch (error) {
      for (const { reject } of all) reject(error as Error)
    }
    trips--
    if (asked.length > 0) await trip()
  }

  return (keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> =>
    new Promise((resolve, reject) => {
      asked.push({ keys, resolve, reject })
      if (trips < tripsMax) void trip()
    })
}

function writesOf(
  { batch, outcomes, opIds, changes, leaves, head }: Final,
  stateKey: (reference: Reference) => Uint8Array,
): Write[] {
  const { height } = batch.sealed.header
  const writes: Write[] = changes.map((change) => ({
    key: stateKey(change),
    value: change.after && encodeRecord(change.table, change.after as never),
  }))
  for (const { slot, leaf } of leaves) writes.push({ key: keyIn('leaf', P.U32BE.encode(slot)), value: leaf })
  for (const [index, id] of opIds.entries())
    if (id) writes.push({ key: keyIn('op', id), value: Place.encode({ height, index }) })
  writes.push(
    { key: keyIn('batch', U64.encode(height)), value: Batch.encode({ sealed: batch.sealed, ops: [...batch.ops] }) },
    { key: keyIn('outcomes', U64.encode(height)), value: Outcomes.encode([...outcomes]) },
    { key: keyIn('head'), value: HeadRecord.encode(head) },
  )
  if (height === 0n) writes.push(formatWrite(storeFormat))
  return writes
}

/** An account's leaf in the tree. */
export const leafOf = (address: Uint8Array, account: Account): Uint8Array =>
  accountLeaf({ slot: account.slot, address, record: encodeRecord('accounts', account) })

/** What level's `batch` takes. */
export const operationsOf = (writes: readonly Write[]) =>
  writes.map(({ key, value }) => (value ? ({ type: 'put', key, value } as const) : ({ type: 'del', key } as const)))

/** The first key after everything that begins with these bytes. */
function after(prefix: Uint8Array): Uint8Array {
  const next = prefix.slice()
  let at = next.length - 1
  while (next[at] === 255) at--
  next[at]!++
  return next.subarray(0, at + 1)
}
