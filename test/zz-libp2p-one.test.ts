import { createHash, randomBytes } from 'node:crypto'
import { type Test, test } from 'tap'
import { createNetwork, type Libp2pNetwork, type NetworkOptions } from '../node/libp2p.ts'
import type { Answer, Clock } from '../node/seams.ts'

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs)
    return () => clearInterval(timer)
  },
}

const quiet = { debug() {}, info() {}, warn() {} }

const local: Omit<NetworkOptions, 'seed'> = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  announce: [],
  keep: [],
  prefix: '/bmail/test',
  colocated: ['127.0.0.1'],
  limits: { inboundConnectionThreshold: 100, redialFirstMs: 50, redialCapMs: 400 },
  clock,
  random: (length) => randomBytes(length),
  log: quiet,
}

/** A running network, closed when the test ends. */
async function network(t: Test, options: Partial<NetworkOptions> = {}): Promise<Libp2pNetwork> {
  const started = await createNetwork({ ...local, seed: randomBytes(32), ...options })
  t.teardown(() => started.close())
  return started
}

async function until(holds: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!holds()) {
    if (Date.now() > end) throw new Error(`did not happen in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
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
  await until(() => to.peers().includes(from.self), 'both ends see the connection')
}

/** Gossip links form a moment after the connection: publish fresh bytes until one message has gone through. */
async function warm(from: Libp2pNetwork, topic: string, got: string[]): Promise<void> {
  let round = 0
  const end = Date.now() + 30_000
  while (!got.some((message) => message.startsWith('warm'))) {
    if (Date.now() > end) throw new Error(`no gossip on ${topic}`)
    await from.publish(topic, bytes(`warm ${topic} ${round++}`))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function readAll(answer: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const frame of answer) all.push(frame)
  return all
}

test('a request fails with a sentence: deadline, throw, strange protocol, no connection, lost connection', async (t) => {
  const [server, client] = [await network(t), await network(t)]
  await join(client, server)
  let abandoned = false
  server.serve('silent', async function* () {
    yield bytes('first')
    await new Promise((resolve) => setTimeout(resolve, 60_000).unref())
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
  const ask = (protocol: string, timeoutMs = 20_000, peer = server.self) =>
    readAll(client.request(peer, protocol, bytes('?'), { timeoutMs }))

  await t.rejects(ask('silent', 300), { message: /deadline of 300 ms passed/, cause: Error })
  await t.rejects(ask('throws'), { message: /gave no full answer/, cause: Error })
  await t.rejects(ask('nonsense'), { message: /gave no full answer/, cause: Error })
  await t.rejects(ask('echo', 1000, (await network(t)).self), { message: /not connected/ })
  await t.rejects(ask('endless', 500), { message: /deadline of 500 ms passed/ })
  await until(() => abandoned, 'the handler is stopped when the requester gave up')

  abandoned = false
  for await (const frame of client.request(server.self, 'endless', bytes('?'), { timeoutMs: 20_000 })) {
    t.equal(frame.length, 100_000)
    break
  }
  await until(() => abandoned, 'the handler is stopped when the reader leaves early')

  const lost = ask('silent')
  lost.catch(() => undefined)
  await client.disconnect(server.self, { why: 'a test', banMs: 0 })
  await t.rejects(lost, { message: /gave no full answer/ })
  await join(client, server)
  t.same((await ask('echo')).map(text), ['?'], 'a broken request leaves nothing behind')
})
