/** The way in of operations: one lane an account, and a place aside for what comes before its predecessor. */
import { test } from 'tap'
import { asideOfPeerMax, type Taken } from '../../../node/peers/aside.ts'
import { createLanes } from '../../../node/peers/lanes.ts'
import type { StepAside } from '../../../node/seams.ts'
import type { Incoming } from '../../../protocol/doorway.ts'
import { no, yes } from '../../../protocol/reason.ts'

const aside: StepAside = (wait) => wait()
const idle = { aside: 0, lanes: 0, peers: 0, turns: 0 }

/** An op as lanes look at it. */
const opOf = (lane: string, nonce: number, variant = 0): Incoming =>
  ({ lane, op: { nonce: BigInt(nonce) }, bytes: Buffer.from(`${lane} ${nonce} ${variant}`) }) as unknown as Incoming

/** Everything that is under way now, to its end. */
const quiet = () => new Promise((resolve) => setImmediate(resolve))

/** A clock that stands still until it is told; timers that are cancelled are gone. */
function createTimers() {
  const timers = new Map<object, { ms: number; task: () => unknown }>()
  return {
    clock: {
      after(ms: number, task: () => unknown) {
        const timer = {}
        timers.set(timer, { ms, task })
        return () => void timers.delete(timer)
      },
    },
    get count() {
      return timers.size
    },
    /** Let happen what is due at once; and then, once, what is due later; or whatever is, until nothing is. */
    async run({ all = false, late = false } = {}): Promise<void> {
      if (late) {
        await this.run()
        for (const [timer, { task }] of [...timers]) if (timers.delete(timer)) await task()
        return this.run()
      }
      const due = () => [...timers].filter(([, { ms }]) => all || ms === 0)
      for (let now = due(); now.length > 0; now = due()) {
        for (const [timer, { task }] of now) if (timers.delete(timer)) await task()
        await quiet()
      }
    },
  }
}

/** Lanes before a pool that takes each account's ops from 0 on in their order, so many at a time. */
function createPool({ most = Number.POSITIVE_INFINITY } = {}) {
  const next = new Map<string, number>()
  const busy = new Set<string>()
  const taken: string[] = []
  let room = most
  const timers = createTimers()
  const lanes = createLanes({
    clock: timers.clock,
    async take({ lane, op }): Promise<Taken> {
      if (busy.has(lane)) throw new Error('two of one account are looked at at one time')
      busy.add(lane)
      await quiet()
      busy.delete(lane)
      const expected = next.get(lane) ?? 0
      const nonce = Number(op.nonce)
      if (nonce < expected) return yes('known')
      if (nonce > expected) return no('nonce-gap')
      if (room === 0) return no('queue-full')
      room -= 1
      next.set(lane, nonce + 1)
      taken.push(`${lane} ${nonce}`)
      return yes('new')
    },
  })
  return {
    lanes,
    timers,
    taken,
    /** A batch that settles some, so that as many have room. */
    settle(...ops: Incoming[]): void {
      room += ops.length
      lanes.settled({ ops })
    },
    /** Settled elsewhere: the account is further. */
    skip: (lane: string, to: number) => void next.set(lane, to),
  }
}

test('lanes: in whatever order ops of accounts come, each is taken in once, in its order', async (t) => {
  const { lanes, timers, taken } = createPool()
  const nonces = Array.from({ length: 200 }, (_, at) => (at * 77) % 200)
  const results = nonces.flatMap((nonce) => [
    lanes.enter(opOf('ada', nonce), { from: 'one', stepAside: aside }),
    lanes.enter(opOf('bob', nonce), { from: 'two', stepAside: aside }),
  ])
  while (taken.length < 400) {
    await quiet()
    await timers.run()
  }
  t.strictSame(new Set((await Promise.all(results)).map((one) => one.ok && one.value)), new Set(['new']))
  for (const lane of ['ada', 'bob'])
    t.strictSame(
      taken.filter((one) => one.startsWith(lane)),
      Array.from({ length: 200 }, (_, nonce) => `${lane} ${nonce}`),
    )
  await quiet()
  t.strictSame(lanes.sizes, idle, 'nothing is left')
  t.equal(timers.count, 0, 'and no timer')
})

test('lanes: what comes early waits without a place, and ends where its time is over', async (t) => {
  const { lanes, timers } = createPool()
  let stepped = 0
  const early = lanes.enter(opOf('ada', 1), {
    from: 'one',
    stepAside(wait) {
      stepped += 1
      return wait()
    },
  })
  while (lanes.sizes.aside === 0) await quiet()
  t.equal(stepped, 1)
  t.ok(lanes.isAside(opOf('ada', 1)))
  t.notOk(lanes.isAside(opOf('ada', 1, 7)), 'other bytes are another op')
  t.strictSame(await lanes.enter(opOf('bob', 0), { from: 'one', stepAside: aside }), yes('new'), 'others go on')
  await timers.run({ all: true })
  t.strictSame(await early, no('nonce-gap'))
  t.strictSame(lanes.sizes, idle)
  t.equal(timers.count, 0)
})

test('lanes: while something of its account moves, an op waits on', async (t) => {
  const { lanes, timers } = createPool()
  const enter = (nonce: number) => lanes.enter(opOf('ada', nonce), { from: 'one', stepAside: aside })
  const early = enter(3)
  while (lanes.sizes.aside === 0) await quiet()
  for (const nonce of [0, 1]) {
    t.strictSame(await enter(nonce), yes('new'))
    await timers.run({ late: true })
    t.equal(lanes.sizes.aside, 1, `after ${nonce} it waits on`)
  }
  await timers.run({ all: true })
  t.strictSame(await early, no('nonce-gap'))
  t.equal(timers.count, 0)
})

test('lanes: our own ops are told of a gap at once', async (t) => {
  const { lanes } = createPool()
  t.strictSame(await lanes.enter(opOf('ada', 1), { from: undefined }), no('nonce-gap'))
  t.strictSame(await lanes.enter(opOf('ada', 0), { from: undefined }), yes('new'))
})

test('lanes: a batch wakes what waits for what it settled, or for room', async (t) => {
  const { lanes, timers, settle, skip } = createPool({ most: 1 })
  const enter = (lane: string, nonce: number) => lanes.enter(opOf(lane, nonce), { from: 'one', stepAside: aside })
  t.strictSame(await enter('ada', 0), yes('new'))
  const crowded = enter('ada', 1)
  const ahead = enter('bob', 5)
  while (lanes.sizes.aside < 2) await quiet()
  skip('bob', 5)
  settle(opOf('ada', 0), opOf('bob', 4))
  await timers.run()
  t.strictSame(await Promise.all([crowded, ahead]), [yes('new'), yes('new')])
  t.strictSame(lanes.sizes, idle)
})

test('lanes: a batch that becomes final while an op is looked at is not missed', async (t) => {
  const timers = createTimers()
  let looks = 0
  const lanes = createLanes({
    clock: timers.clock,
    async take() {
      if (looks++ > 0) return yes('new')
      lanes.settled({ ops: [] })
      return no('nonce-gap')
    },
  })
  t.strictSame(await lanes.enter(opOf('ada', 1), { from: 'one', stepAside: aside }), yes('new'))
  t.equal(looks, 2)
})

test('lanes: a flood of gaps fills its own share, and no other', async (t) => {
  const { lanes, timers, taken } = createPool()
  const enter = (lane: string, nonce: number, from: string, variant = 0) =>
    lanes.enter(opOf(lane, nonce, variant), { from, stepAside: aside })
  const results: Taken[] = []
  // By many names, and all of them gaps of the account that somebody honest writes from.
  const flood = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'].flatMap((from) =>
    Array.from({ length: asideOfPeerMax + 10 }, (_, at) =>
      enter('ada', 1_000 + at, from).then((one) => void results.push(one)),
    ),
  )
  while (lanes.sizes.turns > 0) await quiet()
  t.ok(results.length > 6 * 10, `${results.length} had no room`)
  t.strictSame(new Set(results.map((one) => !one.ok && one.reason)), new Set(['queue-full']), 'which is charged for')
  const honest = [2, 1].map((nonce) => enter('ada', nonce, 'friend'))
  while (lanes.sizes.turns > 0) await quiet()
  t.equal(lanes.sizes.peers, 7, 'somebody else has a place all the same')
  t.strictSame(await enter('ada', 0, 'friend'), yes('new'))
  await timers.run()
  t.strictSame(await Promise.all(honest), [yes('new'), yes('new')])
  t.strictSame(taken, ['ada 0', 'ada 1', 'ada 2'])
  lanes.stop()
  await Promise.all(flood)
  t.strictSame(lanes.sizes, idle)
  t.equal(timers.count, 0)
})
