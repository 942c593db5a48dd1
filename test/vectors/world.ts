/** The state that every vector of the ledger begins with, and the short words in which vectors name its records. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { newAccount } from '../../protocol/account.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { messageId } from '../../protocol/envelope.ts'
import { pairKey } from '../../protocol/pair.ts'
import type { Reason } from '../../protocol/reason.ts'
import type { Rules } from '../../protocol/rules.ts'
import {
  checkpointKey,
  epochKeyKey,
  fieldKey,
  grantKey,
  metaKey,
  nodeKey,
  poolKey,
  type Records,
  supplyKey,
  treeKey,
} from '../../protocol/state.ts'
import type { TreeName } from '../../protocol/tree.ts'
import {
  ada,
  bob,
  cyd,
  dayMs,
  type Edit,
  type Edits,
  edit,
  edited,
  genesis,
  keepers,
  network,
  olga,
  type Person,
  personOf,
  registeredState,
  seedOf,
  type Wish,
} from '../kit/fixtures.ts'

type Trial = {
  readonly name: string
  /** Edits on the world, made beforehand. */
  readonly pre?: Edits
  readonly op: Wish
  /** The rules that it is tried under, where they are not those of the fixtures; ids and signatures are of the one network. */
  readonly rules?: Rules
}
/** An op that settles, and the edits that it comes down to. */
export type SettledVector = Trial & { readonly changes: Edits }
/**
 * An op that does not settle as mail, and the first reason, for which it is not relayed. In a batch it pays what it names all
 * the same, where the reason is one of `shortcomings` and custody has none of its own.
 */
export type RefusedVector = Trial & {
  readonly reason: Reason
  /** Why custody leaves it, where that is not for the first reason. */
  readonly void?: Reason
  /** The leaf of a stamp that it buys all the same. */
  readonly leaf?: Edits
}

/** A key that Ada moves her account to. */
export const newKey = personOf("ada's new key")

/** Where time, market and epoch stand, and all the money that there is. */
export function totals({ minted, burned, slots, ...meta }: Partial<Records['meta'] & Records['supply']>): Edit[] {
  const supply = Object.fromEntries(
    Object.entries({ minted, burned, slots }).filter(([, value]) => value !== undefined),
  )
  return [
    ...(Object.keys(supply).length > 0 ? [edit('supply', supplyKey, supply)] : []),
    ...(Object.keys(meta).length > 0 ? [edit('meta', metaKey, meta)] : []),
  ]
}
/** The operators' share of a message goes to whose turn it is: three times of six Olga's, and once each keeper's. */
export function share(id: Uint8Array, amount: bigint): Edit {
  const turns = [olga, olga, olga, ...keepers]
  const whose = turns[Number(BigInt(`0x${bytesToHex(id.slice(0, 8))}`) % 6n)]!
  return edit('accounts', whose.address, { funds: amount + (whose === olga || whose === keepers[0] ? 1_000n : 0n) })
}
/** A checkpoint of trees that are empty, unless said otherwise. */
export const checkpoint = (
  { epoch, checkpoint }: { epoch: number; checkpoint: number },
  fields: Partial<Records['checkpoints']> = {},
): Edit =>
  edit('checkpoints', checkpointKey({ epoch, checkpoint }), {
    time: genesis.time,
    identities: 0,
    identitiesRoot: 0n,
    historyRoot: 0n,
    stamps: 0,
    stampsRoot: 0n,
    ...fields,
  })

/**
 * Ada, Bob and Cyd are registered with 1,000,000 each, Dan is funded with 5,000, nobody knows Eve; slot 8 is the next. The
 * first checkpoint is taken.
 */
export const world = edited(registeredState(ada, bob, cyd), [
  ...totals({ committedAt: genesis.time }),
  checkpoint({ epoch: 1, checkpoint: 0 }),
])

export const account = ({ address }: Person, fields: Partial<Records['accounts']>): Edit =>
  edit('accounts', address, fields)
export const funded = (person: Person, funds: bigint): Edit => account(person, { funds })
export const sealKey = ({ address }: Person, key: Uint8Array): Edit => edit('sealKeys', address, { sealKey: key })
export const message = (id: Uint8Array, fields: Partial<Records['messages']>): Edit => edit('messages', id, fields)
/** A grant, and what is set aside for it. */
export function grant(
  granter: Person,
  sender: Person,
  { allowance, ...fields }: Partial<Records['grants']> & { readonly allowance?: bigint },
): Edit[] {
  const key = grantKey({ granter: granter.address, sender: sender.address })
  return [
    ...(Object.keys(fields).length > 0 ? [edit('grants', key, fields)] : []),
    ...(allowance === undefined ? [] : [edit('allowances', key, allowance > 0n ? { amount: allowance } : undefined)]),
  ]
}
export const pool = (denomination: bigint, amount: bigint): Edit => edit('pools', poolKey(denomination), { amount })
export const spent = (nullifier: bigint, denomination: bigint): Edit =>
  edit('spent', fieldKey(nullifier), { denomination })
export const policy = ({ address }: Person, fields: Records['policies']): Edit => edit('policies', address, fields)

/** A whole account, as a sponsor opens it. */
export const registeredAt = (slot: number, { address, signingKey }: Person, funds: bigint): Edit =>
  edit('accounts', address, { ...newAccount(slot, funds), signingKey })

/** A message of Ada's that settled at genesis and is kept for 30 days; the recipients are to be added. */
export const settledMessage = {
  sender: ada.address,
  epochKey: undefined,
  height: 0n,
  epoch: 1,
  basePrice: 1_000n,
  sizeClass: 0,
  automatic: false,
  keptUntil: genesis.time + 30n * dayMs,
} as const

/** What a first message of Ada's leaves behind: one in each pair, and one at each of those to whom she is a stranger; the others granted her. */
export const traffic = (to: readonly Person[], strangers = to): Edit[] => [
  ...to.map((person) => {
    const isStranger = strangers.includes(person)
    return adasSide(person, side({ messages: 1, asStranger: isStranger ? 1 : 0, acquainted: !isStranger }))
  }),
  ...strangers.map((person) => reader(person, { received: 1 })),
]

/** What somebody did with strangers' letters, and nothing besides. */
export const reader = ({ address }: Person, fields: Partial<Records['readers']>): Edit =>
  edit('readers', address, { received: 0, answered: 0, valued: 0, flagged: 0, givenBack: 0, ...fields })

/** The epoch keys of a pass of Ada's, of Bob's and of somebody else. */
export const [adasKey, bobsKey, otherKey] = [1, 2, 3].map((byte) => new Uint8Array(20).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
export const pass = (key: Uint8Array, fields: Partial<Records['passes']>): Edit => edit('passes', key, fields)
export const passOf = ({ address }: Person, epochKey: Uint8Array, epoch = 1): Edit =>
  edit('passOf', address, { epoch, epochKey })
/** That a pass of an epoch was taken under a key, behind its first checkpoint unless said otherwise. */
export const listed = (key: Uint8Array, tier: number, { epoch = 1, checkpoint = 0 } = {}): Edit =>
  edit('epochKeys', epochKeyKey(epoch, key), { tier, checkpoint })
/** The right edge of a tree. */
export const tree = (name: TreeName, count: number, ...levels: bigint[][]): Edit =>
  edit('trees', treeKey(name), { count, levels })
/** A node of a tree that is complete. */
export const node = (name: TreeName, level: number, index: number, value: bigint): Edit =>
  edit('nodes', nodeKey(name, { level, index }), { node: value })
export const enrolment = (commitment: bigint, leaf: number): Edit => edit('enrolments', fieldKey(commitment), { leaf })
/** Used up in the first epoch, before the first batch, unless said otherwise. */
export const nullified = (nullifier: bigint, fields: Partial<Records['nullifiers']> = {}): Edit =>
  edit('nullifiers', fieldKey(nullifier), { epoch: 1, height: 0n, leaf: 0, endorsed: 0n, ...fields })
/** That a stamp was sold, and where its leaf is. */
export const soldNote = (note: bigint, denomination: bigint, leaf: number): Edit[] => [
  edit('notes', fieldKey(note), { denomination }),
  edit('stampLeaves', fieldKey(note), { leaf }),
]
/** A pass that nothing has happened under yet. */
export const freshPass = ({ address }: Person, tier: number, epoch = 1): Records['passes'] => ({
  pseudonym: address,
  epoch,
  tier,
  positive: 0n,
  negative: 0n,
  valueSpent: 0n,
  flagSpent: 0n,
  falls: [],
  badFrom: undefined,
})

type Side = Records['pairs']['low']
/** One side of a pair, which did nothing else; what it wrote at the price of an exchange made it acquainted. */
export const side = (fields: Partial<Side>): Side => ({
  messages: 0,
  automatic: 0,
  exchanged: 0,
  valued: 0n,
  asStranger: 0,
  acquainted: (fields.exchanged ?? 0) > 0,
  weighed: false,
  closedFrom: undefined,
  ...fields,
})
const silent = side({})

/** What Ada's side of her pair with somebody has, where the other side has nothing. */
export const adasSide = (person: Person, mine: Side, asOf = 1): Edit => pairOf(person, { mine, theirs: silent, asOf })

/** What Bob's side of his pair with Ada has, and hers. */
export const bobsSide = (theirs: Side, mine = silent, asOf = 1): Edit => pairOf(bob, { mine, theirs, asOf })

/** Whoever flags Ada at genesis is closed to her a day later; with what her side has. */
export const closes = (person: Person, asOf = 1, mine = silent): Edit =>
  pairOf(person, { mine, theirs: side({ closedFrom: genesis.time + dayMs }), asOf })

function pairOf(
  { address }: Person,
  { mine, theirs, asOf }: { readonly mine: Side; readonly theirs: Side; readonly asOf: number },
): Edit {
  const key = pairKey(ada.address, address)
  const adaIsLow = equalBytes(key.subarray(0, 20), ada.address)
  return edit('pairs', key, { low: adaIsLow ? mine : theirs, high: adaIsLow ? theirs : mine, asOf })
}

/** How a verdict names what it is about: a message of Ada's, sent without a pass. */
export const ofAda = { sender: ada.address, senderKey: undefined } as const

/** The id of Ada's message to these people. */
export const messageTo = (...people: readonly Person[]): Uint8Array =>
  messageId({
    network,
    sender: ada.address,
    recipients: people.map(({ address }) => address),
    envelopeHash: seedOf('envelope'),
  })

/** Bob's part of a message of 1 KiB for 30 days: 1,000, of which 200 are burned and 50 are the operators'. */
export const unread = {
  address: bob.address,
  fee: 1_000n,
  burned: 200n,
  asStranger: 0n,
  credit: 750n,
  stranger: false,
  verdict: undefined,
  given: 0n,
} as const
/** The same, of a message from a stranger. */
export const strangers = { ...unread, stranger: true } as const
