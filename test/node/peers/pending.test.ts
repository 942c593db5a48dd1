/** What a node lets wait for a batch, and the reasons that only a node has. */
import { test } from 'tap'
import { createPending } from '../../../node/peers/pending.ts'
import { fundsAfter } from '../../../node/peers/state-ahead.ts'
import type { SettledBatch } from '../../../node/ledger/batch-steps.ts'
import type { Clock } from '../../../node/seams.ts'
import { sign } from '../../../node/keys/sign.ts'
import type { Incoming } from '../../../protocol/doorway.ts'
import { no, yes } from '../../../protocol/reason.ts'
import type { ActionOf } from '../../../protocol/operations.ts'
import { consentHash } from '../../../protocol/registration.ts'
import { moneyOfOp } from '../../../protocol/wire.ts'
import {
  action,
  ada,
  bob,
  context,
  cyd,
  dan,
  eve,
  genesis,
  host,
  network,
  olga,
  opOf,
  rules,
  seedOf,
  sendTo,
  signed,
  type Wish,
} from '../../kit/fixtures.ts'
import { anyBatch } from '../../kit/dishonest-host.ts'
import { goodProof, plainProofs } from '../../kit/plain-proofs.ts'
import { memoryStore, openLedger } from '../../kit/memory.ts'

/** The checkpoint that the first batch takes. */
const first = { epoch: 1, checkpoint: 0 }

/** Time stands still at genesis. */
const clock: Clock = {
  now: () => Number(genesis.time),
  monotonic: () => 0,
  after: () => () => undefined,
  every: () => () => undefined,
}

/** A pool over a ledger in which Ada, Bob and Cyd have registered themselves. */
async function createPool(now: Clock['now'] = clock.now) {
  const store = memoryStore()
  const replica = await openLedger(store, { clock })
  const registered = [ada, bob, cyd].map((by) =>
    signed({
      by,
      action: action('register', { signingKey: by.signingKey, sealKey: by.sealKey, sponsorship: undefined }),
    }),
  )
  await replica.produce(genesis.time, registered, (digest) => sign(digest, host.privateKey))
  const pending = createPending(replica, { clock: { now }, proofs: plainProofs })
  const add = (...wish: Parameters<typeof signed>) => pending.add(signed(...wish), 'a peer')
  return { replica, store, pending, add }
}

const pay = (amount: bigint) => action('transfer', { to: bob.address, amount })

test('pending: ops of one account wait in the order of their nonces', async (t) => {
  const { pending, add } = await createPool()
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(1n) }), no('nonce-gap'))
  t.strictSame(await add({ by: ada, nonce: 1n, action: pay(1n) }), yes('new'))
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(1n) }), yes('new'))
  t.strictSame(await add({ by: ada, nonce: 1n, action: pay(1n) }), yes('known'))
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(2n) }), no('nonce-pending'))
  t.strictSame(await add({ by: ada, nonce: 0n, action: pay(2n) }), no('nonce-used'))
  t.equal(pending.count(ada.address), 2)
  t.strictSame(
    pending.list().map(({ op }) => op.nonce),
    [1n, 2n],
  )
})

test('pending: what somebody set aside is relied on by as many letters as it pays for, and by no more', async (t) => {
  const { replica, add } = await createPool()
  const set = action('grant', { sender: ada.address, payer: 'recipient', allowance: 600n })
  const granted = signed({ by: bob, nonce: 1n, action: set })
  await replica.produce(genesis.time, [granted], (digest) => sign(digest, host.privateKey))
  const letter = (nonce: bigint) => {
    const lines = [{ address: bob.address, amount: 250n, from: 'allowance' } as const]
    const amounts = { burn: 250n + rules.inclusionFee, share: undefined, lines }
    return add({ by: ada, nonce, action: sendTo([bob], { envelopeHash: seedOf(`letter ${nonce}`) }), amounts })
  }
  t.strictSame(await letter(1n), yes('new'))
  t.strictSame(await letter(2n), yes('new'))
  t.strictSame(await letter(3n), no('allowance-short'), 'in a batch it would be void, and cost its sender nothing')
})

test('pending: of two that come at once with one nonce, one is taken', async (t) => {
  const { pending, add } = await createPool()
  const results = await Promise.all([1n, 2n, 3n].map((amount) => add({ by: ada, nonce: 1n, action: pay(amount) })))
  t.strictSame(results.filter(({ ok }) => ok).length, 1)
  t.strictSame(results.filter((result) => !result.ok && result.reason === 'nonce-pending').length, 2)
  t.equal(pending.size, 1)
})

test('pending: a message waits once, whoever signed it again', async (t) => {
  const { add } = await createPool()
  const send = (nonce: bigint, details: { envelopeHash?: Uint8Array } = {}, amounts: Wish['amounts'] = {}) =>
    add({ by: ada, nonce, action: sendTo([bob], details), amounts })
  t.strictSame(await send(1n), yes('new'))
  t.strictSame(await send(2n, {}, { burn: 9_999n }), no('message-pending'), 'at whatever price')
  t.strictSame(await send(2n, { envelopeHash: seedOf('another') }), yes('new'))
  t.strictSame(await send(3n, { envelopeHash: seedOf('another') }), no('message-pending'))
})

test('pending: what may be spent is reserved while it waits, and a little is to lie still', async (t) => {
  const { add } = await createPool()
  // 999,990 are left after registering; 100 of them are the reserve.
  t.strictSame(await add({ by: ada, nonce: 1n, action: pay(999_000n) }), yes('new'))
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(971n) }), no('funds-short'))
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(871n) }), no('reserve-short'))
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(870n) }), yes('new'))
  t.strictSame(await add({ by: ada, nonce: 3n, action: pay(0n) }), no('reserve-short'))
})

test('pending: the ledger settles what leaves no reserve; it is only not relayed', async (t) => {
  const { replica, add } = await createPool()
  const wish: Wish = { by: ada, nonce: 1n, action: pay(999_980n) }
  t.strictSame(await add(wish), no('reserve-short'))
  const { made } = await replica.produce(genesis.time, [signed(wish)], (digest) => sign(digest, host.privateKey))
  t.strictSame(
    made!.settled.applied.map(({ kind }) => kind),
    ['settled'],
  )
})

test('pending: an address may register and go on before it is settled', async (t) => {
  const { add } = await createPool()
  t.strictSame(
    await add({
      by: dan,
      action: action('register', { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined }),
    }),
    yes('new'),
  )
  t.strictSame(await add({ by: dan, nonce: 1n, action: pay(1n) }), yes('new'))
})

test('pending: so many of one account, and then the queue is full for it', async (t) => {
  const { pending, add } = await createPool()
  let nonce = 1n
  let result = await add({ by: ada, nonce, action: pay(0n) })
  while (result.ok && nonce < 1_000n) result = await add({ by: ada, nonce: ++nonce, action: pay(0n) })
  t.strictSame(result, no('queue-full'))
  t.equal(pending.count(ada.address), 256)
  t.strictSame(await add({ by: cyd, nonce: 1n, action: pay(0n) }), yes('new'), 'for it alone')
})

test('pending: a batch clears what it settled, and what has expired', async (t) => {
  const { pending, replica, add } = await createPool()
  await add({ by: ada, nonce: 1n, action: pay(1n) })
  await add({ by: ada, nonce: 2n, action: pay(2n) })
  await add({ by: cyd, nonce: 1n, action: pay(3n), expiry: genesis.time + 1n })
  const produced = await replica.produce(genesis.time + 2n, pending.list().slice(0, 1), (digest) =>
    sign(digest, host.privateKey),
  )
  const gone = pending.settle(produced!.made!.settled)
  t.strictSame(new Set(gone.map(({ op }) => op.account)), new Set([ada.address, cyd.address]))
  t.strictSame(
    pending.list().map(({ op }) => op.nonce),
    [2n],
  )
})

test('pending: what its own account’s batch left too little for makes room under its nonce', async (t) => {
  const { pending, replica, add } = await createPool()
  for (const [nonce, amount] of [
    [1n, 1n],
    [2n, 500_000n],
    [3n, 1n],
  ] as const)
    t.ok((await add({ by: ada, nonce, action: pay(amount) })).ok)
  t.ok((await add({ by: cyd, nonce: 1n, action: pay(1n) })).ok)
  const settle = async (...ops: readonly Incoming[]) => {
    const { made } = await replica.produce(genesis.time, ops, (digest) => sign(digest, host.privateKey))
    pending.settle(made!.settled)
    return (await pending.settleNext(made!.settled)).map(({ op }) => op.nonce)
  }
  const another = signed({ by: ada, nonce: 1n, action: pay(600_000n) })
  t.strictSame(await settle(another), [2n], 'the first of those that wait')
  t.strictSame(await add({ by: ada, nonce: 2n, action: pay(2n) }), yes('new'))
  t.strictSame(
    await settle(signed({ by: ada, nonce: 2n, action: pay(2n) })),
    [],
    'and nothing that can still be settled',
  )
  t.strictSame(
    pending.list().map(({ op }) => op.nonce),
    [3n, 1n],
  )
})

test('pending: of two that give back for one letter an honest host takes the first, and the second holds up nothing', async (t) => {
  const { pending, replica, add } = await createPool()
  const produce = (ops: readonly Incoming[]) => replica.produce(genesis.time, ops, (key) => sign(key, host.privateKey))
  const letter = signed({ by: ada, nonce: 1n, action: sendTo([bob]) })
  t.ok((await produce([letter])).made)
  const giveBack = (amount: bigint) => action('giveBack', { message: letter.message!, sender: ada.address, amount })
  // As two devices of his do that did not know of each other.
  t.strictSame(await add({ by: bob, nonce: 1n, action: giveBack(1n) }), yes('new'))
  t.strictSame(await add({ by: bob, nonce: 2n, action: giveBack(2n) }), yes('new'))
  const { made, omitted } = await produce(pending.list())
  t.strictSame(
    made!.settled.ops.map(({ money }) => money?.author?.nonce),
    [1n],
  )
  t.strictSame(
    omitted.map(({ reason }) => reason),
    ['give-back-repeated'],
  )
  pending.settle(made!.settled)
  t.equal((await pending.settleNext(made!.settled)).length, 1, 'whoever relays lets it go, too')
  t.strictSame(
    await add({ by: bob, nonce: 2n, action: action('transfer', { to: ada.address, amount: 1n }) }),
    yes('new'),
  )
})

test('pending: what was taken by a clock that was ahead is let go when it is right again', async (t) => {
  const dayMs = 86_400_000
  let now = Number(genesis.time) + dayMs
  const { pending, add } = await createPool(() => now)
  const taken = BigInt(rules.expiryMaxMs + rules.clockSkewMs)
  await add({ by: ada, nonce: 1n, action: pay(1n), expiry: genesis.time + taken })
  await add({ by: cyd, nonce: 1n, action: pay(2n), expiry: genesis.time + taken + 1n })
  t.strictSame(pending.expire(), [])
  now -= dayMs
  const gone = pending.expire()
  t.strictSame(
    gone.map(({ op }) => op.account),
    [cyd.address],
  )
  now = 0
  t.strictSame(pending.expire(), [], 'a clock that is behind is held up by the last batch')
})

test('pending: what an op leaves, at least', async (t) => {
  const funds = 1_000n + rules.reserve
  const left = (wanted: Wish['action'], amounts: Wish['amounts'] = {}) =>
    funds - fundsAfter(funds, moneyOfOp(opOf({ by: ada, action: wanted, amounts })))
  t.equal(left(pay(7n)), 7n + rules.inclusionFee)
  const lines = [{ address: bob.address, amount: 7n, from: 'funds' }] as const
  t.equal(left(sendTo([bob]), { burn: 3n, share: { payee: olga.address, amount: 2n }, lines }), 3n + 2n + 7n)
  const free = lines.map((line) => ({ ...line, from: 'allowance' }) as const)
  t.equal(left(sendTo([bob]), { burn: 10n, share: undefined, lines: free }), 3n, 'what was set aside pays of it')
  t.equal(left(action('grant', { sender: bob.address, payer: 'recipient', allowance: 7n })), 7n + rules.inclusionFee)
  t.equal(left(action('revoke', { sender: bob.address })), rules.inclusionFee)
  t.equal(left(sendTo([bob]), { burn: 10n ** 15n }), funds, 'never more than there is')
})

test('pending: an op that is nobody’s waits alone under its nullifier, whoever proved it', async (t) => {
  const { pending, add } = await createPool()
  const renew = (fields: Partial<ActionOf<'renew'>>) =>
    add({
      by: ada,
      action: action('renew', {
        ...first,
        nullifier: 1n,
        leaf: 2n,
        endorsement: undefined,
        proof: goodProof,
        ...fields,
      }),
    })
  t.strictSame(await renew({ proof: new Uint8Array(256) }), no('unproven'), 'and a wrong proof takes no place')
  t.strictSame(await renew({}), yes('new'))
  t.strictSame(await renew({}), yes('known'))
  t.strictSame(await renew({ leaf: 3n }), no('nullifier-pending'))
  t.strictSame(await renew({ nullifier: 2n }), yes('new'))
  t.strictSame(await renew({ nullifier: 3n, epoch: 2 }), no('checkpoint-unknown'))
  t.equal(pending.size, 2)
  t.strictSame(pending.expire(), [], 'no clock forgets it')
})

test('pending: a batch clears a nullifier, whichever op used it, and at the close of an epoch what was proven in it', async (t) => {
  const { pending, replica, add } = await createPool()
  const renew = (nullifier: bigint, leaf: bigint): Wish => ({
    by: ada,
    action: action('renew', { ...first, nullifier, leaf, endorsement: undefined, proof: goodProof }),
  })
  const pass = (by: typeof ada, byte: number): Wish => ({
    by,
    nonce: 1n,
    expiry: genesis.time + BigInt(rules.expiryMaxMs),
    action: action('pass', {
      ...first,
      epochKey: new Uint8Array(20).fill(byte),
      tier: 1,
      proof: goodProof,
    }),
    amounts: { burn: 1_000n },
  })
  for (const wish of [renew(1n, 2n), renew(2n, 3n), pass(ada, 1), pass(bob, 2)]) t.ok((await add(wish)).ok)
  const close = genesis.time + rules.epochMs
  const sealing = (digest: Uint8Array) => sign(digest, host.privateKey)
  const produced = await replica.produce(genesis.time, [signed(renew(1n, 9n)), signed(pass(ada, 1))], sealing)
  t.equal(pending.settle(produced.made!.settled).length, 2)
  t.equal(pending.size, 2)
  const closing = await replica.produce(close, [], sealing)
  t.equal(closing.made!.settled.header.epoch, 2)
  t.equal(pending.settle(closing.made!.settled).length, 2, 'also a pass whose expiry is not over')
  t.equal(pending.size, 0)
})

test('pending: what a dishonest batch repeats, or lets fail, takes no place and is no end of the op', async (t) => {
  const { pending, replica, store, add } = await createPool()
  const renew = (proof: Uint8Array): Wish => ({
    by: ada,
    action: action('renew', { ...first, nullifier: 1n, leaf: 2n, endorsement: undefined, proof }),
  })
  const [paid, renewed] = [signed({ by: ada, nonce: 1n, action: pay(1n) }), signed(renew(goodProof))]
  const failed = signed(renew(new Uint8Array(256)))
  t.ok((await add(renew(goodProof))).ok)
  const batchOf = async (...entries: readonly Incoming[]) => {
    const node = { context, store, replica, seams: { clock, proofs: plainProofs } }
    const batch = await anyBatch(node, { hostKey: host.privateKey, entries: entries.map(({ bytes }) => bytes) })
    const settled = new Promise<SettledBatch>((resolve) => replica.onSettled(resolve))
    t.equal(await replica.accept(batch), 'final')
    const { applied } = await settled
    return { kinds: applied.map(({ kind }) => kind), gone: pending.settle(await settled).length }
  }
  t.strictSame(await batchOf(failed, paid), { kinds: ['undelivered', 'settled'], gone: 0 }, 'it waits on')
  t.equal(await store.outcome(failed.id), undefined, 'and what did nothing is nowhere')
  t.strictSame(await batchOf(renewed, paid), { kinds: ['settled', 'void'], gone: 1 })
  t.strictSame(await batchOf(renewed, paid), { kinds: ['undelivered', 'void'], gone: 0 })
  const outcomes = await Promise.all([paid, renewed].map(({ id }) => store.outcome(id)))
  t.strictSame(
    outcomes.map((one) => [one?.height, one?.outcome.result.TAG]),
    [
      [2n, 'settled'],
      [3n, 'settled'],
    ],
    'each is where it was done',
  )
})

test('pending: a stamp that would register somebody makes way once somebody else did', async (t) => {
  const { pending, replica, add } = await createPool()
  const registering = ({ address, signingKey, sealKey, privateKey }: typeof ada) => {
    const consent = sign(consentHash(network, { signingKey, sealKey }), privateKey)
    return { to: address, registration: { signingKey, sealKey, consent } }
  }
  const redeem = (nullifier: bigint, to: Pick<ActionOf<'stampRedeem'>, 'to' | 'registration'>): Wish => ({
    by: ada,
    action: action('stampRedeem', { ...first, nullifier, denomination: 1_000n, proof: goodProof, ...to }),
  })
  const sealing = (digest: Uint8Array) => sign(digest, host.privateKey)
  const buy = (nonce: bigint): Wish => ({
    by: ada,
    nonce,
    action: action('stampBuy', { denomination: 1_000n, note: nonce }),
  })
  await replica.produce(
    genesis.time,
    [1n, 2n, 3n].map(buy).map((wish) => signed(wish)),
    sealing,
  )
  const dans = redeem(1n, registering(dan))
  for (const wish of [dans, redeem(2n, registering(eve)), redeem(3n, { to: bob.address, registration: undefined })])
    t.strictSame(await add(wish), yes('new'))
  const { registration } = registering(dan)
  const sponsorship = { amount: 1_000n, consent: registration.consent }
  const op = signed({ by: bob, nonce: 1n, action: action('register', { ...dan, sponsorship }) })
  const { made } = await replica.produce(genesis.time, [op], sealing)
  t.strictSame(
    pending.settle(made!.settled).map(({ op }) => op.action),
    [dans.action],
  )
  t.strictSame(await add(dans), no('registered-already'))
  t.strictSame(await add(redeem(1n, { to: dan.address, registration: undefined })), yes('new'), 'and it is proven anew')
})
