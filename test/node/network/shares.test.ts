/** Every address and every peer has its share: with the settings of production, over real sockets. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { createLibp2p } from 'libp2p'
import { type Test, test } from 'tap'
import { systemClock } from '../../../node/daemon/system.ts'
import { connectionsWithin } from '../../../node/network/descriptors.ts'
import { createAdmission } from '../../../node/network/admission.ts'
import { shareOf } from '../../../node/network/hosts.ts'
import type { Libp2pNetwork } from '../../../node/network/libp2p.ts'
import { defaultLimits, type NetworkOptions } from '../../../node/network/network-options.ts'
import { createValidation } from '../../../node/network/validation.ts'
import { caller } from '../../kit/caller.ts'
import { patienceMs, until } from '../../kit/patience.ts'
import { productionNetwork } from '../../kit/production-network.ts'

const helloBytes = 512

/** A node as it runs for people: nothing is colocated, every limit is the default. */
async function network(t: Test, options: Partial<NetworkOptions> = {}): Promise<Libp2pNetwork> {
  const started = await productionNetwork(options)
  t.teardown(() => started.close())
  return started
}

const echo = async function* (request: Uint8Array) {
  yield request
}

/** A newcomer connects to an address and says hello. */
async function hello(t: Test, address: string): Promise<number> {
  const newcomer = await network(t, { listen: [] })
  const peer = await newcomer.dial(address)
  let bytes = 0
  for await (const frame of newcomer.request(peer, 'hello', randomBytes(300), { timeoutMs: patienceMs }))
    bytes += frame.length
  await newcomer.close()
  return bytes
}

const portOf = (address: string): number => Number(address.split('/')[4])

/** So many sockets that say nothing; which of them are still open. */
function idle(t: Test, port: number, { count, from }: { count: number; from: string }): { open: () => number } {
  const sockets: Socket[] = []
  for (let at = 0; at < count; at++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    socket.on('error', () => undefined)
    sockets.push(socket)
  }
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  return { open: () => sockets.filter(({ closed, readyState }) => !closed && readyState === 'open').length }
}

test('silent connections, from elsewhere or from the same address, keep no newcomer out', async (t) => {
  const node = await network(t)
  node.serve('hello', echo, { requestBytesMax: helloBytes })
  const address = node.addresses()[0]!
  for (const from of ['127.0.0.2', '127.0.0.1']) {
    const stop = systemClock.every(1_000, () => void idle(t, portOf(address), { count: 5, from }))
    const first = idle(t, portOf(address), { count: defaultLimits.halfOpenOfAddress, from })
    await until('some of them had to make room', () => first.open() < defaultLimits.halfOpenOfAddress)
    // From the same address it may be one too many in a second, and dials again, as a node does.
    for (let times = 0; times < 3; times++)
      await until(`a newcomer is heard beside ${from}`, async () => (await hello(t, address)) === 300)
    stop()
  }
  const many = idle(t, portOf(address), { count: 200, from: '127.0.0.3' })
  t.equal(await hello(t, address), 300)
  await until('most of one address were hung up on', () => many.open() <= defaultLimits.halfOpenOfAddress)
})

test('requests that are begun and not finished take their own share only, and cost the connection', async (t) => {
  const node = await network(t)
  const protocols = ['hello', 'log', 'envelopes', 'shard', 'releases', 'waiting', 'ops', 'promises', 'give']
  for (const name of protocols) node.serve(name, echo, { requestBytesMax: name === 'give' ? 640 * 1024 : helloBytes })
  const rogue = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false }, // The node is to be the one that hangs up.
  })
  t.teardown(() => rogue.stop())
  const connection = await rogue.dial(multiaddr(node.addresses()[0]!))
  // More streams than ten before the other side is ready end a connection by themselves.
  await until('the node knows the rogue', () => node.peers().includes(rogue.peerId.toString()))
  const header = Buffer.alloc(4 + 200)
  header.writeUInt32BE(300)
  const begin = async (name: string): Promise<Stream | undefined> => {
    try {
      const stream = await connection.newStream([`/bmail/test/${name}`], { maxOutboundStreams: 64 })
      stream.send(header)
      return stream
    } catch {
      return undefined // refused, or hung up on
    }
  }
  const beginAll = () => Promise.all(protocols.flatMap((name) => Array.from({ length: 3 }, () => begin(name))))
  await beginAll()
  t.equal(await hello(t, node.addresses()[0]!), 300, 'a newcomer is served meanwhile')
  // Once may be a machine that stands still. It goes on.
  await until('the node hung up', async () => {
    await beginAll()
    return node.stats().banned === 1 && connection.status !== 'open'
  })
  await until('newcomers are served', async () => (await hello(t, node.addresses()[0]!)) === 300)
})

test('a request that is larger than its protocol allows is refused by its length, before its bytes are taken in', async (t) => {
  const node = await network(t)
  let asked = 0
  node.serve(
    'hello',
    async function* (request) {
      asked += 1
      yield request
    },
    { requestBytesMax: helloBytes },
  )
  const client = await network(t, { listen: [] })
  const peer = await client.dial(node.addresses()[0]!)
  const ask = async (bytes: number) => {
    for await (const _ of client.request(peer, 'hello', new Uint8Array(bytes), { timeoutMs: patienceMs })) return
  }
  await t.rejects(ask(helloBytes + 1), { message: /gave no full answer/ })
  t.equal(asked, 0)
  await ask(helloBytes)
  t.equal(asked, 1)
})

test('idle sockets take no descriptor that the disk and the API need', async (t) => {
  const program = join(import.meta.dirname, '../../kit/network-child.ts')
  const child = spawn('bash', ['-c', `ulimit -n 256; exec "${process.execPath}" "${program}"`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { promise, resolve } = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).once('line', resolve)
  const { port, address } = JSON.parse(await promise)
  const api = async () => (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { said: string[] }
  for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'])
    idle(t, portOf(address), { count: 100, from })
  for (let times = 0; times < 5; times++) {
    t.match((await api()).said.join('\n'), /fewer connections than wished.*"descriptors":256,"maxConnections":128/)
    t.equal(await hello(t, address), 300)
  }
})

test('connections follow from descriptors, up to what is wished for', async (t) => {
  const within = (descriptors: number) => connectionsWithin({ descriptors, wished: 300 })
  t.equal(within(1_048_576), 300)
  t.equal(within(1_024), 300)
  t.equal(within(256), 128)
  t.equal(within(64), 16)
})

test('who shares an address: all of an IPv4 address, and the first half of an IPv6 one', async (t) => {
  t.equal(shareOf('192.0.2.1'), '192.0.2.1')
  t.equal(shareOf('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(shareOf('2001:db8:0:1::5'), shareOf('2001:0db8::1:ffff:1:2:3'))
  t.not(shareOf('2001:db8:0:1::5'), shareOf('2001:db8:0:2::5'))
})

test('no order of arrivals lets an address have more than its share, or keeps a new address out', async (t) => {
  const limits = { inbound: 24, ofAddress: 4, ofPeer: 2, halfOpen: 8, halfOpenOfAddress: 3 }
  const step = fc.record({
    host: fc.nat({ max: 5 }),
    peer: fc.nat({ max: 9 }),
    what: fc.constantFrom('comes', 'shakes'),
  })
  for (const colocated of [[], ['10.0.0.0']])
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
          const admission = createAdmission(limits, colocated)
          const here: { host: number; one: ReturnType<typeof caller>; isOpen: boolean }[] = []
          for (const { host, peer, what } of steps) {
            const waiting = here.find((other) => other.host === host && !other.isOpen && !other.one.isOver)
            if (what === 'shakes' && waiting) {
              waiting.isOpen = admission.hasShakenHands(waiting.one, `${peer}`)
              if (!waiting.isOpen) waiting.one.abort()
            } else {
              const one = caller(`10.0.0.${host}`)
              if (admission.comesIn(one)) here.push({ host, one, isOpen: false })
            }
            const { open, halfOpen } = admission.counts()
            const left = here.filter(({ one }) => !one.isOver)
            if (left.length !== open + halfOpen || left.length > limits.inbound || halfOpen > limits.halfOpen)
              return false
            for (let at = 0; at <= 5; at++) {
              const most = at === 0 && colocated.length > 0 ? (limits.inbound * 3) / 4 : limits.ofAddress
              if (left.filter(({ host: other, isOpen }) => other === at && isOpen).length > most) return false
            }
          }
          return admission.comesIn(caller('10.0.1.1'))
        }),
      ),
    )
})

test('validators of one peer leave room for those of others, also behind a long queue, and what steps aside takes none', async (t) => {
  const limits = { concurrent: 4, concurrentOfPeer: 2, heldBytes: 1_000_000, heldBytesOfPeer: 1_000_000 }
  const check = createValidation(limits, () => t.fail('nothing throws'))
  const running: string[] = []
  const gates = new Map<string, (() => void)[]>()
  const send = (from: string) =>
    check({
      from,
      data: new Uint8Array(1),
      validate: async () => {
        running.push(from)
        await new Promise<void>((resolve) => gates.set(from, [...(gates.get(from) ?? []), resolve]))
        return 'accept'
      },
    })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const all = [...Array.from({ length: 10 }, () => send('flood')), send('b'), send('c'), send('d')]
  await turn()
  t.same(running, ['flood', 'flood', 'b', 'c'])
  gates.get('flood')!.shift()!()
  await turn()
  t.same(running.at(-1), 'flood', 'its own turn came first, with one slot of its share free')
  gates.get('b')!.shift()!()
  await turn()
  t.same(running.at(-1), 'd')
  const done = Promise.all(all)
  let isDone = false
  void done.then(() => {
    isDone = true
  })
  while (!isDone) {
    for (const list of gates.values()) for (const open of list.splice(0)) open()
    await turn()
  }
  const aside = Array.from({ length: 8 }, () =>
    check({
      from: 'flood',
      data: new Uint8Array(1),
      validate: (_data, _from, stepAside) => stepAside(() => new Promise(() => undefined)),
    }),
  )
  await turn()
  t.equal(aside.length, 8)
  const answer = check({ from: 'flood', data: new Uint8Array(1), validate: async () => 'accept' })
  t.equal(await answer, 'accept', 'beside eight that wait')
})
