import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Connection, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { createLibp2p } from 'libp2p'
import { type Test, test } from 'tap'
import { systemClock } from '../../../node/daemon/system.ts'
import { partition } from '../../../node/network/gossip-repairs.ts'
import { gossipId } from '../../../node/network/gossip-settings.ts'
import { createNetwork, type Libp2pNetwork } from '../../../node/network/libp2p.ts'
import { messageMaxBytes } from '../../../node/network/limits.ts'
import { until } from '../../kit/patience.ts'

const meshsub = '/meshsub/1.1.0'
const rpcMaxBytes = 1024 * 1024

async function network(t: Test): Promise<Libp2pNetwork> {
  const node = await createNetwork({
    seed: randomBytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    keep: [],
    prefix: '/bmail/test',
    colocated: ['127.0.0.1'],
    clock: systemClock,
    random: (length) => randomBytes(length),
    log: { debug() {}, info() {}, warn() {} },
  })
  t.teardown(() => node.close())
  return node
}

interface Stranger {
  readonly self: string
  readonly connection: Connection
  /** What the node sent us, call by call, and how many bytes each had. */
  readonly calls: { readonly rpc: RPC; readonly bytes: number }[]
  readonly streams: Stream[]
  send(rpc: Partial<RPC>): Promise<void>
}

/** A peer that speaks gossipsub by hand, so that it can do what our own program never would. */
async function stranger(t: Test, node: Libp2pNetwork): Promise<Stranger> {
  const libp2p = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  t.teardown(() => libp2p.stop())
  const calls: Stranger['calls'] = []
  const streams: Stream[] = []
  await libp2p.handle(meshsub, async (stream) => {
    streams.push(stream)
    const io = lpStream(stream, { maxDataLength: 64 * 1024 * 1024 })
    try {
      while (true) {
        const bytes = await io.read()
        calls.push({ rpc: RPC.decode(bytes), bytes: bytes.byteLength })
      }
    } catch {
      // The stream ended.
    }
  })
  const connection = await libp2p.dial(multiaddr(node.addresses()[0]!))
  const stream = await connection.newStream([meshsub])
  streams.push(stream)
  const io = lpStream(stream)
  return {
    self: libp2p.peerId.toString(),
    connection,
    calls,
    streams,
    send: (rpc) => io.write(RPC.encode({ subscriptions: [], messages: [], ...rpc })),
  }
}

const control = { graft: [], prune: [], ihave: [], iwant: [], idontwant: [] }

test('a message id depends on the topic, the data, and where one ends and the other begins', async (t) => {
  const id = (topic: string, data: string) => Buffer.from(gossipId({ topic, data: Buffer.from(data) })).toString('hex')
  t.equal(id('ops', 'x'), id('ops', 'x'))
  t.equal(id('ops', 'x').length, 64)
  const ids = [id('ops', 'x'), id('opsx', ''), id('op', 'sx'), id('mail', 'x'), id('tag', 'x')]
  t.equal(new Set(ids).size, ids.length)
})

test('partition keeps every message, in order, in runs that one call can carry', async (t) => {
  const message = fc.nat({ max: messageMaxBytes }).map((length) => ({ data: { length } as Uint8Array }))
  const messages = fc.oneof(
    fc.array(message, { maxLength: 20 }),
    fc.array(fc.constant({ data: { length: 10 } as Uint8Array }), { maxLength: 700 }),
  )
  const holds = fc.property(messages, (list) => {
    const runs = partition(list)
    if (!isDeepStrictEqual(runs.flat(), list)) return false
    for (const run of runs) {
      if (run.length > 256) return false
      if (run.reduce((sum, { data }) => sum + data.length, 0) > messageMaxBytes) return false
    }
    return runs.length === 1 || runs.every((run) => run.length > 0)
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 50 }))
})

test('many wanted messages are answered in calls that the other side can take in', async (t) => {
  const node = await network(t)
  node.subscribe('ops', async () => 'accept')
  const peer = await stranger(t, node)
  const topic = '/bmail/test/ops'
  const wanted: Uint8Array[] = []
  for (let index = 0; index < 300; index++) {
    const data = Buffer.alloc(5000, index)
    data.writeUInt32BE(index)
    await node.publish('ops', data)
    wanted.push(gossipId({ topic, data }))
  }
  await until('the node opens its stream and tells what it subscribes to', () => peer.calls.length > 0)
  await peer.send({ control: { ...control, iwant: [{ messageIDs: wanted }] } })
  const received = () => peer.calls.reduce((sum, { rpc }) => sum + rpc.messages.length, 0)
  await until('all wanted messages arrive', () => received() >= 300)
  const largest = Math.max(...peer.calls.map(({ bytes }) => bytes))
  t.ok(largest <= rpcMaxBytes, `the largest call has ${largest} bytes`)
  t.ok(peer.calls.filter(({ rpc }) => rpc.messages.length > 0).length >= 3)
})

test('messages on topics nobody asked for reach no validator and cost the sender its place', async (t) => {
  const node = await network(t)
  let validated = 0
  node.subscribe('ops', async () => {
    validated += 1
    return 'accept'
  })
  const peer = await stranger(t, node)
  const stray = (topic: string, index: number) => ({ topic, data: Buffer.from(`${topic} ${index}`) })
  await peer.send({ messages: [stray('/bmail/test/ops', 0), stray('/bmail/test/unknown', 0)] })
  await until('the message on the known topic is validated', () => validated === 1)
  t.equal(node.stats().peersUnderZero, 0, 'one stray message is forgiven')
  for (let index = 1; index <= 60; index++) await peer.send({ messages: [stray('/bmail/test/unknown', index)] })
  await until('the node hangs up', () => !node.peers().includes(peer.self))
  t.equal(node.stats().banned, 1)
  t.equal(validated, 1)
})

test('an invalid gossipsub message is scored: a signature where none is allowed', async (t) => {
  const node = await network(t)
  let validated = 0
  node.subscribe('ops', async () => {
    validated += 1
    return 'accept'
  })
  const peer = await stranger(t, node)
  await peer.send({
    messages: [{ topic: '/bmail/test/ops', data: Buffer.from('x'), signature: Buffer.alloc(64) }],
  })
  await until('the score falls under zero', () => node.stats().peersUnderZero === 1)
  t.equal(validated, 0)
})

test('a connection over which gossip has died is thrown away, so that a new one can heal it', async (t) => {
  const node = await network(t)
  node.subscribe('ops', async () => 'accept')
  const peer = await stranger(t, node)
  await until('the node tells what it subscribes to', () => peer.calls.length > 0)
  // Only a peer that a heartbeat has seen whole can be missed. Subscribed, but out of the mesh, we are told of
  // each message at the heartbeat after it: so we know that one has passed.
  const topicID = '/bmail/test/ops'
  await peer.send({ subscriptions: [{ topic: topicID, subscribe: true }] })
  await peer.send({ control: { ...control, prune: [{ topicID, peers: [], backoff: 60 }] } })
  await node.publish('ops', Buffer.from('news'))
  await until('a heartbeat passes', () => peer.calls.some(({ rpc }) => (rpc.control?.ihave.length ?? 0) > 0))
  for (const stream of peer.streams) stream.abort(new Error('a test'))
  await until('the node hangs up', () => !node.peers().includes(peer.self))
  t.equal(node.stats().banned, 0, 'without blame')
})
