/** What the row of an operation says, against what the operation does in every vector. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { newAccount } from '../../protocol/account.ts'
import { addressOf } from '../../protocol/address.ts'
import { costOf, registeredBy, signerOf } from '../../protocol/custody.ts'
import type { Applied } from '../../protocol/ledger.ts'
import { operationOf } from '../../protocol/operations.ts'
import { type Change, grantKey, imbalance, recordName } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { messageOf } from '../../protocol/wire.ts'
import {
  type Edit,
  edit,
  edited,
  type Person,
  type State,
  signed,
  supplyIn,
  totalsOf,
  viewOf,
} from '../kit/fixtures.ts'
import { applyTo, contextOf, refused, settled } from '../vectors/all.ts'
import { totals, world } from '../vectors/world.ts'

/** Every op that a vector has, and the state that it comes upon. */
const trials = [...settled, ...refused].map((vector) => {
  const within = contextOf(vector)
  const state = edited(world, vector.pre ?? [])
  const incoming = signed(vector.op, within, viewOf(state))
  const row = operationOf(incoming.op.action)
  return { ...vector, within, incoming, signed: incoming.op, author: row.author, row, state }
})
type Tried = (typeof trials)[number]

/** What becomes of it, also in another state. */
const tried = ({ op, within, state }: Tried, edits: readonly Edit[] = []): Applied =>
  applyTo(edited(state, edits), op, within)
const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && bytesToHex(bytes)
const changesIn = (applied: Applied): readonly Change[] => ('changes' in applied ? applied.changes : [])
const accountIn = (state: State, { address }: Person) => viewOf(state).read('accounts', address)

/** The trials whose ops settle, with what they do. */
const settling = trials.flatMap((trial) => {
  const applied = tried(trial)
  return applied.kind === 'settled' ? [{ ...trial, applied }] : []
})

/** The account of an op's author before and after it; nothing where it is nobody's. */
const authorIn = ({ author, op, state, applied }: (typeof settling)[number]) => {
  if (author.kind !== 'account') return undefined
  const before = accountIn(state, op.by)!
  const change = applied.changes.find(({ table, key }) => table === 'accounts' && hex(key) === hex(op.by.address))
  return { before, after: (change?.after ?? before) as typeof before }
}

test('operations: there is something to hold the rows against', async (t) => {
  t.equal(settling.length, settled.length)
  t.ok(trials.length > 300)
})

test('operations: what leaves the funds is what the op says that it costs, and of that the row’s part burns', async (t) => {
  const free = new Set<string>()
  for (const trial of settling) {
    const { name, within, row, incoming, signed: op, applied } = trial
    const burned = applied.changes.reduce((sum, change) => {
      if (change.table !== 'supply') return sum
      return sum + change.after!.burned - change.before!.burned
    }, 0n)
    t.equal(burned, op.burn, `${name}: what it burns`)
    const least = row.burns(within.rules, op.action.data)
    t.ok(least <= op.burn, `${name}: ${op.burn} burns, and ${least} is the least`)
    if (least === 0n) free.add(op.action.TAG)
    const lines = row.lines(op.action.data, within.rules)
    if (lines) t.strictSame(op.lines, lines, `${name}: whom it pays`)
    const found = authorIn(trial)
    if (!found) continue
    const own = op.share && hex(op.share.payee) === hex(op.account) ? op.share.amount : 0n
    const held = incoming.money.deed.kind === 'reclaim' ? reclaimed(trial) : 0n
    t.equal(found.before.funds - found.after.funds, costOf(incoming.money) - own - held, `${name}: what it costs`)
  }
  t.strictSame(free, new Set(['ack', 'pass', 'renew']), 'what can burn nothing by the rules alone')
})

/** What was left of an allowance that an op takes back. */
const reclaimed = ({ state, signed: { account: granter, action } }: Tried): bigint =>
  action.TAG === 'revoke'
    ? (viewOf(state).read('allowances', grantKey({ granter, sender: action.data.sender }))?.amount ?? 0n)
    : 0n

test('operations: the account that gets its first signing key is the one that the deed says', async (t) => {
  for (const { name, incoming, applied } of settling) {
    const registered = applied.changes.flatMap((change) =>
      change.table === 'accounts' && !change.before?.signingKey && change.after?.signingKey ? [hex(change.key)] : [],
    )
    const said = hex(registeredBy(incoming.money))
    t.strictSame(registered, said ? [said] : [], name)
  }
})

test('operations: without a key an account’s first op is signed by the one that its address was made of', async (t) => {
  let count = 0
  for (const { name, op, state, incoming } of settling) {
    if (!incoming.money.author || accountIn(state, op.by)?.signingKey) continue
    count++
    const signer = signerOf(viewOf(state), incoming.money, totalsOf(state).time)
    t.strictSame(signer.ok && signer.value && addressOf(signer.value), incoming.op.account, name)
  }
  t.ok(count > 0)
})

test('operations: afterwards the key that the deed brings signs, or the one that did', async (t) => {
  for (const trial of settling) {
    const found = authorIn(trial)
    if (!found) continue
    const { deed } = trial.incoming.money
    const signer = signerOf(viewOf(trial.state), trial.incoming.money, totalsOf(trial.state).time)
    const key = deed.kind === 'rekey' ? deed.key : signer.ok ? signer.value : undefined
    t.equal(hex(found.after.signingKey), hex(key), trial.name)
  }
})

test('operations: what ends with the registration of an address does not settle after it', async (t) => {
  let count = 0
  for (const trial of trials) {
    const address = trial.row.endsWith(trial.signed.action.data)
    if (!address) continue
    count++
    const before = viewOf(trial.state).read('accounts', address) ?? newAccount(supplyIn(trial.state).slots, 0n)
    const registered = edit('accounts', address, { ...before, signingKey: new Uint8Array(33).fill(2) })
    t.not(tried(trial, [registered]).kind, 'settled', trial.name)
  }
  t.ok(count > 0)
})

test('operations: what is read is named, in every vector all of it', async (t) => {
  for (const trial of trials) {
    const names = new Set(touches(trial.within, trial.incoming).map(recordName))
    t.ok(names.has('meta/'), `${trial.name}: the totals`)
    t.ok(names.size <= 7 + 6 * 10, `${trial.name}: few`)
    // It reads only what it names, or `applyTo` throws and says whose row it is.
    t.doesNotThrow(() => tried(trial), trial.name)
  }
})

test('operations: what is of an epoch settles in no other', async (t) => {
  let count = 0
  for (const trial of trials) {
    const epoch = trial.row.epoch(trial.signed.action.data)
    if (epoch === undefined) continue
    count++
    for (const other of [epoch - 1, epoch + 1])
      t.not(tried(trial, totals({ epoch: other })).kind, 'settled', `${trial.name}: in epoch ${other}`)
  }
  t.ok(count > 0)
  for (const { name, row, signed: op, state } of settling)
    t.equal(row.epoch(op.action.data) ?? totalsOf(state).epoch, totalsOf(state).epoch, name)
})

test('operations: the message of the row is the one that the settled send reports', async (t) => {
  for (const { name, within, signed: op, applied } of settling)
    t.equal(hex(messageOf(within.network, op)), hex(applied.sent?.message), name)
})

test('operations: no money is made or lost', async (t) => {
  for (const trial of trials) t.equal(imbalance(changesIn(tried(trial))), 0n, trial.name)
})

test('operations: vectors have names of their own, and edit an account once', async (t) => {
  const names = trials.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  for (const { name, pre = [] } of trials) {
    const accounts = pre
      .flat()
      .filter(({ table }) => table === 'accounts')
      .map(recordName)
    t.equal(new Set(accounts).size, accounts.length, `${name}: of two edits only the second would hold`)
  }
})
