/** What stands beneath the streams has bounds: with the settings of production, over real sockets, with frames written by hand. */
import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { type Test, test } from 'tap'
import type { Libp2pNetwork } from '../../../node/network/libp2p.ts'
import { startLibp2p } from '../../../node/network/libp2p-node.ts'
import { createMeter, workCosts } from '../../../node/network/meter.ts'
import { defaultLimits } from '../../../node/network/network-options.ts'
import { flagOf, frame, said } from '../../kit/muxer-frames.ts'
import { patienceMs, until } from '../../kit/patience.ts'
import { productionNetwork } from '../../kit/production-network.ts'
import { unbounded } from '../../kit/unbounded.ts'

const pingType = 2

async function node(t: Test): Promise<Libp2pNetwork> {
  const started = await productionNetwork()
  t.teardown(() => started.close())
  started.serve('hello', async function* (request) {
    yield request
  })
  return started
}

type Carrier = { send(bytes: Uint8Array): boolean; pause(): void; readonly status: string; onDrain(): Promise<void> }

/** Whoever writes frames by hand; and how far what it was answered goes, in frames. */
async function rogue(t: Test, to: Pick<Libp2pNetwork, 'addresses' | 'peers'>) {
  const libp2p = await startLibp2p({ seed: randomBytes(32), listen: [], announce: [] }, defaultLimits, unbounded)
  t.teardown(() => libp2p.stop())
  const connection = await libp2p.dial(multiaddr(to.addresses()[0]!))
  await until('the node knows the rogue', () => to.peers().includes(libp2p.peerId.toString()))
  const { muxer } = connection as unknown as { muxer: { maConn: Carrier; handleFrame(frame: object): void } }
  const answers = { count: 0 }
  const { handleFrame } = muxer
  muxer.handleFrame = (answer) => {
    answers.count += 1
    // Pings that it did not ask for by its own code would end it.
    if ((answer as { header: { type: number } }).header.type !== pingType) handleFrame.call(muxer, answer)
  }
  return { peer: libp2p.peerId.toString(), carrier: muxer.maConn, answers }
}

async function isServed(t: Test, by: Libp2pNetwork): Promise<boolean> {
  const newcomer = await node(t)
  const peer = await newcomer.dial(by.addresses()[0]!)
  for await (const frame of newcomer.request(peer, 'hello', randomBytes(300), { timeoutMs: patienceMs }))
    return frame.length === 300
  return false
}

const endings = {
  'a frame of 4 GiB is announced': () => [
    frame({ type: 'data', flags: flagOf.syn, stream: 1_001, length: 0xffff_ffff, bytes: randomBytes(100) }),
  ],
  'pings are asked for, and nobody reads the answers': () =>
    Array.from({ length: 200 }, () =>
      Buffer.concat(Array.from({ length: 5_000 }, () => frame({ type: 'ping', flags: flagOf.syn, length: 7 }))),
    ),
}

for (const [what, frames] of Object.entries(endings))
  test(`the connection ends where ${what}`, async (t) => {
    const victim = await node(t)
    const { peer, carrier } = await rogue(t, victim)
    carrier.pause()
    for (const bytes of frames()) if (carrier.status === 'open') carrier.send(bytes)
    t.equal(await isServed(t, victim), true)
    await until('it is hung up on', () => !victim.peers().includes(peer))
  })

test('a stream that never says what it is for is reset after a few words', async (t) => {
  const victim = await node(t)
  const { carrier, answers } = await rogue(t, victim)
  const before = answers.count
  const words = Buffer.concat([said('/multistream/1.0.0'), ...Array.from({ length: 600 }, () => said('x'))])
  carrier.send(frame({ type: 'data', flags: flagOf.syn, stream: 1_001, bytes: words }))
  for (let more = 0; more < 50; more++) carrier.send(frame({ type: 'data', stream: 1_001, bytes: words }))
  t.equal(await isServed(t, victim), true)
  await until('it was answered', () => answers.count > before)
  t.ok(answers.count - before < 1_500, 'one frame of words is answered, and not fifty')
})

test('streams that are opened and reset at once are counted, and nothing is read from an address above its share', async (t) => {
  const streams = 6_000
  const spent = { work: 0, most: 1_000 * workCosts.stream }
  const meter = {
    spend: (_host: string, work: number) => void (spent.work += work),
    waitMs: () => (spent.work > spent.most ? 100 : 0),
  }
  const options = { seed: randomBytes(32), listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] }
  const victim = await startLibp2p(options, defaultLimits, { ...unbounded, meter })
  t.teardown(() => victim.stop())
  const { carrier } = await rogue(t, {
    addresses: () => victim.getMultiaddrs().map(String),
    peers: () => victim.getPeers().map(String),
  })
  for (let stream = 1_001; stream < 1_001 + 2 * streams; stream += 2)
    carrier.send(
      Buffer.concat([
        frame({ type: 'windowUpdate', flags: flagOf.syn, stream }),
        frame({ type: 'data', stream, bytes: said('/multistream/1.0.0') }),
        frame({ type: 'windowUpdate', flags: flagOf.rst, stream }),
      ]),
    )
  await until('its share is used up', () => spent.work > spent.most)
  // What has been read already is worked through; a chunk holds some 1,200 of them.
  await until('it is looked at again in vain', () => victim.getConnections().every(isHeld))
  t.ok(spent.work < streams * workCosts.stream, `${spent.work} of ${streams * workCosts.stream}`)
  spent.most = Number.POSITIVE_INFINITY
  await until('the rest is read once that is worked off', () => spent.work > streams * workCosts.stream)
})

const isHeld = (connection: object): boolean =>
  (connection as { muxer: { maConn: { readStatus: string } } }).muxer.maConn.readStatus === 'paused'

test('what many addresses cause is worked off at one pace, shared among them, and the quiet are not held back', (t) => {
  const at = { ms: 0 }
  const meter = createMeter({ monotonic: () => at.ms }, ['10.0.0.1'])
  meter.spend('192.0.2.1', 300_000)
  t.equal(meter.waitMs('192.0.2.1'), 0, 'one may be as much ahead')
  meter.spend('192.0.2.1', 250_000)
  t.equal(meter.waitMs('192.0.2.1'), 1_000)
  at.ms += 1_000
  t.equal(meter.waitMs('192.0.2.1'), 0)
  for (let host = 0; host < 200; host++) meter.spend(`198.51.100.${host}`, 1_000_000)
  meter.spend('203.0.113.9', 10 * workCosts.stream)
  t.equal(meter.waitMs('203.0.113.9'), 0)
  t.ok(meter.waitMs('198.51.100.7') > 60_000)
  t.equal(meter.waitMs('2001:db8::1'), 0)
  meter.spend('2001:db8::1', 1_000_000)
  t.ok(meter.waitMs('2001:db8::ffff') > 0, 'of IPv6 the first half is one')
  meter.spend('10.0.0.1', 1_000_000)
  t.equal(meter.waitMs('10.0.0.1'), 0, 'where many honest live there is more')
  at.ms += 1_000_000
  t.equal(meter.waitMs('198.51.100.7'), 0)
  t.end()
})
