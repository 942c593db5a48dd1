import { createHash, randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { type Test, test } from 'tap'
import { systemClock } from '../../../node/daemon/system.ts'
import { createNetwork, type Libp2pNetwork } from '../../../node/network/libp2p.ts'
import { startLibp2p } from '../../../node/network/libp2p-node.ts'
import { defaultLimits, type NetworkOptions } from '../../../node/network/network-options.ts'
import type { Answer } from '../../../node/seams.ts'
import { patienceMs, until } from '../../kit/patience.ts'
import { unbounded } from '../../kit/unbounded.ts'

const quiet = { debug() {}, info() {}, warn() {} }

const local: Omit<NetworkOptions, 'seed'> = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  announce: [],
  keep: [],
  prefix: '/bmail/test',
  colocated: ['127.0.0.1'],
  limits: { inboundConnectionThreshold: 100, redialFirstMs: 50, redialCapMs: 400 },
  clock: systemClock,
  random: (length) => randomBytes(length),
  log: quiet,
}

/** A running network, closed when the test ends. */
async function network(t: Test, options: Partial<NetworkOptions> = {}): Promise<Libp2pNetwork> {
  const started = await createNetwork({ ...local, seed: randomBytes(32), ...options })
  t.teardown(() => started.close())
  return started
}

/** Subscribe and collect what arrives; `answer` decides by the first byte. */
function collect(node: Libp2pNetwork, topic: string, answer: (data: Uint8Array) => Answer = () => 'accept'): string[] {
  const got: string[] = []
  node.subscribe(topic, async (data) => {
    got.push(text(data))
    return answer(data)
  })
  return got
}

const bytes = (value: string) => new TextEncoder().encode(value)
const text = (value: Uint8Array) => new TextDecoder().decode(value)
const digest = (value: Uint8Array) => createHash('sha256').update(value).digest('hex')

async function join(from: Libp2pNetwork, to: Libp2pNetwork): Promise<void> {
  await from.dial(to.addresses()[0]!)
  await until('both ends see the connection', () => to.peers().includes(from.self))
}

/** Gossip links form a moment after the connection: publish fresh bytes until one message has gone through. */
async function warm(from: Libp2pNetwork, topic: string, got: string[]): Promise<void> {
  let round = 0
  await until(`gossip flows on ${topic}`, async () => {
    await from.publish(topic, bytes(`warm ${topic} ${round++}`))
    return got.some((message) => message.startsWith('warm'))
  })
}

async function readAll(answer: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const frame of answer) all.push(frame)
  return all
}

test('gossip reaches the far end of a line of four, and stops at a validator that throws', async (t) => {
  const [a, b, c, d] = (await Promise.all([1, 2, 3, 4].map(() => network(t)))) as [
    Libp2pNetwork,
    Libp2pNetwork,
    Libp2pNetwork,
    Libp2pNetwork,
  ]
  await join(a, b)
  await join(b, c)
  await join(c, d)
  const atB = collect(b, 'ops')
  const atC = collect(c, 'ops', (data) => {
    if (text(data) === 'poison') throw new Error('a validator with a bug')
    return 'accept'
  })
  const atD = collect(d, 'ops')
  await warm(a, 'ops', atD)

  await a.publish('ops', bytes('hello'))
  await until('hello arrives', () => atD.includes('hello'))
  await a.publish('ops', bytes('poison'))
  await until('poison reaches the validator that throws', () => atC.includes('poison'))
  await a.publish('ops', bytes('after'))
  await until('after arrives', () => atD.includes('after'))
  t.ok(atB.includes('poison'))
  t.notOk(atD.includes('poison'), 'nothing is relayed by a validator that throws')
  t.equal(c.stats().gossip.ops?.ignore, 1)
  t.equal(c.stats().peersUnderZero, 0, 'and nobody is blamed')
  t.ok((a.stats().gossip.ops?.published ?? 0) >= 3)
})

test('the same bytes on two topics arrive on both, and a whole 512 KiB message arrives', async (t) => {
  const [a, b] = [await network(t), await network(t)]
  await join(a, b)
  const [mail, ops] = [collect(b, 'mail/1'), collect(b, 'ops')]
  await warm(a, 'mail/1', mail)
  await warm(a, 'ops', ops)
  await a.publish('mail/1', bytes('one datum'))
  await a.publish('ops', bytes('one datum'))
  await until('both topics deliver', () => mail.includes('one datum') && ops.includes('one datum'))

  const large = 'x'.repeat(512 * 1024)
  await a.publish('ops', bytes(large))
  await until('the large message arrives', () => ops.includes(large))
  await t.rejects(a.publish('ops', new Uint8Array(512 * 1024 + 1)), { message: /512 KiB/ })
  t.match(Object.keys(b.stats().gossip).sort(), ['mail', 'ops'], 'counted by the first word of the topic')
})

test('who keeps sending what is rejected is hung up on and banned, the others stay', async (t) => {
  const [victim, friend, rogue] = [await network(t), await network(t), await network(t)]
  await join(friend, victim)
  await join(rogue, victim)
  const got = collect(victim, 'ops', (data) => (text(data).startsWith('bad') ? 'reject' : 'accept'))
  const atFriend = collect(friend, 'ops')
  await warm(rogue, 'ops', got)
  await warm(friend, 'ops', got)

  await rogue.publish('ops', bytes('bad 0'))
  await until('one rejected message puts the score under zero', () => victim.stats().peersUnderZero === 1)
  for (let index = 1; index <= 30; index++) await rogue.publish('ops', bytes(`bad ${index}`))
  await until('the victim hangs up', () => !victim.peers().includes(rogue.self))
  t.equal(victim.stats().banned, 1)
  t.same(victim.peers(), [friend.self])
  t.notOk(
    atFriend.some((message) => message.startsWith('bad')),
    'no rejected message travelled on',
  )

  await rogue.dial(victim.addresses()[0]!).catch(() => undefined)
  await until('the banned peer is turned away when it dials', () => !rogue.peers().includes(victim.self))
  await t.rejects(victim.dial(rogue.addresses()[0]!), { message: /Cannot connect/ }, 'and is not dialled')
  await friend.publish('ops', bytes('still here'))
  await until('gossip with the others goes on', () => got.includes('still here'))
})

test('a score survives a reconnection', async (t) => {
  const [victim, rogue] = [await network(t), await network(t)]
  await join(rogue, victim)
  const got = collect(victim, 'ops', (data) => (text(data).startsWith('bad') ? 'reject' : 'accept'))
  const bad = () => got.filter((message) => message.startsWith('bad')).length
  await warm(rogue, 'ops', got)
  for (let index = 0; index < 4; index++) await rogue.publish('ops', bytes(`bad ${index}`))
  await until('four rejected messages', () => bad() === 4)
  await rogue.disconnect(victim.self, { why: 'to come back', banMs: 0 })
  await until('the connection ends', () => victim.peers().length === 0)
  await join(rogue, victim)
  got.length = 0
  await warm(rogue, 'ops', got)
  for (let index = 4; index < 11; index++) await rogue.publish('ops', bytes(`bad ${index}`))
  await until('seven more are too many only together with the four', () => victim.stats().banned === 1)
  t.ok(bad() <= 7)
})

test('a peer that was disconnected with a ban cannot come back until the ban ends', async (t) => {
  let skewMs = 0
  const [a, b] = [await network(t, { clock: { ...systemClock, now: () => Date.now() + skewMs } }), await network(t)]
  const seen: string[] = []
  a.onPeer((peer, state) => seen.push(`${peer === b.self ? 'b' : peer} ${state}`))
  await join(b, a)
  await a.disconnect(b.self, { why: 'a test', banMs: 60_000 })
  await until('both see the end', () => a.peers().length === 0 && b.peers().length === 0)
  await b.dial(a.addresses()[0]!).catch(() => undefined)
  await until('turned away', () => b.peers().length === 0)
  t.same(a.peers(), [])
  skewMs = 61_000
  await join(b, a)
  t.same(seen, ['b up', 'b down', 'b up'])
})

test('a request brings 3 MB in frames', async (t) => {
  const [server, client] = [await network(t), await network(t)]
  await join(client, server)
  const sizes = [1024 * 1024, 0, 1, 700_000, 1024 * 1024, 300_000]
  const whole = sizes.map((size) => new Uint8Array(randomBytes(size)))
  server.serve('chunks', async function* (request, from) {
    t.equal(from, client.self)
    t.equal(request.length, 1024 * 1024)
    yield* whole
  })
  const request = new Uint8Array(1024 * 1024)
  const got = await readAll(client.request(server.self, 'chunks', request, { timeoutMs: patienceMs }))
  t.same(got.map(digest), whole.map(digest))
})

test('a server waits for a slow reader, and the reader misses nothing', async (t) => {
  const [server, client] = [await network(t), await network(t)]
  await join(client, server)
  server.serve('echo', async function* (request) {
    yield request
  })
  const ask = (protocol: string) => client.request(server.self, protocol, bytes('?'), { timeoutMs: patienceMs })
  const frame = (index: number) => new Uint8Array(256 * 1024).fill(index)
  let taken = 0
  let aheadMost = 0
  server.serve('many', async function* () {
    for (let index = 0; index < 64; index++) {
      aheadMost = Math.max(aheadMost, index - taken)
      yield frame(index)
    }
  })
  for await (const got of ask('many')) {
    t.equal(digest(got), digest(frame(taken)))
    taken += 1
    // Meanwhile the server could be done: each of these goes there and back beside it.
    if (taken <= 5) for (let trip = 0; trip < 20; trip++) await readAll(ask('echo'))
  }
  t.equal(taken, 64)
  t.ok(aheadMost <= 24, `the server was ${aheadMost} frames of 256 KiB ahead`)
})

test('a request fails with a sentence: deadline, throw, strange protocol, no connection, lost connection', async (t) => {
  const [server, client] = [await network(t), await network(t)]
  await join(client, server)
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  t.teardown(end)
  let abandoned = false
  server.serve('silent', async function* () {
    yield bytes('first')
    await over
    yield bytes('never')
  })
  server.serve('throws', async function* () {
    yield bytes('first')
    throw new Error('the handler failed')
  })
  server.serve('endless', async function* () {
    try {
      while (true) yield new Uint8Array(100_000)
    } finally {
      abandoned = true
    }
  })
  server.serve('echo', async function* (request) {
    yield request
  })
  const ask = (protocol: string, timeoutMs = patienceMs, peer = server.self) =>
    readAll(client.request(peer, protocol, bytes('?'), { timeoutMs }))

  await t.rejects(ask('silent', 300), { message: /deadline of 300 ms passed/, cause: Error })
  await t.rejects(ask('throws'), { message: /gave no full answer/, cause: Error })
  await t.rejects(ask('nonsense'), { message: /gave no full answer/, cause: Error })
  await t.rejects(ask('echo', 1000, (await network(t)).self), { message: /not connected/ })
  await until('the handler is stopped when the requester gave up', async () => {
    await t.rejects(ask('endless', 500), { message: /deadline of 500 ms passed/ })
    return abandoned
  })

  abandoned = false
  for await (const frame of client.request(server.self, 'endless', bytes('?'), { timeoutMs: patienceMs })) {
    t.equal(frame.length, 100_000)
    break
  }
  await until('the handler is stopped when the reader leaves early', () => abandoned)

  const lost = ask('silent')
  lost.catch(() => undefined)
  await client.disconnect(server.self, { why: 'a test', banMs: 0 })
  await t.rejects(lost, { message: /gave no full answer/ })
  await join(client, server)
  t.same((await ask('echo')).map(text), ['?'], 'a broken request leaves nothing behind')
})

test('more requests than streams are allowed fail alone, the rest are answered', async (t) => {
  const [server, client] = [await network(t), await network(t)]
  await join(client, server)
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
  let open = 0
  let failed = 0
  server.serve('wait', async function* (request) {
    open += 1
    await gate
    yield request
  })
  const asked = Array.from({ length: 60 }, () =>
    readAll(client.request(server.self, 'wait', bytes('?'), { timeoutMs: patienceMs })),
  )
  for (const one of asked) one.catch(() => (failed += 1))
  await until('each has failed, or waits for its answer', () => open + failed === asked.length)
  openGate()
  const results = await Promise.allSettled(asked)
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, open)
  t.ok(open > 0 && open <= 32, `${open} at one time`)
  t.same((await readAll(client.request(server.self, 'wait', bytes('!'), { timeoutMs: patienceMs }))).map(text), ['!'])
})

test('whoever begins requests and ends none is banned, unless all of it is of one moment, or we stood still', async (t) => {
  const { unfinishedMost: count } = defaultLimits
  const firstFrameMs = 100
  for (const [how, eachMs, isBanned] of [
    ['again and again', firstFrameMs, true],
    ['all at once', 0, false],
    ['while we stood still', 20_000, false],
  ] as const) {
    let unserved = 0
    const log = {
      ...quiet,
      debug: (_what: object, said?: string) => void (said?.startsWith('a request was') && unserved++),
    }
    // Nothing passes but what we say.
    let nowMs = 0
    const clock = { ...systemClock, monotonic: () => nowMs }
    const server = await network(t, { log, clock, limits: { firstFrameMs } })
    server.serve('ask', async function* () {})
    const options = { seed: randomBytes(32), listen: [], announce: [] }
    const stranger = await startLibp2p(options, defaultLimits, { ...unbounded, clock: systemClock })
    t.teardown(() => stranger.stop())
    const connection = await stranger.dial(multiaddr(server.addresses()[0]!))
    const begun = await Promise.all(
      Array.from({ length: count }, () => connection.newStream('/bmail/test/ask', { negotiateFully: true })),
    )
    for (const [at, stream] of begun.entries()) {
      nowMs += eachMs
      stream.abort(new Error('it waited long enough'))
      await until('it was not served', () => unserved === at + 1)
    }
    if (isBanned) await until(how, () => server.stats().banned === 1 && server.peers().length === 0)
    else t.same([server.stats().banned, server.peers()], [0, [String(stranger.peerId)]], how)
  }
})

test('a node that only dials out finds its relay again after the relay restarts on the same port', async (t) => {
  const seed = randomBytes(32)
  const first = await createNetwork({ ...local, seed })
  const address = first.addresses()[0]!
  const port = address.split('/')[4]!
  const dialler = await network(t, { listen: [], keep: [address] })
  await until('the daemon connects by itself', () => first.peers().includes(dialler.self))
  t.same(dialler.addresses(), [], 'it listens nowhere')
  await first.close()
  await until('the connection ends', () => dialler.peers().length === 0)

  const second = await network(t, { seed, listen: [`/ip4/127.0.0.1/tcp/${port}`] })
  t.equal(second.self, first.self)
  await until('the daemon comes back', () => second.peers().includes(dialler.self))
  const got = collect(second, 'ops')
  await warm(dialler, 'ops', got)
  t.ok(got.length > 0, 'and gossip flows again')
})

test('start refuses an address it cannot read or cannot have', async (t) => {
  const node = await network(t)
  const taken = node.addresses()[0]!.split('/p2p/')[0]!
  await t.rejects(network(t, { listen: [taken] }), { message: /Cannot start the network on/, cause: Error })
  await t.rejects(network(t, { keep: ['example.org:4001'] }), { message: /is not a multiaddr/ })
})
