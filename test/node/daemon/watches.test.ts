/** What is watched for troubles, where a running daemon would take long: names that are looked up, keepers that owe an answer, clocks. */
import { test } from 'tap'
import { watchAnnounced } from '../../../node/daemon/announce-watch.ts'
import { watchClock } from '../../../node/daemon/clock-watch.ts'
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

  await pass(10_000)
  const made = clock.now()
  await pass(100)
  heard(2)
  await pass(100)
  settled(made)
  await pass(31_000)
  t.same(places(), [0, 1], 'who has a batch before us answers before us')
})

test('a clock is held against the batch that was announced last, else against peers; what is old says only what has passed', async (t) => {
  let [now, passed, theirs]: [number, number, number | undefined] = [1_000_000_000, 0, undefined]
  const options = { clock: { now: () => now, monotonic: () => passed }, toleranceMs: 30_000, peersNow: () => theirs }
  const { heard, fault } = watchClock(options)
  const pass = (ms: number): void => {
    now += ms
    passed += ms
  }
  t.equal(fault(), undefined, 'nothing is known')
  heard({ height: 5n, time: BigInt(now - 86_400_000) }, 'told')
  t.equal(fault(), undefined, 'a batch of yesterday says nothing against today')
  theirs = now + 31_000
  t.match(fault(), /which is 31 s behind the clocks of its peers/)
  theirs = now - 3_600_000
  t.match(fault(), /which is 60 min ahead of the clocks of its peers/)

  heard({ height: 6n, time: BigInt(now) }, 'told')
  t.match(fault(), /peers/)
  pass(100)
  heard({ height: 6n, time: BigInt(now - 100) }, 'announced')
  t.equal(fault(), undefined, 'a batch of now goes before what peers say')
  pass(3_600_000)
  t.equal(fault(), undefined, 'and an hour without batches changes nothing')
  now += 40_000
  t.match(fault(), /which is 40 s ahead of the batches/, 'a clock that jumps is seen at once')
  now -= 80_000
  t.match(fault(), /which is 40 s behind the batches/)
  heard({ height: 6n, time: BigInt(now) }, 'announced')
  t.match(fault(), /behind/, 'a batch that is heard of again says nothing new')
  now += 40_000
  t.equal(fault(), undefined)
  heard({ height: 7n, time: BigInt(now + 3 * 86_400_000) }, 'told')
  theirs = now
  t.match(fault(), /which is 3 days behind the batches/, 'what the host signed has passed, whatever peers say')
})
