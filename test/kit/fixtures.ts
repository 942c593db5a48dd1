/**
 * A small network that every test can build on: people with seeded keys, rules with round numbers, a state in memory.
 * Nothing here is random, and signatures are real.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { shake256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { sign, signingKeyOf } from '../../node/keys/sign.ts'
import { x25519Pair } from '../../node/seal/hpke.ts'
import { addressOf } from '../../protocol/address.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Entry as BatchEntry, type Incoming, readOp } from '../../protocol/doorway.ts'
import { genesisChanges } from '../../protocol/genesis.ts'
import { type Applied, apply, asks, openBatch, replay } from '../../protocol/ledger.ts'
import { touches, touchesOfOpening } from '../../protocol/touches.ts'
import { type Genesis, networkId, type Rules } from '../../protocol/rules.ts'
import { gatheredOf, verdictTree } from '../../protocol/verdict-tree.ts'
import type { VerdictRoot } from '../../protocol/checkpoint.ts'
import { goodProof } from './plain-proofs.ts'
import { verifySignature } from '../../protocol/signature.ts'
import {
  type Change,
  createDraft,
  createFetched,
  type Fetched,
  metaKey,
  type Records,
  recordName,
  type Reference,
  supplyKey,
  type TableName,
  type View,
  writeAll,
} from '../../protocol/state.ts'
import type { Amounts } from '../../protocol/money.ts'
import type { Action, ActionName, ActionOf } from '../../protocol/operations.ts'
import { encodeSignedOp, isAnonymous, type Op, opId, plainAmounts, unsigned } from '../../protocol/wire.ts'
import { nobody } from '../../protocol/words.ts'

/** One pseudonym and its keys. `sealKey` has the size of one, but nothing opens what is sealed to it. */
export type Person = {
  readonly name: string
  readonly privateKey: Uint8Array
  readonly signingKey: Uint8Array
  readonly sealKey: Uint8Array
  readonly address: Uint8Array
}

/** 32 bytes that belong to a text. */
export const seedOf = (text: string): Uint8Array => sha256(utf8ToBytes(`b-mail test: ${text}`))

/** The same person for the same name. */
export function personOf(name: string): Person {
  const privateKey = seedOf(`signing ${name}`)
  const signingKey = signingKeyOf(privateKey)
  const sealKey = shake256(seedOf(`sealing ${name}`), { dkLen: 1216 })
  return { name, privateKey, signingKey, sealKey, address: addressOf(signingKey) }
}

/** Registered and rich. */
export const ada = personOf('ada')
export const bob = personOf('bob')
export const cyd = personOf('cyd')
/** Funded at genesis, not registered. */
export const dan = personOf('dan')
/** Not known to the ledger. */
export const eve = personOf('eve')
/** Operates the network, and is funded so that it can be paid. */
export const olga = personOf('olga')
/** Orders the log. */
export const host = personOf('host')
/** Open locks. The first is funded, so that it can be paid; the others are not. */
export const keepers = [1, 2, 3].map((number) => ({
  ...personOf(`keeper ${number}`),
  lock: x25519Pair(seedOf(`lock of keeper ${number}`)),
}))

export const hourMs = 3_600_000n
export const dayMs = 24n * hourMs

/**
 * Round numbers, so that expected amounts can be checked by eye: a price that does not move, and ×1 for whatever depends
 * on who writes to whom. `pricing.ts` has rules with the factors of a real network.
 */
export const rules: Rules = {
  version: 1,
  name: 'test',
  coin: { name: 'coin', decimals: 0 },
  anchor: 'embedded',
  hostKey: host.signingKey,
  operators: [{ address: olga.address, weight: 3 }],
  keepers: {
    version: 7,
    threshold: 2,
    members: keepers.map(({ address, signingKey, lock }) => ({
      address,
      weight: 1,
      lockKey: lock.publicKey,
      signingKey,
    })),
  },
  batchIntervalMs: 1_000,
  batchOpsMax: 1_000,
  clockSkewMs: 30_000,
  epochMs: 7n * dayMs,
  expiryMaxMs: Number(dayMs),
  ackWindowEpochs: 1,
  mailShards: 4,
  sizeClassMax: 8,
  recipientsMax: 10,
  price: { start: 1_000n, floor: 1_000n, ceiling: 1_000n, target: 1_000n, intervalMs: 4_000_000_000, step: 1_250n },
  lifetimes: [
    { days: 1, factor: 3_333n },
    { days: 30, factor: 10_000n },
    { days: 365, factor: 40_000n },
  ],
  recipientFactor: 1_000n,
  correspondence: { first: 10_000n, exchange: 10_000n, patience: 4, decay: 9_000n },
  resources: { letter: 0n, recipient: 0n, unit: 0n },
  reputation: {
    factors: [10_000n, 10_000n, 10_000n, 10_000n, 10_000n, 10_000n],
    strangers: [10_000n, 10_000n, 10_000n, 10_000n, 10_000n, 10_000n],
    badName: 10_000n,
    ackWeights: [0n, 5_000n, 7_000n, 8_500n, 10_000n, 10_000n],
    kappa: 50_000n,
    lambda: 20_000n,
    abuse: 50_000n,
    countedMax: 160_000n,
    scores: [4n, 16n, 48n, 120n],
    negatives: [64n, 48n, 32n, 16n],
    decay: 9_000n,
    valueBudget: 64n,
    flagBudget: 128n,
    flagMax: 8n,
    keysPerEpoch: 4,
    passGraceMs: Number(dayMs),
  },
  identity: {
    setUp: seedOf('set-up'),
    enrolFee: 64_000n,
    passFee: 10n,
    passStep: 1_000,
    verdictDelayMs: 0,
    checkpoints: 8,
    endorsements: [1n, 2n, 4n],
    endorsementReserve: 4n,
    stamps: [1_000n, 10_000n],
  },
  burnShare: 2_000n,
  operatorsShare: 500n,
  inclusionFee: 10n,
  reserve: 100n,
  policyTierMax: 5,
  policyFeeMax: 1_000_000n,
}

export const genesis: Genesis = {
  time: 1_800_000_000_000n,
  salt: seedOf('salt'),
  grants: [
    { address: ada.address, amount: 1_000_000n },
    { address: bob.address, amount: 1_000_000n },
    { address: cyd.address, amount: 1_000_000n },
    { address: dan.address, amount: 5_000n },
    { address: olga.address, amount: 1_000n },
    { address: keepers[0]!.address, amount: 1_000n },
  ],
}

export const network = networkId(rules, genesis)
export const context: Context = {
  network,
  rules,
  verify: verifySignature,
  verifyProof: ({ proof }) => equalBytes(proof, goodProof),
}

/** One record, with the table and key it is under. */
type Entry = { [T in TableName]: Reference<T> & { readonly record: Records[T] } }[TableName]

/** All records, by `recordName`. Nobody writes to one: `settle` and `edited` return new ones. */
export type State = ReadonlyMap<string, Entry>

/** The state before the first batch. */
export const genesisState = (): State => changed(new Map(), genesisChanges(rules, genesis))

/** The state of genesis in which some of the funded are registered already, without having paid for it. */
export const registeredState = (...people: readonly Person[]): State =>
  edited(
    genesisState(),
    people.flatMap(({ address, signingKey, sealKey }) => [
      edit('accounts', address, { signingKey }),
      edit('sealKeys', address, { sealKey }),
    ]),
  )

/** Some fields of a record and what they become; `undefined` instead of fields removes it. */
export type Edit = {
  [T in TableName]: Reference<T> & { readonly fields: Partial<Records[T]> | undefined }
}[TableName]

/** Name some fields of a record. Of a record that is not there yet, all must be named. */
export const edit = <T extends TableName>(table: T, key: Uint8Array, fields: Partial<Records[T]> | undefined): Edit =>
  ({ table, key, fields }) as unknown as Edit

/** Edits, some of them in groups. */
export type Edits = readonly (Edit | readonly Edit[])[]

/** What edits do to a state, as changes. */
export const changesOf = (state: State, edits: Edits): Change[] =>
  edits.flat().map(({ table, key, fields }) => {
    const before = state.get(recordName({ table, key }))?.record
    return { table, key, before, after: fields && { ...before, ...fields } } as Change
  })

/** The state after edits. */
export const edited = (state: State, edits: Edits): State => changed(state, changesOf(state, edits))

/** The state after changes. */
export function changed(state: State, changes: readonly Change[]): State {
  const next = new Map(state)
  for (const { table, key, after } of changes)
    if (after) next.set(recordName({ table, key }), { table, key, record: after } as Entry)
    else next.delete(recordName({ table, key }))
  return next
}

/** Everything in a state, to read as one likes. */
export const viewOf = (state: State): View => ({
  read: <T extends TableName>(table: T, key: Uint8Array) =>
    state.get(recordName({ table, key }))?.record as Records[T] | undefined,
})

/** Some records of a state; reading any other throws. */
export function fetchedOf(state: State, references: readonly Reference[]): Fetched {
  const fetched = createFetched()
  for (const reference of references) fetched.fill(reference, state.get(recordName(reference))?.record)
  return fetched
}

/** The verdict roots of a state, made of its passes. */
export const verdictRootIn =
  (state: State): VerdictRoot =>
  (epoch) =>
    verdictTree(
      [...state.values()].flatMap(({ table, key, record }) =>
        table === 'passes' && record.epoch === epoch ? [gatheredOf(key, record)] : [],
      ),
    ).root

/** The account at an address; throws where there is none. */
export function accountOf(state: State, { address }: Pick<Person, 'address'>): Records['accounts'] {
  const account = viewOf(state).read('accounts', address)
  if (!account) throw new Error('there is no such account in this state')
  return account
}

/** The totals of a state. */
export const totalsOf = (state: State): Records['meta'] => viewOf(state).read('meta', metaKey)!

/** All the money of a state. */
export const supplyIn = (state: State): Records['supply'] => viewOf(state).read('supply', supplyKey)!

/** An action by its name. */
export const action = <Name extends ActionName>(name: Name, data: ActionOf<Name>): Action =>
  ({ TAG: name, data }) as unknown as Action

/** A send with everything ordinary: 1 KiB for 30 days, whatever it may cost. */
export const sendTo = (recipients: readonly Person[], details: Partial<ActionOf<'send'>> = {}): Action =>
  action('send', {
    recipients: recipients.map(({ address }) => address),
    envelopeHash: seedOf('envelope'),
    sizeClass: 0,
    lifetimeDays: 30,
    keeperSet: rules.keepers.version,
    epochKey: undefined,
    automatic: false,
    ...details,
  })

/** An op that somebody wants: their first, good for an hour from genesis, at what it has to pay, unless said otherwise. */
export type Wish = {
  readonly by: Person
  readonly action: Action
  readonly nonce?: bigint
  readonly expiry?: bigint
  /** What it names, where that is not just what is asked. */
  readonly amounts?: Partial<Amounts>
  /** The private key that signs, where it is not the person's first. */
  readonly privateKey?: Uint8Array
}

/** What a wish is priced by: a network, and a state of it that the price can read. */
type Priced = { readonly within?: Context; readonly view?: View }

/** The unsigned op. One that a proof speaks for is nobody's, whoever made it. */
export function opOf(
  { by, action, nonce = 0n, expiry = genesis.time + hourMs, amounts }: Wish,
  { within = context, view = viewOf(acquaintances()) }: Priced = {},
): Op {
  const head = isAnonymous(action) ? { account: nobody, nonce: 0n, expiry: 0n } : { account: by.address, nonce, expiry }
  const asked = asks(view, within, { ...head, action })
  return { ...head, ...(asked.ok ? asked.value : leastOf(within.rules, action)), ...amounts, action }
}

/** What an op names that cannot settle: what it burns by the rules alone, and those whom it is for. */
const leastOf = (rules: Rules, action: Action): Amounts => ({
  ...plainAmounts(rules, action),
  ...(action.TAG === 'send' && {
    lines: action.data.recipients.map((address) => ({ address, amount: 0n, from: 'funds' }) as const),
  }),
})

/** A state in which all are registered and nobody wrote to anybody. */
const acquaintances = (): State => (allRegistered ??= registeredState(ada, bob, cyd, dan, olga))
let allRegistered: State | undefined

/** The canonical bytes of the signed op, on the network of the tests unless said otherwise. */
export function signedBytes(wish: Wish, priced: Priced = {}): Uint8Array {
  const op = opOf(wish, priced)
  const signature = isAnonymous(op.action)
    ? unsigned
    : sign(opId((priced.within ?? context).network, op), wish.privateKey ?? wish.by.privateKey)
  return encodeSignedOp({ op, signature })
}

/** The signed op as it comes through the doorway; throws where the doorway refuses it. */
export const signed = (wish: Wish, within: Context = context, view?: View): Incoming =>
  admit(signedBytes(wish, { within, ...(view && { view }) }), within)

/** Ops of one batch, in turn: each has the next nonce, and pays what it has to once the batch is open and those before it are settled. */
export function signedInTurn(
  state: State,
  { time = totalsOf(state).time, wishes }: { readonly time?: bigint; readonly wishes: readonly Wish[] },
  within: Context = context,
): Incoming[] {
  const draft = createDraft(viewOf(state))
  openBatch(draft, within, { time, verdictRoot: verdictRootIn(state) })
  return wishes.map((wish) => {
    const nonce = draft.read('accounts', wish.by.address)?.nonce ?? 0n
    const incoming = signed({ nonce, expiry: time, ...wish }, within, draft)
    const applied = apply(draft, within, incoming)
    if (applied.kind !== 'void') writeAll(draft, applied.changes)
    return incoming
  })
}

/** Bytes that come through the doorway; throws where it refuses them. */
export function admit(bytes: Uint8Array, on: Context = context): Incoming {
  const read = readOp(bytes, on)
  if (!read.ok) throw new Error(`the doorway refuses this op: ${read.reason}`)
  return read.value
}

/** What one batch did to a state. */
export type Batch = {
  readonly state: State
  readonly changes: readonly Change[]
  readonly applied: readonly Applied[]
}

/** Replay one batch over nothing but the records it touches. */
export function settle(
  state: State,
  { time = totalsOf(state).time, ops = [] }: { readonly time?: bigint; readonly ops?: readonly BatchEntry[] },
  within: Context = context,
): Batch {
  const references = [
    ...touchesOfOpening(within, { last: totalsOf(state), time }),
    ...ops.flatMap((entry) => touches(within, entry)),
  ]
  const { changes, applied } = replay(fetchedOf(state, references), within, {
    time,
    verdictRoot: verdictRootIn(state),
    ops,
  })
  return { state: changed(state, changes), changes, applied }
}
