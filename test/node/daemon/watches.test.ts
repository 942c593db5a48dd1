/** What is watched for troubles, where a running daemon would take long: names that are looked up, keepers that owe an answer. */
import { test } from 'tap'
import { watchAnnounced } from '../../../node/daemon/announce-watch.ts'
import { apartFromPeers } from '../../../node/daemon/clock-watch.ts'
import { createKeeperWatch } from '../../../node/envelopes/keeper-watch.ts'
import { createSimulation } from '../../../node/simulated/simulated.ts'

test('a name that is announced and not found is told until it is', async (t) => {
  const simulation = createSimulation('names')
  const { clock } = simulation.join('a')
  const known = new Set(['a.example'])
  const asked: string[] = []
  const find = async (name: string): Promise<void> => {
    asked.push(name)
    if (!known.has(name)) throw new Error('not found')
  }
  const announce = ['/dns4/a.example/tcp/1', '/dns6/b.example/tcp/1', '/ip4/192.0.2.1/tcp/1']
  const { fault, stop } = watchAnnounced({ announce, clock, find })
  const pass = (ms: number) => simulation.run({ untilMs: simulation.now() + ms })
  t.equal(fault(), undefined)
  await pass(10)
  t.match(fault(), /told to dial \/dns6\/b\.example\/tcp\/1, and/)
  known.add('b.example')
  await pass(5_010)
  t.equal(fault(), undefined)
  const before = asked.length
  await pass(30_000)
  t.equal(asked.length, before, 'what was found is not looked up at every turn')
  known.delete('a.example')
  await pass(60_000)
  t.match(fault(), /told to dial \/dns4\/a\.example\/tcp\/1, and/)
  stop()
})

test('a keeper owes an answer to what is settled while one listens, and for no longer than until it speaks', async (t) => {
  const simulation = createSimulation('keepers')
  const { clock } = simulation.join('a')
  const { settled, heard, silent } = createKeeperWatch({ keepers: 3, clock })
  const pass = (ms: number) => simulation.run({ untilMs: simulation.now() + ms })
  const places = () => silent().map(({ keeper }) => keeper)

  await pass(1_000)
  settled(clock.now())
  await pass(60_000)
  t.same(places(), [], 'what was settled just after the start may have been answered before')
  settled(clock.now() - 20_000)
  await pass(60_000)
  t.same(places(), [], 'and so may what is heard of late')

  settled(clock.now())
  const since = clock.now()
  heard(1)
  await pass(29_000)
  t.same(places(), [], 'there is time')
  await pass(2_000)
  t.same(
    silent(),
    [0, 2].map((keeper) => ({ keeper, since })),
  )
  settled(clock.now())
  heard(0)
  await pass(31_000)
  t.same(places(), [1, 2], 'who answers late owes nothing, and who answered once owes the next')
  for (const keeper of [0, 1, 2]) heard(keeper)
  t.same(places(), [])
})

test('a clock is held against the median of its peers', async (t) => {
  const at = (peersMs: number, count: number) =>
    apartFromPeers(1_800_000_000_000, { peers: { now: 1_800_000_000_000 + peersMs, count }, toleranceMs: 30_000 })
  t.equal(apartFromPeers(1, { peers: undefined, toleranceMs: 30_000 }), undefined, 'nobody was heard')
  t.equal(at(30_000, 3), undefined)
  t.equal(at(-30_000, 3), undefined)
  t.match(at(45_000, 3), /is 45 s behind the median of 3 peers’, .* If this clock is right, theirs are wrong/)
  t.match(at(-7_200_000, 1), /is 2 h ahead of that of its one peer, /)
})
