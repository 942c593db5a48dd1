/** Custody: what each money part does, that nothing else decides it, and that nothing else writes money. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'tap'
import { custodyTables, deposit, move } from '../../protocol/custody.ts'
import type { Money } from '../../protocol/money.ts'
import { operations } from '../../protocol/operations.ts'
import { newAccount } from '../../protocol/account.ts'
import { supplyMax } from '../../protocol/rules.ts'
import {
  type Change,
  imbalance,
  type Records,
  recordName,
  supplyKey,
  supplyOf,
  type TableName,
  type View,
} from '../../protocol/state.ts'
import { nobody } from '../../protocol/words.ts'
import { ada, bob, changesOf, cyd, dan, edited, type Edits, eve, genesis, olga, viewOf } from '../kit/fixtures.ts'
import { type Count, followLog } from '../kit/logs.ts'
import { custody, givenOf } from '../vectors/custody.ts'
import { account, funded, grant, pool, totals, world } from '../vectors/world.ts'

/** A view of money alone: whoever reads anything else is caught. */
const moneyOf = (view: View): View => ({
  read<T extends TableName>(table: T, key: Uint8Array, name?: string): Records[T] | undefined {
    if (!(custodyTables as readonly TableName[]).includes(table)) throw new Error(`custody reads no ${table}`)
    return view.read(table, key, name)
  },
})
const byName = (changes: readonly Change[]) => new Map(changes.map((change) => [recordName(change), change.after]))

for (const { name, pre, money, told, became } of custody)
  test(`custody: ${name}`, async (t) => {
    const state = edited(world, pre)
    const moved = move(moneyOf(viewOf(state)), money, givenOf(told))
    if (typeof became === 'string') return t.match(moved, { ok: false, reason: became })
    if (!moved.ok) return t.fail(moved.reason)
    t.strictSame(byName(moved.value), byName(changesOf(state, became)))
    t.equal(imbalance(moved.value), 0n, 'no money is made or lost')
  })

test('custody: what a chain took in belongs to its address, known or not, and is minted', async (t) => {
  const into = ({ address }: { address: Uint8Array }, pre: Edits, amount = 500n) =>
    deposit(moneyOf(viewOf(edited(world, pre))), { to: address, amount })
  const taken: readonly [name: string, Edits, typeof ada, Edits][] = [
    ['registered', [], ada, [account(ada, { funds: 1_000_500n }), totals({ minted: 3_007_500n })].flat()],
    ['without a key', [], dan, [account(dan, { funds: 5_500n }), totals({ minted: 3_007_500n })].flat()],
  ]
  for (const [name, pre, who, became] of taken) {
    const moved = into(who, pre)
    if (!moved.ok) return t.fail(`${name}: ${moved.reason}`)
    t.strictSame(byName(moved.value), byName(changesOf(world, became)), name)
    t.equal(imbalance(moved.value), 0n)
  }
  const opened = into(eve, [])
  if (!opened.ok) return t.fail(opened.reason)
  const { slots } = supplyOf(viewOf(world))
  t.strictSame(byName(opened.value).get(recordName({ table: 'accounts', key: eve.address })), newAccount(slots, 500n))
  t.match(byName(opened.value).get(recordName({ table: 'supply', key: supplyKey })), { slots: slots + 1 })
  t.equal(imbalance(opened.value), 0n)
  const full = totals({ slots: 2 ** 32 - 1 })
  t.strictSame(into(eve, full), { ok: false, reason: 'tree-full' })
  t.ok(into(ada, full).ok, 'whoever has an account needs no other')
  t.strictSame(into({ address: nobody }, []), { ok: false, reason: 'payee-unknown' })
  const { minted } = supplyOf(viewOf(world))
  t.ok(into(ada, [], supplyMax - minted - 1n).ok)
  t.strictSame(into(ada, [], supplyMax - minted), { ok: false, reason: 'supply-full' })
})

test('custody: the files that write its tables are itself and the genesis', async (t) => {
  const folder = join(import.meta.dirname, '../../protocol')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const writes = new RegExp(
    `(?:write|create)\\(\\s*'(?:${custodyTables.join('|')})'|table: '(?:${custodyTables.join('|')})',[^}]*(?:after|before)`,
  )
  const writers = files.filter((file) => writes.test(readFileSync(join(folder, file), 'utf8')))
  t.strictSame(new Set(writers), new Set(['custody.ts', 'genesis.ts']))
})

const people = [ada, bob, cyd, dan, eve, olga]
const amounts = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 1_500n }) },
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(1_000n, 10_000n),
)
const addresses = fc.constantFrom(...people.map(({ address }) => address))
const keys = fc.constantFrom(...people.map(({ signingKey }) => signingKey))
const deeds = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constantFrom('register', 'rekey'), key: keys }),
  fc.record({ kind: fc.constant('allow' as const), sender: addresses, amount: amounts }),
  fc.record({ kind: fc.constant('reclaim' as const), sender: addresses }),
  fc.record({ kind: fc.constant('withdraw' as const), to: addresses, amount: amounts }),
  fc.record({ kind: fc.constant('stamp-buy' as const), denomination: amounts, note: fc.bigInt({ min: 1n, max: 3n }) }),
  fc.record({
    kind: fc.constant('stamp-redeem' as const),
    denomination: amounts,
    nullifier: fc.bigInt({ min: 1n, max: 3n }),
    key: fc.option(keys, { nil: undefined }),
  }),
)
/** Whatever somebody may put into a money part. */
const parts: fc.Arbitrary<Money> = fc.record({
  author: fc.option(
    fc.record({
      account: addresses,
      nonce: fc.bigInt({ min: 0n, max: 3n }),
      expiry: fc.constantFrom(genesis.time, genesis.time - 1n),
    }),
    { nil: undefined, freq: 6 },
  ),
  burn: amounts,
  share: fc.option(fc.record({ payee: addresses, amount: amounts }), { nil: undefined }),
  lines: fc.array(fc.record({ address: addresses, amount: amounts, from: fc.constantFrom('funds', 'allowance') }), {
    maxLength: 3,
  }),
  deed: deeds,
}) as fc.Arbitrary<Money>
/** The same, with the nonce whose turn it is, and in time. */
const inTurn = (view: View, money: Money): Money =>
  money.author
    ? {
        ...money,
        author: {
          ...money.author,
          nonce: view.read('accounts', money.author.account)?.nonce ?? 0n,
          expiry: genesis.time,
        },
      }
    : money
const answers = fc.boolean().map((holds) => ({ signed: true, agreed: holds, proven: holds, paysOut: holds }))
const beginning = edited(world, [
  funded(bob, 3_000n),
  grant(cyd, ada, { allowance: 500n }),
  pool(1_000n, 2_000n),
  totals({ minted: 2n ** 40n }),
])

test('custody: whatever is put into a money part, nobody loses what they did not give, and none is made', async (t) => {
  let settled = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(parts, answers, fc.nat({ max: 4 })), { minLength: 1, maxLength: 12 }), (story) => {
      let state = beginning
      for (const [asked, told, slip] of story) {
        const before = viewOf(state)
        const money = slip === 0 ? asked : inTurn(before, asked)
        const moved = move(moneyOf(before), money, givenOf(told))
        if (!moved.ok) continue
        settled++
        if (imbalance(moved.value) !== 0n) return false
        const author = money.author && recordName({ table: 'accounts', key: money.author.account })
        for (const change of moved.value) {
          if (change.table === 'accounts' && recordName(change) !== author) {
            const [was, is] = [change.before, change.after!]
            if (is.funds < (was?.funds ?? 0n) || is.nonce !== (was?.nonce ?? 0n)) return false
            if (was?.signingKey && is.signingKey !== was.signingKey) return false
          }
          if ('after' in change && change.after && 'funds' in change.after && change.after.funds < 0n) return false
          if ('after' in change && change.after && 'amount' in change.after && change.after.amount < 0n) return false
        }
        state = new Map([...state])
        for (const { table, key, after } of moved.value)
          if (after) (state as Map<string, unknown>).set(recordName({ table, key }), { table, key, record: after })
          else (state as Map<string, unknown>).delete(recordName({ table, key }))
      }
      return true
    }),
    { numRuns: 4_000, seed: 13 },
  )
  t.ok(settled > 500, `${settled} settled`)
})

test('custody: alone, from money parts in bytes, it has every balance of the whole ledger after each entry of 1,000 logs', async (t) => {
  const count: Count = new Map()
  for (let log = 0; log < 1_000; log++) followLog(`log ${log}`, count)
  const often = (name: string, least: number): void => {
    const times = count.get(name) ?? 0
    t.ok(times >= least, `${name}: ${times} times`)
  }
  for (const name of Object.keys(operations))
    for (const kind of ['settled', 'undelivered', 'void']) often(`${name} ${kind}`, 3)
  for (const kind of ['undelivered', 'void']) often(`no operation ${kind}`, 100)
  for (const reason of [
    'malformed',
    'give-back-repeated',
    'give-back-over',
    'message-other',
    'not-recipient',
    'price-short',
  ])
    often(`undelivered: ${reason}`, 5)
  for (const reason of [
    'malformed',
    'nonce-used',
    'signature-wrong',
    'funds-short',
    'recipient-repeated',
    'recipient-unknown',
    'recipient-self',
    'allowance-short',
    'payee-unknown',
    'consent-wrong',
    'nullifier-used',
    'unproven',
  ])
    often(`void: ${reason}`, 5)
  for (const kind of ['settled', 'undelivered']) often(`${kind} out of an allowance`, 5)
})
