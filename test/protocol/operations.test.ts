/** What the row of an operation says, against what the operation does in every vector. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { balanceOf, newAccount } from '../../protocol/account.ts'
import { addressOf } from '../../protocol/address.ts'
import type { Applied } from '../../protocol/ledger.ts'
import { operationOf } from '../../protocol/operations.ts'
import { type Change, imbalance, recordName } from '../../protocol/state.ts'
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
  const { op } = signed(vector.op, within)
  const { author } = operationOf(op.action)
  return { ...vector, within, signed: op, author, row: operationOf(op.action), state: edited(world, vector.pre ?? []) }
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
  return { author, before, after: (change?.after ?? before) as typeof before }
}

test('operations: there is something to hold the rows against', async (t) => {
  t.equal(settling.length, settled.length)
  t.ok(trials.length > 300)
})

test('operations: what leaves the balance is at most what the row says, and the inclusion fee', async (t) => {
  const reached = new Set<string>()
  for (const trial of settling) {
    const { name, within, signed: op } = trial
    const found = authorIn(trial)
    if (!found) continue
    const { author, before, after } = found
    const fee = author.burnsInclusion ? within.rules.inclusionFee : 0n
    const most = author.costMax(within.rules, op.action.data) + fee
    const left = balanceOf(within.rules, before) - balanceOf(within.rules, after)
    t.ok(left <= most, `${name}: ${left} left the balance, and ${most} is the most`)
    if (left === most) reached.add(op.action.TAG)
  }
  const byAccounts = settling.flatMap(({ author, signed: { action } }) =>
    author.kind === 'account' ? [action.TAG] : [],
  )
  t.strictSame(
    [...new Set(byAccounts)].filter((name) => !reached.has(name)),
    [],
    'and some vector takes all of it',
  )
})

test('operations: the account that gets its first signing key is the one that the row says', async (t) => {
  for (const { name, signed: op, row, applied } of settling) {
    const registered = applied.changes.flatMap((change) =>
      change.table === 'accounts' && !change.before?.signingKey && change.after?.signingKey ? [hex(change.key)] : [],
    )
    const said = hex(row.registers(op.action.data))
    t.strictSame(registered, said ? [said] : [], name)
  }
})

test('operations: a first key that an op brings is the one that its account’s address was made of', async (t) => {
  let count = 0
  for (const { name, author, signed: op } of trials) {
    const key = author.kind === 'account' ? author.firstKey(op.action.data) : undefined
    if (!key) continue
    count++
    t.strictSame(addressOf(key), op.account, name)
  }
  t.ok(count > 0)
})

test('operations: afterwards the next key of the row signs, or the one that did', async (t) => {
  for (const trial of settling) {
    const found = authorIn(trial)
    if (!found) continue
    const { author, before, after } = found
    const { data } = trial.signed.action
    const key = before.signingKey ?? author.firstKey(data)
    t.equal(hex(after.signingKey), hex(author.nextKey(data) ?? key), trial.name)
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
    const names = touches(trial.within, trial.signed).map(recordName)
    t.ok(names.includes('meta/'), `${trial.name}: the totals`)
    t.ok(names.length <= 7 + 6 * 10, `${trial.name}: few`)
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
