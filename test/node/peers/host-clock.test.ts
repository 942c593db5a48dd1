// Slow: it plays whole networks through.
/** A host whose clock is wrong, in whole networks: it signs no time that it could not take back, and stops for nothing else. */
import { type Test, test } from 'tap'
import { createVoices } from '../../../node/network/voices.ts'
import { createPeerClocks } from '../../../node/peers/peer-clocks.ts'
import { encodeAddress } from '../../../protocol/address.ts'
import { createWorld, type World } from '../../kit/simulation.ts'

const dayMs = 86_400_000
/** What the host may be ahead of the median in these networks: half of `clockSkewMs`, and what clocks differ by from the first. */
const leewayMs = 2_500 + 2_000
/** No epoch closes by itself, so that nothing is signed where nobody wants anything. */
const changes = { epochMs: 604_800_000n, batchIntervalMs: 1_000, clockSkewMs: 5_000 }

async function begun(t: Test): Promise<World> {
  const world = await createWorld(t.name, { relays: 4, keepers: 1, threshold: 1, people: ['ada', 'bob'], changes })
  await world.registered()
  return world
}

const host = (world: World) => world.at('host').node
const heightOf = (world: World): bigint => host(world).replica.head.sealed.header.height
const troubleOf = (world: World): string | undefined => host(world).host!.trouble()?.name

async function pay(world: World): Promise<() => Promise<boolean>> {
  const { mailbox } = world.at('ada')
  const { opId } = await mailbox!.transfer({ to: encodeAddress(world.addressOf('bob')), amount: '7' })
  return async () => (await mailbox!.operation({ opId })).state === 'settled'
}

/** Somebody pays, and it is settled. */
async function goesOn(t: Test, world: World, what: string): Promise<void> {
  await world.until(what, await pay(world), 60_000)
  t.equal(troubleOf(world), undefined, what)
  const { time } = host(world).replica.head.sealed.header
  t.ok(Number(time) <= world.simulation.now() + leewayMs, 'and no time is signed that has not come')
}

/** Somebody pays, and nothing is signed. */
async function standsStill(t: Test, world: World, name: string): Promise<void> {
  const before = heightOf(world)
  const isSettled = await pay(world)
  await world.pass(15_000)
  t.match([heightOf(world), await isSettled(), troubleOf(world)], [before, false, name])
}

test('a clock that jumps a day ahead while peers are there', async (t) => {
  const world = await begun(t)
  world.shiftClock('host', dayMs)
  await standsStill(t, world, 'clock-ahead')
  t.match(host(world).host!.trouble()!.sentence, /its clock says 2027.*those of its peers 2027.*median of 5.*by itself/)
  world.shiftClock('host', 0)
  await goesOn(t, world, 'it goes on by itself')
  t.strictSame(await world.audit(), [])
})

test('a clock that is a day ahead when the host starts', async (t) => {
  const world = await begun(t)
  world.crash('host')
  world.shiftClock('host', dayMs)
  await world.start('host')
  await standsStill(t, world, 'clock-ahead')
  world.crash('host')
  world.shiftClock('host', 0)
  await world.start('host')
  await goesOn(t, world, 'with a right clock it goes on')
})

test('a quiet night, awake and away, stops nothing', async (t) => {
  const world = await begun(t)
  await world.pass(90_000)
  await goesOn(t, world, 'after a quiet time')
  world.crash('host')
  await world.pass(90_000)
  await world.start('host')
  await goesOn(t, world, 'after a time away')
})

test('nobody is there', async (t) => {
  const world = await begun(t)
  world.simulation.cut(['host'])
  await world.pass(90_000)
  t.equal(troubleOf(world), undefined, 'what has passed by the monotonic clock is believed')
  world.shiftClock('host', dayMs)
  await world.pass(5_000)
  t.equal(troubleOf(world), 'clock-ahead')
  t.match(host(world).host!.trouble()!.sentence, /has jumped ahead/)
  world.shiftClock('host', 0)
  t.equal(troubleOf(world), undefined)
  world.crash('host')
  await world.pass(60_000)
  await world.start('host')
  await world.pass(5_000)
  t.equal(troubleOf(world), 'clock-unconfirmed', 'after a start its last batch is all that it knows')
  host(world).host!.confirmClock()
  t.equal(troubleOf(world), undefined, 'its owner says that the clock is right')
  world.simulation.heal()
  await goesOn(t, world, 'and everybody is there again')
})

test('peers that lie, fewer than half', async (t) => {
  const world = await begun(t)
  const liars = ['relay4', 'keeper1']
  for (const shiftMs of [-dayMs, dayMs]) {
    for (const liar of liars) world.shiftClock(liar, shiftMs)
    world.crash('host')
    await world.pass(60_000)
    await world.start('host')
    await world.pass(5_000)
    await goesOn(t, world, `${shiftMs} ms: they do not stop it`)
  }
  world.shiftClock('host', dayMs)
  await standsStill(t, world, 'clock-ahead')
  world.crash('host')
  await world.start('host')
  await standsStill(t, world, 'clock-ahead')
  world.shiftClock('host', 0)
  for (const liar of liars) world.shiftClock(liar, 0)
  await goesOn(t, world, 'nor do they make it sign a day ahead')
})

test('a clock that is behind, and one that jumps to and fro', async (t) => {
  const world = await begun(t)
  world.shiftClock('host', -3_600_000)
  await goesOn(t, world, 'behind, it goes on at the time of its last batch')
  world.shiftClock('host', 0)
  await goesOn(t, world, 'and at the right one')
  for (let jump = 0; jump < 12; jump++) {
    world.shiftClock('host', [2_000 * jump, -dayMs, dayMs, 0][jump % 4]!)
    await pay(world)
    await world.pass(3_000)
    const { time } = host(world).replica.head.sealed.header
    t.ok(Number(time) <= world.simulation.now() + leewayMs, `jump ${jump}: nothing is signed far ahead`)
  }
  world.shiftClock('host', 0)
  await goesOn(t, world, 'when it stands still it goes on')
  t.strictSame(await world.audit(), [])
})

test('voices: peers of an address have one, and enough of those that the owner named leave strangers none', async (t) => {
  const addresses: Readonly<Record<string, string>> = {
    a: '192.0.2.1',
    b: '192.0.2.1',
    c: '192.0.2.2',
    d: '10.0.0.1',
    e: '10.0.0.1',
  }
  const connection = (peer: string) => ({
    remoteAddr: { getComponents: () => [{ name: 'ip4', value: addresses[peer] }] },
  })
  const voiceOf = createVoices({
    connections: { to: (peer) => connection(peer) as never },
    targets: [{ peer: 'c' }, { peer: undefined }],
    colocated: ['10.0.0.1'],
  })
  t.same(voiceOf('a'), voiceOf('b'), 'one address, one voice')
  t.match(voiceOf('c'), { name: 'c', isChosen: true })
  t.not(voiceOf('d').name, voiceOf('e').name, 'many honest peers live here')

  const chosen = new Set<string>()
  let monotonic = 1_000
  const clocks = createPeerClocks({
    network: { voiceOf: (peer) => ({ name: peer[0]!, isChosen: chosen.has(peer) }) },
    clock: { monotonic: () => monotonic },
  })
  const hear = (peer: string, time: bigint) => clocks.heard(peer, { time, askedAt: monotonic })
  t.equal(clocks.median(), undefined)
  for (let many = 0; many < 50; many++) hear(`x${many}`, 9_000_000n)
  for (const peer of ['a', 'b', 'c']) hear(peer, 5_000n)
  t.same(clocks.median(), { now: 5_000, count: 4 }, 'fifty peers of one address are one')
  monotonic += 250
  t.match(clocks.median(), { now: 5_250 }, 'clocks go on')
  for (const peer of ['d', 'e', 'f', 'g', 'h']) hear(peer, 9_000_000n)
  t.match(clocks.median(), { now: 9_000_000 })
  for (const peer of ['a', 'b', 'c']) chosen.add(peer)
  t.same(clocks.median(), { now: 5_250, count: 3 }, 'strangers cannot outnumber those that the owner named')
  hear('a', 2n ** 64n - 1n)
  t.match(clocks.median(), { now: 9_000_000 }, 'what is no time is not heard, and two are not enough')
})
