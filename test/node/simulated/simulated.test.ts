import { type Test, test } from 'tap'
import { createEventQueue } from '../../../node/simulated/event-queue.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import {
  createSimulation,
  type SimulatedSeams,
  type Simulation,
  type SimulationOptions,
} from '../../../node/simulated/simulated.ts'
import type { Answer } from '../../../node/seams.ts'

const bytes = (value: string) => new TextEncoder().encode(value)
const text = (value: Uint8Array) => new TextDecoder().decode(value)

/** A small node: it says something now and then, relays what it hears, and asks newcomers for what it has missed. */
function chatter({ clock, random, network }: SimulatedSeams, said: Set<string> = new Set()): Set<string> {
  network.subscribe('talk', async (data) => {
    const message = text(data)
    // Real time passes here, as it does in real cryptography and on real disks; it must change nothing.
    await new Promise((resolve) => setImmediate(resolve))
    if (message.startsWith('bad')) return 'reject'
    said.add(message)
    return 'accept'
  })
  network.serve('all', async function* () {
    for (const message of [...said].sort()) yield bytes(message)
  })
  network.onPeer(async (peer, state) => {
    if (state === 'down') return
    for await (const frame of network.request(peer, 'all', bytes(''), { timeoutMs: 1000 })) said.add(text(frame))
  })
  clock.every(1000 + random(1)[0]!, async () => {
    const message = `${network.self} ${clock.now()} ${random(1)[0]}`
    said.add(message)
    await network.publish('talk', bytes(message))
  })
  return said
}

const names = ['a', 'b', 'c', 'd', 'e']

/** Ten seconds with a partition, a crash and a return; what came of it. */
async function story(seed: string, options: SimulationOptions = {}): Promise<{ trace: string; lines: string[] }> {
  const lines: string[] = []
  const simulation = createSimulation(seed, { lossBasisPoints: 500, onEvent: (line) => lines.push(line), ...options })
  for (const name of names) chatter(simulation.join(name))
  const start = simulation.now()
  await simulation.run({ untilMs: start + 3000 })
  simulation.cut(['a', 'b'])
  simulation.crash('e')
  await simulation.run({ untilMs: start + 6000 })
  simulation.heal()
  chatter(simulation.join('e'))
  await simulation.run({ untilMs: start + 10_000 })
  return { trace: simulation.eventHash(), lines }
}

test('one seed gives one run in every detail, another seed another run', async (t) => {
  const [one, again, other] = [await story('seven'), await story('seven'), await story('eight')]
  t.same(again.lines, one.lines)
  t.equal(again.trace, one.trace)
  t.not(other.trace, one.trace)
  t.ok(one.lines.length > 200, `${one.lines.length} events`)
  for (const kind of ['publish', 'message', 'request', 'frame', 'timer', 'up', 'down', 'join', 'crash', 'cut', 'heal'])
    t.ok(
      one.lines.some((line) => line.split(' ')[1] === kind),
      kind,
    )
})

test('a partition keeps two sets apart, and healing brings them together', async (t) => {
  const simulation = createSimulation('partition')
  const heard = new Map(names.map((name) => [name, chatter(simulation.join(name))]))
  await simulation.runUntil(() => names.every((name) => heard.get(name)!.size > 5), { limitMs: 20_000 })
  simulation.cut(['a', 'b'], ['c', 'd', 'e'])
  const cutAt = simulation.now()
  await simulation.run({ untilMs: cutAt + 5000 })
  const after = (name: string) => [...heard.get(name)!].filter((message) => Number(message.split(' ')[1]) > cutAt)
  t.ok(after('a').length > 0)
  t.ok(
    after('a').every((message) => /^[ab]/.test(message)),
    'a hears only a and b',
  )
  t.ok(
    after('c').every((message) => /^[cde]/.test(message)),
    'c hears only c, d and e',
  )
  simulation.heal()
  const sides = () => new Set(after('a').map((message) => message[0]))
  await simulation.runUntil(() => sides().size === 5, { limitMs: 5000 })
  t.pass('what was missed is fetched when the connection comes back')
})

test('what is under way when a connection ends is lost, a message as well as an answer', async (t) => {
  const simulation = createSimulation('under way', { delayMs: { least: 50, most: 50 } })
  const [a, b] = [simulation.join('a'), simulation.join('b')]
  const got: string[] = []
  b.network.subscribe('talk', async (data) => {
    got.push(text(data))
    return 'accept'
  })
  await connected(t, simulation, a, b)
  await a.network.publish('talk', bytes('first'))
  await simulation.run({ untilMs: simulation.now() + 40 })
  simulation.cut(['a'])
  simulation.heal()
  await simulation.run({ untilMs: simulation.now() + 1000 })
  t.same(got, [])
  t.same(a.network.peers(), ['b'], 'though the two are connected again')
  await a.network.publish('talk', bytes('second'))
  await simulation.run({ untilMs: simulation.now() + 1000 })
  t.same(got, ['second'])

  b.network.serve('short', async function* () {
    yield bytes('one')
    yield bytes('two')
    simulation.cut(['a'], ['b'])
    yield bytes('three')
  })
  const frames: string[] = []
  const ask = async () => {
    for await (const frame of a.network.request('b', 'short', bytes(''), { timeoutMs: 1 })) frames.push(text(frame))
  }
  await t.rejects(ask(), { message: /the connection was lost/ })
  t.same(frames, ['one', 'two'])
})

test('a crash ends timers and deliveries, and a life under the same name begins anew', async (t) => {
  const simulation = createSimulation('crash')
  const [a, b] = [simulation.join('a'), simulation.join('b')]
  const events: string[] = []
  b.network.onPeer((peer, state) => events.push(`${peer} ${state}`))
  a.clock.every(100, () => void events.push('tick'))
  b.network.subscribe('talk', async () => 'accept')
  a.network.subscribe('talk', async (data) => {
    events.push(text(data))
    return 'accept'
  })
  await simulation.runUntil(() => events.includes('a up') && events.includes('tick'), { limitMs: 1000 })
  await b.network.publish('talk', bytes('too late'))
  simulation.crash('a')
  events.length = 0
  await simulation.run({ untilMs: simulation.now() + 5000 })
  t.same(events, ['a down'])
  t.same(b.network.peers(), [])
  await t.rejects(drain(b.network.request('a', 'all', bytes(''), { timeoutMs: 1 })), { message: /not connected/ })

  const second = simulation.join('a')
  await simulation.runUntil(() => events.includes('a up'), { limitMs: 1000 })
  t.same(second.network.peers(), ['b'])
  t.notSame(second.random(16), a.random(16), 'its randomness is new as well')
})

test('only what is accepted travels on, and who keeps sending rejected messages is cut off', async (t) => {
  const line = (left: string, right: string) => ['ab', 'bc'].includes(left + right)
  const simulation = createSimulation('line', { isLinked: line })
  const [a, b, c] = ['a', 'b', 'c'].map((name) => simulation.join(name)) as [
    SimulatedSeams,
    SimulatedSeams,
    SimulatedSeams,
  ]
  a.network.subscribe('talk', async () => 'accept')
  a.network.serve('all', async function* () {})
  const [atB, atC] = [chatter(b), chatter(c)]
  await simulation.runUntil(() => b.network.peers().length === 2, { limitMs: 1000 })
  const reached: string[] = []
  c.network.subscribe('echo', async (data) => {
    reached.push(text(data))
    return 'accept'
  })
  const verdicts: Record<string, () => Answer> = {
    fine: () => 'accept',
    bad: () => 'reject',
    dull: () => 'ignore',
    odd: () => {
      throw new Error('a bug')
    },
  }
  b.network.subscribe('echo', async (data) => verdicts[text(data)]!())
  for (const message of Object.keys(verdicts)) await a.network.publish('echo', bytes(message))
  await simulation.run({ untilMs: simulation.now() + 1000 })
  t.same(reached, ['fine'])
  t.ok(atB.size > 0 && [...atB].every((message) => !message.startsWith('bad')))
  t.ok(atC.size > 0)

  for (let index = 0; index < 11; index++) await a.network.publish('talk', bytes(`bad ${index}`))
  await simulation.runUntil(() => a.network.peers().length === 0, { limitMs: 1000 })
  t.same(b.network.peers(), ['c'])
  await simulation.run({ untilMs: simulation.now() + 3_500_000 })
  t.same(b.network.peers(), ['c'], 'for an hour')
  await simulation.runUntil(() => b.network.peers().length === 2, { limitMs: 200_000 })
  t.same(a.network.peers(), ['b'], 'and no longer')
})

test('requests run inline: frames, nesting, refusals, leaving early', async (t) => {
  const simulation = createSimulation('requests')
  const [a, b] = [simulation.join('a'), simulation.join('b')]
  let stopped = false
  b.network.serve('nested', async function* (request, from) {
    for await (const frame of b.network.request(from, 'double', request, { timeoutMs: 1000 })) yield frame
  })
  a.network.serve('double', async function* (request, from) {
    t.equal(from, 'b')
    yield request
    yield request
  })
  b.network.serve('throws', async function* () {
    yield bytes('one')
    throw new Error('the handler failed')
  })
  b.network.serve('endless', async function* () {
    try {
      while (true) yield bytes('again')
    } finally {
      stopped = true
    }
  })
  b.network.serve('refuses', () => {
    throw new Error('the request is malformed')
  })
  let greeted = false
  b.network.serve('hello', async function* () {
    yield bytes('hello')
    greeted = true
  })
  b.network.serve('large', async function* () {
    yield new Uint8Array(1024 * 1024 + 1)
  })
  a.network.serve('mirror', (request) => a.network.request('b', 'mirror', request, { timeoutMs: 1000 }))
  b.network.serve('mirror', (request) => b.network.request('a', 'mirror', request, { timeoutMs: 1000 }))
  const ask = (protocol: string) => drain(a.network.request('b', protocol, bytes('hi'), { timeoutMs: 1000 }))

  await t.rejects(ask('nested'), { message: /not connected/ }, 'nobody is connected before time passes')
  await simulation.runUntil(() => a.network.peers().includes('b'), { limitMs: 1000 })
  const before = simulation.now()
  t.same(await ask('nested'), ['hi', 'hi'])
  await t.rejects(ask('throws'), { message: /the handler failed/, cause: Error })
  await t.rejects(ask('refuses'), { message: /the request is malformed/, cause: Error })
  await t.rejects(ask('unknown'), { message: /does not serve/ })
  await t.rejects(ask('large'), { message: /1048577 bytes/ })
  await t.rejects(ask('mirror'), { message: /without end/ })
  for await (const frame of a.network.request('b', 'endless', bytes(''), { timeoutMs: 1 })) {
    t.equal(text(frame), 'again')
    break
  }
  t.ok(stopped, 'the handler is told when the reader leaves')
  for await (const frame of a.network.request('b', 'hello', bytes(''), { timeoutMs: 1 })) {
    t.equal(text(frame), 'hello')
    break
  }
  t.ok(greeted, 'a server does not wait for its reader, as on a wire')
  t.equal(simulation.now(), before, 'no time passes')
})

test('timers fire at their time, in order, and can be cancelled', async (t) => {
  const simulation = createSimulation('clock', { startMs: 1000 })
  const { clock } = simulation.join('a')
  const ahead = simulation.join('b', { skewMs: 500 }).clock
  const fired: string[] = []
  const note = (what: string) => () => void fired.push(`${what} ${clock.now()}`)
  clock.after(20, note('late'))
  clock.after(10, note('first'))
  clock.after(10, note('second'))
  clock.after(15, note('never'))()
  const stop = clock.every(7, note('tick'))
  clock.after(22, stop)
  await simulation.run({ untilMs: 1100 })
  t.same(fired, ['tick 1007', 'first 1010', 'second 1010', 'tick 1014', 'late 1020', 'tick 1021'])
  t.equal(simulation.now(), 1100)
  t.equal(ahead.now(), 1600)
  t.throws(() => clock.after(0.5, () => {}), { message: /whole number/ })
})

test('a run says so when an entry fails, hangs, or what is waited for does not come', async (t) => {
  const failing = createSimulation('failing')
  failing.join('a').clock.after(5, () => {
    throw new Error('a bug in the node')
  })
  await t.rejects(failing.run({ untilMs: failing.now() + 10 }), { message: /a timer of a failed: a bug in the node/ })

  const hanging = createSimulation('hanging', { stuckAfterMs: 20 })
  const { clock } = hanging.join('a')
  clock.after(5, () => new Promise<void>((resolve) => void clock.after(5, resolve)))
  await t.rejects(hanging.run({ untilMs: hanging.now() + 100 }), { message: /a later event/ })

  const idle = createSimulation('idle')
  const before = idle.now()
  await t.rejects(
    idle.runUntil(() => false, { limitMs: 5000 }),
    { message: /within 5000 ms/ },
  )
  t.equal(idle.now(), before + 5000)
  t.throws(() => idle.crash('nobody'))
})

test('a node that hangs up is connected again when its ban ends', async (t) => {
  const simulation = createSimulation('ban')
  const [a, b] = [simulation.join('a'), simulation.join('b')]
  await connected(t, simulation, a, b)
  await a.network.disconnect('b', { why: 'a test', banMs: 60_000 })
  await simulation.run({ untilMs: simulation.now() + 59_000 })
  t.same([a.network.peers(), b.network.peers()], [[], []])
  await simulation.run({ untilMs: simulation.now() + 2000 })
  t.same([a.network.peers(), b.network.peers()], [['b'], ['a']])
  await b.network.close()
  t.same([a.network.peers(), b.network.peers()], [[], []])
})

test('the seeded parts: random bytes by label, events by time and order', async (t) => {
  const key = bytes('key')
  const whole = seededRandom(key, 'one')(100)
  const parts = seededRandom(key, 'one')
  t.same(Buffer.concat([parts(1), parts(0), parts(64), parts(35)]), Buffer.from(whole), 'in pieces or at once')
  t.notSame(seededRandom(key, 'two')(100), whole)

  const queue = createEventQueue<number>()
  const draw = seededRandom(key, 'times')
  const times = Array.from({ length: 500 }, () => draw(1)[0]! % 50)
  for (const [index, time] of times.entries()) queue.push(time, index)
  const expected = times.map((time, index) => [time, index]).sort(([t1, i1], [t2, i2]) => t1! - t2! || i1! - i2!)
  const popped: number[][] = []
  for (let next = queue.pop(); next; next = queue.pop()) popped.push([next.timeMs, next.item])
  t.same(popped, expected)
  t.equal(queue.nextMs(), undefined)
})

async function drain(answer: AsyncIterable<Uint8Array>): Promise<string[]> {
  const all: string[] = []
  for await (const frame of answer) all.push(text(frame))
  return all
}

async function connected(t: Test, simulation: Simulation, a: SimulatedSeams, b: SimulatedSeams): Promise<void> {
  await simulation.runUntil(() => a.network.peers().includes(b.network.self), { limitMs: 1000 })
  t.same(b.network.peers(), [a.network.self])
}
