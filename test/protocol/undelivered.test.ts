/**
 * What is paid and not delivered: each operation of the vectors that settle, with something wrong in it that custody does not
 * look at. What it names is paid, to a unit, and nothing else of it is done.
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { sign } from '../../node/keys/sign.ts'
import { custodyTables } from '../../protocol/custody.ts'
import { type Entry, readEntry } from '../../protocol/doorway.ts'
import { hash } from '../../protocol/hash.ts'
import { type Applied, apply } from '../../protocol/ledger.ts'
import { Part, SignedPart } from '../../protocol/money.ts'
import { operations } from '../../protocol/operations.ts'
import type { Reason } from '../../protocol/reason.ts'
import { type Change, grantKey, imbalance, type TableName } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { encodeSignedOp, isAnonymous, type Op, opId, partOfOp, unsigned } from '../../protocol/wire.ts'
import {
  accountOf,
  action,
  ada,
  bob,
  changed,
  context,
  dan,
  edited,
  fetchedOf,
  opOf,
  sendTo,
  settle,
  signed,
  type State,
  totalsOf,
  viewOf,
  type Wish,
} from '../kit/fixtures.ts'
import { contextOf, settled } from '../vectors/all.ts'
import { funded, tree, world } from '../vectors/world.ts'

/** Every op that settles, at what it has to pay, and the state that it comes upon. */
const trials = settled.map((vector) => {
  const [within, state] = [contextOf(vector), edited(world, vector.pre ?? [])]
  const key = vector.op.privateKey ?? vector.op.by.privateKey
  const { amounts: _, ...wish } = vector.op
  return { name: vector.name, within, state, key, op: opOf(wish, { within, view: viewOf(state) }) }
})
type Trial = (typeof trials)[number]

/** What becomes of an entry, which reads only what it names. */
const applyIn = ({ within, state }: Trial, entry: Entry): Applied =>
  apply(fetchedOf(state, touches(within, entry)), within, entry)
/** An op as an entry of a batch, signed anew. */
function entryOf({ within, key }: Trial, op: Op): Entry {
  const signature = isAnonymous(op.action) ? unsigned : sign(opId(within.network, op), key)
  return readEntry(encodeSignedOp({ op, signature }), within)
}
/** The same with a byte behind what it says as mail, so that nobody can read that. */
function unreadable({ within, key }: Trial, op: Op): Entry {
  const part = partOfOp(op)
  const longer = { ...part, mail: concatBytes(part.mail, Uint8Array.of(0)) }
  const digest = hash('op', within.network, Part.encode(longer))
  const signature = isAnonymous(op.action) ? unsigned : sign(digest, key)
  return readEntry(SignedPart.encode({ part: longer, signature }), within)
}

/** What an op moves, added up from what it says: by account and by what was set aside, and what burns. */
function named(state: State, { account, action, burn, share, lines }: Op): Record<string, bigint> {
  const sums: Record<string, bigint> = {}
  const add = (name: string, amount: bigint) => (sums[name] = (sums[name] ?? 0n) + amount)
  const [funds, aside] = [
    (address: Uint8Array) => `funds of ${bytesToHex(address)}`,
    (granter: Uint8Array, sender: Uint8Array) => `set aside ${bytesToHex(grantKey({ granter, sender }))}`,
  ]
  const pay = (amount: bigint) => (isAnonymous(action) ? undefined : add(funds(account), -amount))
  add('burned', burn)
  pay(burn)
  if (share) {
    add(funds(share.payee), share.amount)
    pay(share.amount)
  }
  for (const { address, amount, from } of lines) {
    add(from === 'funds' ? funds(address) : aside(address, account), from === 'funds' ? amount : -amount)
    pay(from === 'funds' ? amount : -amount)
  }
  const { TAG, data } = action
  if (TAG === 'grant') {
    add(aside(account, data.sender), data.allowance)
    pay(data.allowance)
  }
  if (TAG === 'revoke') {
    const key = grantKey({ granter: account, sender: data.sender })
    const left = viewOf(state).read('allowances', key)?.amount ?? 0n
    add(aside(account, data.sender), -left)
    pay(-left)
  }
  if (TAG === 'stampBuy') {
    add(`pool of ${data.denomination}`, data.denomination)
    pay(data.denomination)
  }
  if (TAG === 'stampRedeem') add(`pool of ${data.denomination}`, -data.denomination)
  return without0(sums)
}

/** What changes move, by the same names. */
function moved(changes: readonly Change[]): Record<string, bigint> {
  const sums: Record<string, bigint> = {}
  for (const change of changes) {
    const { table, key, before, after } = change
    if (table === 'accounts') sums[`funds of ${bytesToHex(key)}`] = after!.funds - (before?.funds ?? 0n)
    if (table === 'allowances') sums[`set aside ${bytesToHex(key)}`] = (after?.amount ?? 0n) - (before?.amount ?? 0n)
    if (table === 'pools')
      sums[`pool of ${BigInt(`0x${bytesToHex(key)}`)}`] = (after?.amount ?? 0n) - (before?.amount ?? 0n)
    if (table === 'supply') sums.burned = after!.burned - before!.burned
  }
  return without0(sums)
}

const without0 = (sums: Record<string, bigint>): Record<string, bigint> =>
  Object.fromEntries(
    Object.entries(sums)
      .filter(([, amount]) => amount !== 0n)
      .sort(),
  )

/** Where the leaf of a stamp stands: whatever custody sells has one. */
const leafTables: readonly TableName[] = ['stampLeaves', 'trees', 'nodes']

/** Each way to spoil an op for mail and not for custody; of some ops there is none of a kind. */
const spoils: Readonly<
  Record<string, { readonly reason: Reason; readonly spoil: (trial: Trial) => readonly [Op, Entry] | undefined }>
> = {
  'expires too late': {
    reason: 'expiry-too-far',
    spoil(trial) {
      if (isAnonymous(trial.op.action)) return undefined
      const op = { ...trial.op, expiry: totalsOf(trial.state).time + BigInt(trial.within.rules.expiryMaxMs) + 1n }
      return [op, entryOf(trial, op)]
    },
  },
  'burns a unit too little': {
    reason: 'price-short',
    spoil(trial) {
      const { burn, action } = trial.op
      if (burn === 0n || isAnonymous(action)) return undefined
      const op = { ...trial.op, burn: burn - 1n }
      return [op, entryOf(trial, op)]
    },
  },
  'pays a unit too little, and burns it': {
    reason: 'price-short',
    spoil(trial) {
      const { burn, lines, action } = trial.op
      const [line, ...rest] = lines
      // Of other operations the line is what they say.
      if ((action.TAG !== 'send' && action.TAG !== 'stampRedeem') || line?.from !== 'funds' || line.amount === 0n)
        return undefined
      const op = { ...trial.op, burn: burn + 1n, lines: [{ ...line, amount: line.amount - 1n }, ...rest] }
      return [op, entryOf(trial, op)]
    },
  },
  'says what nobody can read': {
    reason: 'malformed',
    spoil(trial) {
      const { action } = trial.op
      // What agrees to a key, and what is proven of a stamp, stands in what nobody can read; so custody leaves it.
      const counts =
        (action.TAG === 'register' && action.data.sponsorship) ||
        (action.TAG === 'rekey' && action.data.signing) ||
        action.TAG === 'stampRedeem'
      return counts ? undefined : [trial.op, unreadable(trial, trial.op)]
    },
  },
}

for (const [how, { reason, spoil }] of Object.entries(spoils))
  test(`undelivered: what ${how} pays what it names, and does nothing else`, async (t) => {
    for (const trial of trials) {
      const spoiled = spoil(trial)
      if (!spoiled) continue
      const [op, entry] = spoiled
      const { state, name } = trial
      const applied = applyIn(trial, entry)
      t.match(applied, { kind: 'undelivered', reason }, name)
      if (applied.kind !== 'undelivered') continue
      t.strictSame(moved(applied.changes), named(state, op), `${name}: what it names`)
      const others = applied.changes.filter(({ table }) => !(custodyTables as readonly string[]).includes(table))
      const leaf = op.action.TAG === 'stampBuy' ? leafTables : []
      t.strictSame(new Set(others.map(({ table }) => table)), new Set(leaf), `${name}: nothing else`)
      t.equal(imbalance(applied.changes), 0n, name)
      if (entry.money?.author) {
        const before = viewOf(state).read('accounts', op.account)!.nonce
        t.equal(viewOf(changed(state, applied.changes)).read('accounts', op.account)!.nonce, before + 1n, name)
      }
    }
  })

test('undelivered: every operation is tried', async (t) => {
  const tried = trials.flatMap((trial) =>
    Object.values(spoils).some(({ spoil }) => spoil(trial)) ? [trial.op.action.TAG] : [],
  )
  t.strictSame(new Set(tried), new Set(Object.keys(operations)))
})

test('undelivered: a letter that was paid for too little is no message, and can be paid for anew', async (t) => {
  const letter = sendTo([bob])
  const short = signed({ by: ada, action: letter, amounts: { burn: 0n } })
  const again = signed({ by: ada, nonce: 1n, action: letter })
  const { applied, state } = settle(world, { ops: [short, again] })
  t.match(applied, [{ kind: 'undelivered', reason: 'price-short' }, { kind: 'settled' }])
  const [line] = short.op.lines
  t.equal(accountOf(state, bob).funds - accountOf(world, bob).funds, 2n * line!.amount, 'Bob was paid both times')
  const once = settle(world, { ops: [short] }).state
  t.equal(viewOf(once).read('messages', short.message!), undefined)
  t.equal(totalsOf(once).demand, totalsOf(world).demand, 'and it was no demand')
})

/** The state after an op whose mail nobody can read. */
function undelivered(state: State, wish: Wish): State {
  const key = wish.privateKey ?? wish.by.privateKey
  const trial: Trial = { name: '', within: context, state, key, op: opOf(wish, { view: viewOf(state) }) }
  const applied = applyIn(trial, unreadable(trial, trial.op))
  if (applied.kind !== 'undelivered') throw new Error(`it is ${applied.kind}`)
  return changed(state, applied.changes)
}
const granting = (payer: 'sender' | 'recipient') => action('grant', { sender: ada.address, payer, allowance: 5_000n })
const revoking = action('revoke', { sender: ada.address })
const between = grantKey({ granter: bob.address, sender: ada.address })

test('undelivered: what a grant set aside comes back by a revocation, though nothing was granted', async (t) => {
  const granted = undelivered(world, { by: bob, action: granting('recipient') })
  t.equal(viewOf(granted).read('allowances', between)?.amount, 5_000n)
  t.equal(viewOf(granted).read('grants', between), undefined)
  const { applied, state } = settle(granted, { ops: [signed({ by: bob, nonce: 1n, action: revoking })] })
  t.match(applied, [{ kind: 'settled' }])
  t.equal(viewOf(state).read('allowances', between), undefined)
  t.equal(accountOf(world, bob).funds - accountOf(state, bob).funds, 2n * context.rules.inclusionFee, 'all of it')
  const again = settle(state, { ops: [signed({ by: bob, nonce: 2n, action: revoking })] })
  t.match(again.applied, [{ kind: 'undelivered', reason: 'grant-unknown' }], 'once')
})

test('undelivered: what a grant set aside counts once it is granted, and a letter cannot use it before', async (t) => {
  const short = undelivered(world, { by: bob, action: granting('recipient') })
  const paying = (state: State) => opOf({ by: ada, action: sendTo([bob]) }, { view: viewOf(state) }).lines[0]!.from
  t.equal(paying(short), 'funds')
  const { state } = settle(short, { ops: [signed({ by: bob, nonce: 1n, action: granting('recipient') })] })
  t.equal(paying(state), 'allowance')
  t.equal(viewOf(state).read('allowances', between)?.amount, 10_000n)
})

test('undelivered: what was set aside comes back by a revocation that does not count, and the grant stands until one does', async (t) => {
  const { state: granted } = settle(world, { ops: [signed({ by: bob, action: granting('recipient') })] })
  const returned = undelivered(granted, { by: bob, nonce: 1n, action: revoking })
  t.equal(viewOf(returned).read('allowances', between), undefined)
  t.match(viewOf(returned).read('grants', between), { endsAt: undefined })
  const { applied, state } = settle(returned, { ops: [signed({ by: bob, nonce: 2n, action: revoking })] })
  t.match(applied, [{ kind: 'settled' }])
  t.type(viewOf(state).read('grants', between)?.endsAt, 'bigint')
})

test('undelivered: a stamp has the same leaf as one whose purchase counts', async (t) => {
  const buying = { by: ada, action: action('stampBuy', { denomination: 1_000n, note: 77n }) }
  const { state: counted } = settle(world, { ops: [signed(buying)] })
  const bought = undelivered(world, buying)
  const leafOf = (state: State) => [...state.values()].filter(({ table }) => leafTables.includes(table))
  t.strictSame(leafOf(bought), leafOf(counted))
  t.not(leafOf(bought).length, leafOf(world).length)
})

test('undelivered: where the tree of stamps is full, one gets none', async (t) => {
  const full = edited(world, [tree('stamps', 4 ** 16)])
  const bought = undelivered(full, { by: ada, action: action('stampBuy', { denomination: 1_000n, note: 77n }) })
  t.strictSame(new Set(changedTables(full, bought)), new Set(['accounts', 'supply', 'notes', 'pools']))
})

test('undelivered: who was registered without an encryption key gives themselves one', async (t) => {
  const { signingKey, sealKey } = dan
  const registering = { by: dan, action: action('register', { signingKey, sealKey, sponsorship: undefined }) }
  const state = undelivered(edited(world, [funded(dan, 1_000n)]), registering)
  t.ok(accountOf(state, dan).signingKey)
  t.equal(viewOf(state).read('sealKeys', dan.address), undefined)
  const rekey = signed({ by: dan, nonce: 1n, action: action('rekey', { signing: undefined, sealKey }) })
  const mended = settle(state, { ops: [rekey] })
  t.match(mended.applied, [{ kind: 'settled' }])
  t.strictSame(viewOf(mended.state).read('sealKeys', dan.address), { sealKey })
})

/** The tables in which two states differ. */
const changedTables = (before: State, after: State): TableName[] =>
  [...after].flatMap(([name, entry]) => (before.get(name)?.record === entry.record ? [] : [entry.table]))
