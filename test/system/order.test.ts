// Slow: it floods real sockets with honest traffic.
/**
 * Honest nodes over real sockets, and so much at once that everything overtakes everything: no op is ignored or refused by
 * any of them. And nobody can make them take each other for liars.
 */
import { type Test, test } from 'tap'
import { sign } from '../../node/keys/sign.ts'
import { Given, Mail, streamsOf, Taken } from '../../protocol/gossip.ts'
import type { Action } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { consentHash } from '../../protocol/registration.ts'
import type { Libp2pNetwork } from '../../node/network/libp2p.ts'
import { action, personOf } from '../kit/fixtures.ts'
import { type Actor, createWorld, type Running, settledAt } from '../kit/nodes.ts'
import { patienceMs, until } from '../kit/patience.ts'

const twelve = Array.from({ length: 12 }, (_, at) => `person ${at}`)

async function threeNodes(t: Test, people: readonly string[]) {
  // As cheap as can be.
  const price = { start: 100n, floor: 100n, ceiling: 1_000_000n, target: 100_000n, intervalMs: 60_000, step: 1_000n }
  const world = await createWorld(t, { people, keepers: 1, threshold: 1, changes: { price } })
  const host = await world.start('host', { hosts: true, keeps: 0 })
  const near = await world.start('near')
  const far = await world.start('far')
  const all = [host, near, far]
  const actors = people.map(world.person)
  await world.register(host, ...actors)
  await meshed(all)
  for (const { told } of all) told.length = 0
  return { world, all, host, near, far, actors }
}

/** Until everybody has every batch, and so hears everybody. */
const meshed = (all: readonly Running[]) =>
  until(
    'all are at one height',
    () => new Set(all.map(({ node }) => node.replica.head.sealed.header.height)).size === 1,
  )

/** What nodes did not take of operations, by node. */
const untaken = (all: readonly Running[]) =>
  all.flatMap(({ name, told }) =>
    told
      .filter(({ topic, answer }) => (topic === 'ops' || topic === 'mail') && answer !== 'accept')
      .map(({ answer, reason }) => `${name}: ${answer} ${reason}`),
  )

const nonceAt = async ({ node }: Running, { address }: Actor): Promise<bigint> =>
  (await node.replica.view([{ table: 'accounts', key: address }])).read('accounts', address)!.nonce

/** Wait until an account is so far at every node. */
const reached = (all: readonly Running[], actor: Actor, nonce: bigint) =>
  until(`${actor.name} is at ${nonce} everywhere`, async () =>
    (await Promise.all(all.map((one) => nonceAt(one, actor)))).every((at) => at === nonce),
  )

/** Give ops to a node, as a person's own would; which it took. */
async function give(
  from: Libp2pNetwork,
  { network, node }: Running,
  ops: readonly Uint8Array[],
): Promise<readonly boolean[]> {
  const mails = ops.map((op) => Mail.encode({ op, envelope: undefined }))
  const name = streamsOf(node.context.network).give
  for await (const bytes of from.request(network.self, name, Given.encode({ mails }), { timeoutMs: patienceMs }))
    return Taken.decode(bytes)
  throw new Error('no answer')
}

test('order: 201 people are registered by one sponsor at once, and no node ignores one of them', async (t) => {
  const { world, all, near, actors } = await threeNodes(t, ['ada'])
  const [ada] = actors as [Actor]
  const { network } = world.context
  const ops = Array.from({ length: 201 }, (_, at) => {
    const { signingKey, sealKey, privateKey } = personOf(`newcomer ${at}`)
    const consent = sign(consentHash(network, { signingKey, sealKey }), privateKey)
    const sponsorship = { amount: world.file.rules.reserve, consent }
    return world.op({
      by: ada,
      nonce: 1n + BigInt(at),
      action: action('register', { signingKey, sealKey, sponsorship }),
    })
  })
  const results = await Promise.all(ops.map((op) => near.node.submit(op)))
  t.ok(results.every(({ ok }) => ok))
  await reached(all, ada, 202n)
  t.strictSame(untaken(all), [])
})

test('order: ops of one account that come in by two nodes, in any order, are all taken by all', async (t) => {
  const { world, all, near, far, actors } = await threeNodes(t, ['ada', 'bob'])
  const [ada, bob] = actors as [Actor, Actor]
  const stranger = await world.stranger(all)
  const pay = (nonce: number) =>
    world.op({ by: ada, nonce: BigInt(nonce), action: action('transfer', { to: bob.address, amount: 1n }) })
  const ops = Array.from({ length: 200 }, (_, at) => pay(1 + at))
  // Each node gets every second one, and the later half first.
  const shares = [near, far].flatMap((node, which) =>
    [ops.slice(100), ops.slice(0, 100)].map((half) => ({ node, half: half.filter((_, at) => at % 2 === which) })),
  )
  const taken = await Promise.all(shares.map(({ node, half }) => give(stranger, node, half)))
  t.strictSame(new Set(taken.flat()), new Set([true]), 'or wait for what comes before them')
  await reached(all, ada, 201n)
  t.strictSame(untaken(all), [])
})

test('order: 800 letters of one account go through without one being ignored', async (t) => {
  const { world, all, near, actors } = await threeNodes(t, ['ada', 'bob', 'cyd'])
  const [ada, bob, cyd] = actors as [Actor, Actor, Actor]
  // So many letters cost more than one has in the beginning.
  for (const by of [bob, cyd]) {
    const gift = world.op({ by, action: action('transfer', { to: ada.address, amount: 9_500_000n }) })
    t.match(await near.node.submit(gift), { ok: true })
    await reached(all, by, 2n)
  }
  let last: Uint8Array | undefined
  for (let nonce = 1n; nonce <= 800n; nonce++) {
    const sealed = await world.seal(ada, [bob], new TextEncoder().encode(`Subject: ${nonce}\r\n\r\n`))
    const op = world.op({ by: ada, nonce, action: world.send(sealed, [bob]), each: 30_000n })
    await until('there is room', async () => (await near.node.submit(op, sealed.envelopeBytes)).ok)
    last = sealed.messageId
  }
  for (const node of all) await settledAt(node, last!)
  t.strictSame(untaken(all), [])
})

test('order: a key that changes at one node and goes on at another turns no honest node against the next', async (t) => {
  const { world, all, near, far, actors } = await threeNodes(t, twelve)
  const stranger = await world.stranger(all)
  const { network } = world.context
  const [first] = actors as [Actor]
  for (const [at, by] of actors.entries()) {
    const { signingKey, privateKey } = personOf(`another key of ${by.name}`)
    const signature = sign(rekeyHash(network, { account: by.address, nonce: 1n }), privateKey)
    const rekey: Action = action('rekey', { signing: { key: signingKey, signature }, sealKey: undefined })
    const pay = action('transfer', { to: actors[(at + 1) % actors.length]!.address, amount: 1n })
    const moved = [
      world.op({ by, action: rekey }),
      ...[2n, 3n].map((nonce) => world.op({ by, nonce, action: pay, privateKey })),
    ]
    const stayed = [1n, 2n, 3n, 4n].map((nonce) => world.op({ by, nonce, action: pay }))
    await Promise.all([give(stranger, near, moved), give(stranger, far, stayed)])
  }
  await until('each account has gone on, one way or the other', async () =>
    (await Promise.all(actors.map((by) => nonceAt(near, by)))).every((nonce) => nonce >= 4n),
  )
  // What is honest goes on between all of them.
  await until('all agree', async () => (await nonceAt(far, first)) === (await nonceAt(near, first)))
  const wrong = all.flatMap(({ told }) => told.filter(({ reason }) => reason === 'signature-wrong'))
  t.ok(wrong.length > 12, `${wrong.length} times one node relayed what the next found signed by another key`)
  t.strictSame(
    all.flatMap(({ told }) => told.filter(({ answer }) => answer === 'reject')),
    [],
    'nothing is rejected',
  )
  for (const one of all)
    for (const { network: other } of all)
      if (one.network !== other) t.ok(one.network.peers().includes(other.self), 'and all are connected')
})
