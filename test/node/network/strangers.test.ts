/** Many strangers: those who come under ever new names, from ever new addresses, or are announced nearby, leave no trace and keep nobody out. */
import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Test, test } from 'tap'
import { systemClock } from '../../../node/daemon/system.ts'
import { createAdmission } from '../../../node/network/admission.ts'
import { afterAwake } from '../../../node/network/awake.ts'
import { internalsOf } from '../../../node/network/gossip-repairs.ts'
import { startLibp2p } from '../../../node/network/libp2p-node.ts'
import { createUnread } from '../../../node/network/muxer.ts'
import { boundFinds, createNearbyDials, dialledAtOnce, foundInMinute } from '../../../node/network/nearby.ts'
import { defaultLimits } from '../../../node/network/network-options.ts'
import { caller } from '../../kit/caller.ts'
import { until } from '../../kit/patience.ts'
import { unbounded } from '../../kit/unbounded.ts'

async function node(t: Test, listen: readonly string[], monotonic = systemClock.monotonic) {
  const seed = new Uint8Array(randomBytes(32))
  const parts = { ...unbounded, clock: { ...systemClock, monotonic } }
  const started = await startLibp2p({ seed, listen, announce: [] }, defaultLimits, parts)
  t.teardown(() => started.stop())
  return started
}

test('whoever leaves is forgotten: what they said of themselves, and a score that is none', async (t) => {
  let nowMs = 0
  const visited = await node(t, ['/ip4/127.0.0.1/tcp/0'], () => nowMs)
  visited.services.gossip.subscribe('/a')
  const { score, peers } = internalsOf(visited.services.gossip)
  for (let time = 0; time < 5; time++) {
    const stranger = await node(t, [])
    await stranger.dial(visited.getMultiaddrs()[0]!)
    await until('gossip has begun', () => peers.size === 1)
    await until('it is known', async () =>
      (await visited.peerStore.all()).some(({ protocols }) => protocols.length > 0),
    )
    await stranger.stop()
    await until('it is gone', () => peers.size === 0 && score.peerStats.size === 0)
    nowMs += 20_000
  }
  const known = async () => (await visited.peerStore.all()).filter(({ id }) => !id.equals(visited.peerId))
  await until('nobody is known any more but the last who left', async () => (await known()).length <= 1)
  const bad = await node(t, [])
  await bad.dial(visited.getMultiaddrs()[0]!)
  await until('gossip has begun', () => peers.size === 1)
  score.addPenalty(bad.peerId.toString(), 20, 'made up')
  await bad.stop()
  await until('it is gone', () => peers.size === 0)
  t.ok(score.peerStats.has(bad.peerId.toString()), 'a score that is one is kept')
})

test('as many addresses as there are places keep no newcomer out, and put out none that came before them', async (t) => {
  const limits = { inbound: 20, ofAddress: 4, ofPeer: 2, halfOpen: 8, halfOpenOfAddress: 3 }
  const door = createAdmission(limits, [])
  let at = 0
  const comes = (isHonest = false) => {
    at += 1
    const one = caller(`10.${isHonest ? 1 : 0}.${at >> 8}.${at & 255}`)
    if (door.comesIn(one) && !door.hasShakenHands(one, `${at}`)) one.abort()
    return one
  }
  const old = Array.from({ length: limits.inbound / 2 }, () => comes(true))
  for (let time = 0; time < 100; time++) comes()
  t.ok(
    old.every(({ isOver }) => !isOver),
    'those who came first are here',
  )
  for (let time = 0; time < 20; time++) {
    const newcomer = comes(true)
    t.notOk(newcomer.isOver, 'a newcomer comes in')
    for (let other = 0; other < limits.inbound / 2 - 2; other++) comes()
    t.notOk(newcomer.isOver, 'and stays while others come')
  }
  t.ok(old.every(({ isOver }) => !isOver))
})

test('peers that are announced nearby without end are dialled a few at a time, and heard a few in a minute', async (t) => {
  let nowMs = 0
  const discovery = boundFinds(new EventTarget(), { monotonic: () => nowMs })
  let heard = 0
  discovery.addEventListener('peer', () => (heard += 1))
  for (const minute of [1, 2]) {
    for (let at = 0; at < 10 * foundInMinute; at++) discovery.dispatchEvent(new CustomEvent('peer'))
    t.equal(heard, minute * foundInMinute)
    nowMs += 60_000
  }
  const dialling: ((isThere: boolean) => void)[] = []
  const connected = new Set<PeerId>()
  const forgotten = new Set<PeerId>()
  const dial = createNearbyDials({
    dial: (peer) =>
      new Promise((resolve, reject) =>
        dialling.push((isThere) => {
          if (!isThere) return reject(new Error('nobody is there'))
          connected.add(peer)
          resolve(undefined)
        }),
      ),
    isConnected: (peer) => connected.has(peer),
    forget: async (peer) => forgotten.add(peer),
    log: { debug: () => undefined },
  })
  const peers = await Promise.all(
    Array.from({ length: 3 * dialledAtOnce }, async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))),
  )
  const all = peers.map(dial)
  t.equal(dialling.length, dialledAtOnce)
  for (const [at, end] of dialling.splice(0).entries()) end(at === 0)
  await Promise.all(all)
  t.equal(forgotten.size, peers.length - 1, 'all are forgotten but the one that is there')
  const again = [dial(peers[0]!), dial(peers[5]!)]
  t.equal(dialling.length, 1, 'there is room again')
  dialling[0]!(true)
  await Promise.all(again)
})

test('a time in which this process stood still is nobody’s silence', async (t) => {
  let nowMs = 0
  let due: { atMs: number; task: () => unknown } | undefined
  const clock = {
    monotonic: () => nowMs,
    after: (delayMs: number, task: () => unknown) => {
      due = { atMs: nowMs + delayMs, task }
      return () => (due = undefined)
    },
  }
  const run = (lateMs: number): void => {
    const { atMs, task } = due!
    due = undefined
    nowMs = atMs + lateMs
    task()
  }
  let isOver = false
  afterAwake(clock, 5_000, () => (isOver = true))
  run(20_000)
  t.notOk(isOver, 'it stood still for twenty seconds, and begins to read')
  t.ok(due!.atMs > nowMs)
  while (due) run(0)
  t.ok(isOver)
  t.equal(nowMs, 20_000 + 5_000 + 1_250)
  isOver = false
  const begunMs = nowMs
  afterAwake(clock, 5_000, () => (isOver = true))
  while (due) run(1_000)
  t.ok(isOver, 'a machine that is always late gives up at last')
  t.ok(nowMs - begunMs < 12 * 2_250 + 1)
  afterAwake(clock, 5_000, () => t.fail('it was cancelled'))()
  t.equal(due, undefined)
  const { promise, resolve } = Promise.withResolvers<void>()
  afterAwake(systemClock, 40, resolve)
  await promise
})

test('of all who leave much unread, who leaves most is found, and what was read meanwhile counts for nothing', async (t) => {
  const unread = createUnread<{ status: string; writeBufferLength: number }>(100)
  const connection = (writeBufferLength: number) => ({ status: 'open', writeBufferLength })
  const [one, other, third] = [connection(60), connection(30), connection(50)]
  t.equal(unread.sent(one), undefined)
  t.equal(unread.sent(other), undefined)
  one.writeBufferLength = 0
  t.equal(unread.sent(third), undefined, 'the first was read')
  one.writeBufferLength = 70
  t.equal(unread.sent(one), one)
  t.equal(unread.sent(other), undefined, 'and it counts no more')
  third.status = 'closed'
  t.equal(unread.sent(connection(65)), undefined, 'nor does one that is closed')
})
