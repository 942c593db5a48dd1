/** What a person sends enters the network through one relay, another for each pseudonym; with none that takes it, through all. */
import { hexToBytes } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createFirstHop } from '../../../node/peers/first-hop.ts'
import { createOwnOps } from '../../../node/peers/own-ops.ts'
import { createWays } from '../../../node/peers/ways.ts'
import { encodeAddress } from '../../../protocol/address.ts'
import type { Waiting } from '../../../node/peers/waiting-ops.ts'
import { Mail } from '../../../protocol/gossip.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import { createWorld } from '../../kit/simulation.ts'

test('first hop: one relay hears of an op from its sender, and everybody else from that relay', async (t) => {
  const world = await createWorld('first hop', { relays: 3, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox } = world.at('ada')
  const to = encodeAddress(world.addressOf('bob'))
  const relays = ['relay1', 'relay2', 'relay3']
  const heard = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const { opId } = await mailbox!.transfer({ to, amount: String(1_000 + round) })
    await world.pass(0)
    const [first, ...others] = relays.filter((relay) => world.at(relay).node.pending.has(hexToBytes(opId)))
    t.strictSame(others, [], 'one relay has it, and no other yet')
    t.equal(world.at(first!).node.pending.get(hexToBytes(opId))?.from, 'ada', 'from her')
    heard.add(first!)
    const isKnownTo = async (relay: string): Promise<boolean> => {
      const { pending, store } = world.at(relay).node
      return pending.has(hexToBytes(opId)) || (await store.place(hexToBytes(opId))) !== undefined
    }
    await world.pass(300)
    t.strictSame(await Promise.all(relays.map(isKnownTo)), [true, true, true], 'and soon all have it')
    await world.until('it is settled', async () => (await mailbox!.operation({ opId })).state === 'settled', 20_000)
  }
  t.equal(heard.size, 1, 'the same pseudonym goes through the same relay')
})

test('first hop: where nobody is connected an op waits, and goes its way when somebody is', async (t) => {
  const world = await createWorld('first hop, cut', { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox, node } = world.at('ada')
  world.simulation.cut(['ada'])
  const { opId } = await mailbox!.transfer({ to: encodeAddress(world.addressOf('bob')), amount: '1234' })
  t.ok(node.pending.get(hexToBytes(opId)), 'it waits where it was made')
  world.simulation.heal()
  await world.until('it is settled', async () => (await mailbox!.operation({ opId })).state === 'settled', 90_000)
})

test('first hop: with half of all gossip lost, nothing waits long', async (t) => {
  const people = ['ada', 'bob']
  const network = { lossBasisPoints: 5_000 }
  const world = await createWorld('first hop, losses', { relays: 3, keepers: 1, threshold: 1, people, network })
  await world.registered()
  const { mailbox } = world.at('ada')
  const to = encodeAddress(world.addressOf('bob'))
  const ops: string[] = []
  for (let at = 0; at < 30; at++) ops.push((await mailbox!.transfer({ to, amount: String(1_000 + at) })).opId)
  const isSettled = async (opId: string) => (await mailbox!.operation({ opId })).state === 'settled'
  await world.until('all are settled', async () => (await Promise.all(ops.map(isSettled))).every(Boolean), 20_000)
  t.strictSame(await world.audit(), [])
})

/** A first hop whose peers do what a test says, and whose time stands still until it is told. */
async function createHop(
  seed: string,
  peers: readonly string[],
  give: (peer: string, mails: readonly Uint8Array[]) => Promise<boolean[]> | boolean[],
) {
  const world = await createWorld(seed, { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox, node } = world.at('ada')
  world.simulation.cut(['ada'])
  const to = encodeAddress(world.addressOf('bob'))
  const waiting: Waiting[] = []
  for (const amount of ['1001', '1002', '1003', '1004'])
    waiting.push(node.pending.get(hexToBytes((await mailbox!.transfer({ to, amount })).opId))!)
  const tasks: (() => Promise<void>)[] = []
  const published: bigint[] = []
  let now = 0
  const ownOps = createOwnOps(node.pending)
  const moments = { draw: (_name: string, _span: object, task: () => Promise<void>) => void tasks.push(task) }
  const hop = createFirstHop({
    ask: { give: async (peer, mails) => give(peer, mails) },
    relay: { mailOf: node.relay.mailOf, publishOp: async ({ op }) => void published.push(op.nonce) },
    replica: node.replica,
    pending: node.pending,
    ways: createWays({ key: new Uint8Array(32), network: { peers: () => peers } }),
    ownOps,
    moments,
    clock: { now: () => now },
    later: (_what, task) => void tasks.push(() => task().catch(() => undefined)),
  })
  return {
    hop,
    waiting,
    published,
    async work(): Promise<void> {
      for (let task = tasks.shift(); task; task = tasks.shift()) await task()
    },
    pass: (ms: number) => void (now += ms),
    shows: (at: number, peer: string) => ownOps.isShown(waiting[at]!, peer),
    seen: (at: number, peer: string) => {
      hop.heard(waiting[at]!.id, peer)
      ownOps.seen(waiting[at]!.id, peer)
    },
  }
}

/** The nonces of ops that a peer is given. */
const noncesOf = (mails: readonly Uint8Array[]): bigint[] =>
  mails.map((mail) => SignedOp.decode(Mail.decode(mail).op).op.nonce)

test('first hop: what builds on an op that is on its way stays behind it, wherever that goes', async (t) => {
  const given: [string, bigint[]][] = []
  let answer: (() => void) | undefined
  const { hop, waiting, published, work } = await createHop('behind', ['one', 'two', 'three'], async (peer, mails) => {
    given.push([peer, noncesOf(mails)])
    if (given.length === 1) await new Promise<void>((resolve) => (answer = resolve))
    // The first peer takes none.
    return mails.map(() => peer !== given[0]![0])
  })
  const [first, ...others] = waiting
  await hop.send(first!)
  const working = work()
  while (!answer) await new Promise((resolve) => setImmediate(resolve))
  for (const other of others) await hop.send(other)
  t.equal(given.length, 1, 'no other goes anywhere while the first is on its way')
  answer()
  await working
  await work()
  const nonces = waiting.map(({ op }) => op.nonce)
  const [refused] = given[0]!
  const elsewhere = given.filter(([peer]) => peer !== refused)
  t.strictSame(new Set(elsewhere.map(([peer]) => peer)).size, 1)
  t.strictSame(
    elsewhere.flatMap(([, some]) => some),
    nonces,
    'and all go on together, in their order',
  )
  t.strictSame(published, [])
})

test('first hop: what a peer took and nobody else has heard of is given to another, and then to all', async (t) => {
  const given: string[] = []
  const { hop, waiting, published, work, pass, shows, seen } = await createHop(
    'lost',
    ['one', 'two'],
    (peer, mails) => {
      given.push(peer)
      return mails.map(() => true)
    },
  )
  const round = async () => {
    await hop.again()
    await work()
  }
  await hop.send(waiting[0]!)
  await work()
  await round()
  t.equal(given.length, 1, 'for a moment it is waited for')
  seen(0, given[0]!)
  pass(4_000)
  await round()
  t.equal(new Set(given).size, 2, 'that its own first hop shows it again says nothing')
  t.strictSame(published, [])
  t.notOk(shows(0, 'three'), 'nobody else who asks is told yet')
  t.ok(
    given.every((peer) => shows(0, peer)),
    'whoever was given it is',
  )
  pass(8_000)
  await round()
  t.equal(published.length, 1)
  t.ok(shows(0, 'three'), 'everybody was told')

  await hop.send(waiting[1]!)
  await work()
  const before = given.length
  seen(1, 'somebody else')
  pass(60_000)
  await round()
  t.ok(shows(1, 'three'), 'what somebody else has is no secret')
  t.equal(published.length, 1, 'and needs no help')
  t.ok(given.length >= before)
})

test('first hop: what can neither be given nor gossiped keeps nothing behind it from the same peer', async (t) => {
  const world = await createWorld('first hop, failing', { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox, node } = world.at('ada')
  world.simulation.cut(['ada'])
  const { opId } = await mailbox!.transfer({ to: encodeAddress(world.addressOf('bob')), amount: '1234' })
  const waiting = node.pending.get(hexToBytes(opId))!
  const tasks: (() => Promise<void>)[] = []
  const asked: number[] = []
  let isBroken = true
  const firstHop = createFirstHop({
    ask: {
      give: async (_peer, mails) => {
        asked.push(mails.length)
        if (isBroken) throw new Error('the stream broke')
        return mails.map(() => true)
      },
    },
    relay: {
      mailOf: node.relay.mailOf,
      publishOp: async () => {
        throw new Error('the network takes nothing')
      },
    },
    replica: node.replica,
    pending: node.pending,
    ways: createWays({ key: new Uint8Array(32), network: { peers: () => ['relay1'] } }),
    ownOps: createOwnOps(node.pending),
    moments: { draw: () => undefined },
    clock: node.seams.clock,
    later: (_what, task) => void tasks.push(() => task().catch(() => undefined)),
  })
  const work = async () => {
    for (let task = tasks.shift(); task; task = tasks.shift()) await task()
  }
  await firstHop.send(waiting)
  await work()
  isBroken = false
  await firstHop.send(waiting)
  await work()
  t.strictSame(asked, [1, 1], 'the peer is asked again')
})
