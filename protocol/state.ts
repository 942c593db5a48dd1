/**
 * The state: its tables, the records in them, and the one list of changes that every batch comes down to. That list
 * updates memory, is one atomic write to disk, can be undone, and enters the commitment.
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { assert } from './assert.ts'
import { AddressBytes, EpochKey, optional, Place, SealKey, SigningKey, Time, U64 } from './codec.ts'
import { Field } from './field.ts'
import { type TreeName, trees } from './tree.ts'
import { Payer, Verdict } from './words.ts'

const Terms = { leastTier: P.U8, leastFee: U64 }

/** Where time, the market and the epoch stand. One record, under an empty key. */
const Meta = P.struct({
  height: U64,
  time: Time,
  epoch: P.U32BE,
  epochEnd: Time,
  epochStart: Time,
  /** The base price, and the demand (basis points of it) gathered since a time. */
  basePrice: U64,
  demand: U64,
  since: Time,
  /** What firm prices go by: the lowest of some slots of time that had a batch, oldest first (`firm.ts`). */
  lows: P.array(P.U8, P.struct({ from: Time, basePrice: U64, passes: P.U32BE })),
  /** Passes taken in this epoch. */
  passes: P.U32BE,
  /** When the verdicts of the epoch before last were committed in this epoch (0 = not yet), and its last checkpoint. */
  committedAt: Time,
  checkpoint: P.U8,
})

/** All the money that there is, and how many accounts: what was ever minted and burned, and slots given out. One record, under an empty key. */
const Supply = P.struct({ minted: U64, burned: U64, slots: P.U32BE })

/**
 * One pseudonym. Key: its address. `funds` is all it has; what it can spend is `balanceOf`, the rest is its reserve.
 * An account without a signing key is funded but not registered.
 */
const Account = P.struct({ slot: P.U32BE, signingKey: optional(SigningKey), nonce: U64, funds: U64 })

/** What a recipient set aside for one sender, from which it can burn. Key: granter ‖ sender. */
const Allowance = P.struct({ amount: U64 })

/** What all stamps of a denomination that are sold and not redeemed are worth. Key: the denomination, 8 bytes. */
const Pool = P.struct({ amount: U64 })

/** A stamp that was sold. Key: its note. */
const Note = P.struct({ denomination: U64 })

/** A stamp that was redeemed. Key: its nullifier. */
const Spent = P.struct({ denomination: U64 })

/** What was ever taken out to an address of the chain that holds the money. Key: that address. */
const Withdrawal = P.struct({ amount: U64 })

/** What an address demands of strangers, and what it will from a time on. Key: the address. None where it never demanded anything. */
const Policy = P.struct({ ...Terms, next: optional(P.struct({ ...Terms, from: Time })) })

/** The encryption key mail to this address is sealed to. Key: the address. */
const SealKeyRecord = P.struct({ sealKey: SealKey })

/** A settled message. Key: its id. Kept for ever, so that no id settles twice. */
const Message = P.struct({
  sender: AddressBytes,
  epochKey: optional(EpochKey),
  height: U64,
  epoch: P.U32BE,
  /** At which price it was settled, and how large it is: what verdicts weigh by. */
  basePrice: U64,
  sizeClass: P.U8,
  automatic: P.bool,
  /** Nodes keep the envelope until then. */
  keptUntil: Time,
  recipients: P.array(
    P.U8,
    P.struct({
      address: AddressBytes,
      /** What of it the sender paid that counts: for flags, and of the burn for value. */
      fee: U64,
      burned: U64,
      /** What a flag weighs by until one did: in an exchange, and where no answer was owed, what a stranger would have paid. */
      asStranger: U64,
      credit: U64,
      /** Whether its sender was a stranger to this recipient when it was settled. */
      stranger: P.bool,
      verdict: optional(Verdict),
      /** How much of `credit` was given back to the sender. */
      given: U64,
    }),
  ),
})

/** A recipient's permission for one sender. Key: granter ‖ sender. */
const Grant = P.struct({
  payer: Payer,
  /** Set once it is revoked: it still holds until then. */
  endsAt: optional(Time),
})

const Side = P.struct({
  messages: P.U32BE,
  automatic: P.U32BE,
  exchanged: P.U32BE,
  valued: U64,
  asStranger: P.U32BE,
  acquainted: P.bool,
  weighed: P.bool,
  closedFrom: optional(Time),
})

/** What two addresses have been to each other, as of an epoch. Key: the lower address ‖ the higher. */
const Pair = P.struct({ low: Side, high: Side, asOf: P.U32BE })

/** A pass, what verdicts brought its epoch key, and what its owner's own verdicts have spent. Key: the epoch key. Scores carry 16 fractional bits. */
const Pass = P.struct({
  pseudonym: AddressBytes,
  epoch: P.U32BE,
  tier: P.U8,
  positive: U64,
  negative: U64,
  valueSpent: U64,
  flagSpent: U64,
  /** To which tiers it fell, and from when on that counts in prices; and from when on its name is bad. */
  falls: P.array(P.U8, P.struct({ tier: P.U8, from: Time })),
  badFrom: optional(Time),
})

/** The passes of an epoch, with what each has in common with those it hides among. Key: the epoch ‖ the epoch key. */
const EpochKeyRecord = P.struct({ tier: P.U8, checkpoint: P.U8 })

/** The right edge of a tree. Key: the tree's number. */
const Tree = P.struct({ count: Place, levels: P.array(P.U8, P.array(P.U8, Field)) })

/** A complete node of a tree, which never changes. Key: the tree's number ‖ level ‖ index. */
const Node = P.struct({ node: Field })

/** The roots that proofs are about, and how many leaves stood behind them. Key: the epoch ‖ which one of its checkpoints. */
const Checkpoint = P.struct({
  time: Time,
  identities: Place,
  identitiesRoot: Field,
  historyRoot: Field,
  stamps: Place,
  stampsRoot: Field,
})

/** The leaf that an identity enrolled with. Key: its commitment. */
const Enrolment = P.struct({ leaf: Place })

/** A hidden state that has its successor: when, the place of the new leaf, and what it gave away, in whole scores. Key: the nullifier. */
const Nullifier = P.struct({ epoch: P.U32BE, height: U64, leaf: Place, endorsed: U64 })

/** The place of a stamp's leaf. Key: its note. */
const StampLeaf = P.struct({ leaf: Place })

/** The latest pass of a pseudonym. Key: its address. */
const PassOf = P.struct({ epoch: P.U32BE, epochKey: EpochKey })

/** What the owner of one epoch key holds against another. Key: theirs ‖ the other. */
const Flags = P.struct({ weight: U64 })

/** What a reader did with strangers' letters, in letters. Key: the reader's address. */
const Reader = P.struct({
  received: P.U32BE,
  answered: P.U32BE,
  valued: P.U32BE,
  flagged: P.U32BE,
  /** Given back whole, and not flagged. */
  givenBack: P.U32BE,
})

/** A table: its number in the commitment, its records, and what one adds to the money held, less what should be held. */
type Table<Row> = {
  readonly number: number
  readonly codec: P.CoderType<Row>
  readonly worth: (record: Row) => bigint
}
const table = <Row>(row: Table<Row>): Table<Row> => row

/** The worth of records that hold no money. */
const none = (): bigint => 0n

/** Every table. A number is never used for another. */
export const tables = {
  meta: table({ number: 0, codec: Meta, worth: none }),
  accounts: table({ number: 1, codec: Account, worth: ({ funds }) => funds }),
  sealKeys: table({ number: 2, codec: SealKeyRecord, worth: none }),
  messages: table({ number: 3, codec: Message, worth: none }),
  grants: table({ number: 4, codec: Grant, worth: none }),
  pairs: table({ number: 6, codec: Pair, worth: none }),
  passes: table({ number: 8, codec: Pass, worth: none }),
  passOf: table({ number: 9, codec: PassOf, worth: none }),
  flags: table({ number: 10, codec: Flags, worth: none }),
  epochKeys: table({ number: 11, codec: EpochKeyRecord, worth: none }),
  trees: table({ number: 12, codec: Tree, worth: none }),
  nodes: table({ number: 13, codec: Node, worth: none }),
  checkpoints: table({ number: 14, codec: Checkpoint, worth: none }),
  enrolments: table({ number: 15, codec: Enrolment, worth: none }),
  nullifiers: table({ number: 16, codec: Nullifier, worth: none }),
  notes: table({ number: 17, codec: Note, worth: none }),
  policies: table({ number: 18, codec: Policy, worth: none }),
  allowances: table({ number: 19, codec: Allowance, worth: ({ amount }) => amount }),
  supply: table({ number: 20, codec: Supply, worth: ({ burned, minted }) => burned - minted }),
  pools: table({ number: 21, codec: Pool, worth: ({ amount }) => amount }),
  stampLeaves: table({ number: 22, codec: StampLeaf, worth: none }),
  spent: table({ number: 23, codec: Spent, worth: none }),
  readers: table({ number: 24, codec: Reader, worth: none }),
  withdrawals: table({ number: 25, codec: Withdrawal, worth: ({ amount }) => amount }),
} as const

/** The names of tables, and the record that each holds. */
export type TableName = keyof typeof tables
export type Records = { readonly [T in TableName]: P.UnwrapCoder<(typeof tables)[T]['codec']> }
export type Meta = Records['meta']
export type Account = Records['accounts']
export type Message = Records['messages']
export type Policy = Records['policies']

/** Names one record. */
export type Reference<T extends TableName = TableName> = { readonly table: T; readonly key: Uint8Array }

/** One record as it was and as it is; `undefined` where there is none. */
export type Change = {
  [T in TableName]: Reference<T> & { readonly before: Records[T] | undefined; readonly after: Records[T] | undefined }
}[TableName]

/** What the ledger reads: only records that `touches` named. Whoever knows the record's name already gives it along. */
export interface View {
  read<T extends TableName>(table: T, key: Uint8Array, name?: string): Records[T] | undefined
}

/** A view that can be written to, and knows what was. */
export interface Draft extends View {
  write<T extends TableName>(table: T, key: Uint8Array, after: Records[T] | undefined): void
  /** Write a record of which it is certain, without reading, that it was not there. */
  create<T extends TableName>(table: T, key: Uint8Array, after: Records[T]): void
  /** Write a change whose `before` is known already: nothing is read. */
  accept(change: Change): void
  /** One change for each record written, in the order of first writing. */
  changes(): Change[]
}

/** The keys of the one `meta` record and of the one `supply` record. */
export const metaKey = new Uint8Array(0)
export const supplyKey = new Uint8Array(0)
export const poolKey = (denomination: bigint): Uint8Array => U64.encode(denomination)
export const grantKey = ({ granter, sender }: { granter: Uint8Array; sender: Uint8Array }): Uint8Array =>
  concatBytes(granter, sender)
export const checkpointKey = ({ epoch, checkpoint }: { epoch: number; checkpoint: number }): Uint8Array =>
  concatBytes(P.U32BE.encode(epoch), Uint8Array.of(checkpoint))
export const epochKeyKey = (epoch: number, key: Uint8Array): Uint8Array => concatBytes(P.U32BE.encode(epoch), key)
export const treeKey = (tree: TreeName): Uint8Array => Uint8Array.of(trees[tree].number)
export const nodeKey = (tree: TreeName, { level, index }: { level: number; index: number }): Uint8Array =>
  concatBytes(Uint8Array.of(trees[tree].number, level), Place.encode(index))
export const fieldKey = (element: bigint): Uint8Array => Field.encode(element)

/** The text under which a record is known in memory. */
export const recordName = ({ table, key }: Reference): string => `${table}/${bytesToHex(key)}`

/** A draft over a view: reads through, and keeps its writes to itself. */
export function createDraft(below: View): Draft {
  const written = new Map<string, Change>()
  return {
    accept(change) {
      const name = recordName(change)
      const earlier = written.get(name)
      written.set(name, earlier ? ({ ...change, before: earlier.before } as Change) : change)
    },
    read<T extends TableName>(table: T, key: Uint8Array, name = recordName({ table, key })): Records[T] | undefined {
      const change = written.get(name)
      return change ? (change.after as Records[T] | undefined) : below.read(table, key, name)
    },
    write(table, key, after) {
      const name = recordName({ table, key })
      const earlier = written.get(name)
      const before = earlier ? earlier.before : below.read(table, key, name)
      written.set(name, { table, key, before, after } as Change)
    },
    create(table, key, after) {
      const name = recordName({ table, key })
      assert(!written.has(name), `${name} is new`)
      written.set(name, { table, key, before: undefined, after } as Change)
    },
    changes: () => [...written.values()],
  }
}

/** Records fetched beforehand; a read of any other is a bug. */
export interface Fetched extends View {
  has(reference: Reference, name?: string): boolean
  fill<T extends TableName>(reference: Reference<T>, record: Records[T] | undefined, name?: string): void
}

/** An empty set of fetched records. */
export function createFetched(): Fetched {
  const records = new Map<string, Records[TableName] | undefined>()
  return {
    has: (reference, name = recordName(reference)) => records.has(name),
    fill: (reference, record, name = recordName(reference)) => void records.set(name, record),
    read<T extends TableName>(table: T, key: Uint8Array, name = recordName({ table, key })): Records[T] | undefined {
      const record = records.get(name) as Records[T] | undefined
      assert(record !== undefined || records.has(name), `an op reads only what it touches, and not ${name}`)
      return record
    },
  }
}

/** Write changes into a draft, one after the other. */
export function writeAll(draft: Draft, changes: readonly Change[]): void {
  for (const change of changes) draft.accept(change)
}

/** The canonical bytes of a record. Nobody writes to either of them. */
export function encodeRecord<T extends TableName>(table: T, record: Records[T]): Uint8Array {
  const known = encoded.get(record)
  if (known) return known
  const bytes = codecOf(table).encode(record)
  encoded.set(record, bytes)
  return bytes
}

/** The bytes of records that are still around: a batch needs them for its leaves, for its chain, and for the disk. */
const encoded = new WeakMap<object, Uint8Array>()

/** A record from its canonical bytes; throws where they are not. */
export const decodeRecord = <T extends TableName>(table: T, bytes: Uint8Array): Records[T] =>
  codecOf(table).decode(bytes)

/** Where time, market and epoch stand; the record exists from genesis on. */
export function metaOf(view: View): Meta {
  const meta = view.read('meta', metaKey)
  assert(meta !== undefined, 'the record of the time exists from genesis on')
  return meta
}

/** All the money that there is; the record exists from genesis on. */
export function supplyOf(view: View): Records['supply'] {
  const supply = view.read('supply', supplyKey)
  assert(supply !== undefined, 'the record of the supply exists from genesis on')
  return supply
}

/**
 * What changes do to the sum of all money that should be there: 0 for every batch, or money was made or lost.
 * minted − burned = funds + allowances + stamps + withdrawals.
 */
export function imbalance(changes: readonly Change[]): bigint {
  let sum = 0n
  for (const change of changes) sum += worth(change.table, change.after) - worth(change.table, change.before)
  return sum
}

/** What a record adds to the money held, less what it adds to the money that should be held. */
export const worth = <T extends TableName>(table: T, record: Records[T] | undefined): bigint =>
  record ? (tables[table].worth as (record: Records[T]) => bigint)(record) : 0n

const codecOf = <T extends TableName>(table: T): P.CoderType<Records[T]> =>
  tables[table].codec as unknown as P.CoderType<Records[T]>
