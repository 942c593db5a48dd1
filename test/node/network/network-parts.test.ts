import fc from 'fast-check'
import { test } from 'tap'
import { createBans } from '../../../node/network/bans.ts'
import { backoffMs, keepConnected } from '../../../node/network/redial.ts'
import type { Answer } from '../../../node/seams.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { createSimulation } from '../../../node/simulated/simulated.ts'
import { createValidation } from '../../../node/network/validation.ts'

const limits = { concurrent: 2, concurrentOfPeer: 2, heldBytes: 100_000, heldBytesOfPeer: 40_000 }

/** Validators that wait to be told what to answer. */
function gates() {
  const open: ((answer: Answer | Error) => void)[] = []
  const validate = () =>
    new Promise<Answer>((resolve, reject) =>
      open.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  return { open, validate }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('validation runs a few at a time, in order, and a throw is an ignore that is told of', async (t) => {
  const thrown: unknown[] = []
  const { open, validate } = gates()
  const check = createValidation(limits, (error) => thrown.push(error))
  const answers = [1, 2, 3, 4].map(() => check({ from: 'a', data: new Uint8Array(10), validate }))
  await turn()
  t.equal(open.length, 2, 'two run, two wait')
  open[0]!('accept')
  open[1]!(new Error('a bug'))
  await turn()
  t.equal(open.length, 4)
  open[2]!('reject')
  open[3]!('ignore')
  t.same(await Promise.all(answers), ['accept', 'ignore', 'reject', 'ignore'])
  t.match(thrown, [{ message: 'a bug' }])
})

test('what one peer or all peers may have waiting is bounded, and frees itself', async (t) => {
  const { open, validate } = gates()
  const check = createValidation(limits, () => t.fail('nothing throws'))
  const send = (from: string, length: number) => check({ from, data: new Uint8Array(length), validate })
  const first = send('a', 30_000)
  t.equal(await send('a', 30_000), 'ignore', 'too much from one peer')
  const others = [send('b', 30_000), send('c', 30_000)]
  t.equal(await send('d', 30_000), 'ignore', 'too much in all')
  await turn()
  open[0]!('accept')
  open[1]!('accept')
  await turn()
  open[2]!('accept')
  t.same(await Promise.all([first, ...others]), ['accept', 'accept', 'accept'])
  const again = send('a', 30_000)
  await turn()
  open[3]!('accept')
  t.equal(await again, 'accept')
})

test('bans end, do not shorten one another, and are limited in number', async (t) => {
  const simulation = createSimulation('bans')
  const { clock } = simulation.join('a')
  const bans = createBans(clock)
  bans.add('x', { banMs: 1000, why: 'it lied' })
  bans.add('x', { banMs: 10, why: 'it lied again' })
  bans.add('y', { banMs: 0, why: 'nothing' })
  t.ok(bans.has('x'))
  t.equal(bans.why('x'), 'it lied')
  t.notOk(bans.has('y'))
  await simulation.run({ untilMs: simulation.now() + 1000 })
  t.notOk(bans.has('x'))
  for (let index = 0; index <= 10_000; index++) bans.add(`peer ${index}`, { banMs: 1000, why: 'it lied' })
  t.notOk(bans.has('peer 0'), 'the oldest made room')
  t.ok(bans.has('peer 1'))
  t.equal(bans.size(), 10_000)
})

test('the wait between dials doubles up to the cap, half of it random', async (t) => {
  const random = seededRandom(new Uint8Array(32), 'backoff')
  const holds = fc.property(fc.nat({ max: 200 }), (more) => {
    const failures = more + 1
    const whole = Math.min(60_000, 1000 * 2 ** Math.min(more, 20))
    const waitMs = backoffMs({ firstMs: 1000, capMs: 60_000 }, failures, random)
    return Number.isSafeInteger(waitMs) && waitMs >= whole / 2 && waitMs <= whole
  })
  t.doesNotThrow(() => fc.assert(holds))
})

test('a peer to keep is dialled for ever, and again when it is lost', async (t) => {
  const simulation = createSimulation('redial')
  const { clock, random } = simulation.join('a')
  let reachable = false
  let connected = false
  const dials: number[] = []
  const quiet = { debug() {}, info() {} }
  const redial = keepConnected({
    targets: [{ address: 'somewhere', peer: undefined }],
    dial: async () => {
      dials.push(clock.now())
      if (!reachable) throw new Error('nobody there')
      connected = true
      return 'peer'
    },
    isConnected: (peer) => peer === 'peer' && connected,
    clock,
    random,
    log: quiet,
    firstMs: 100,
    capMs: 10_000,
  })
  const day = 86_400_000
  await simulation.run({ untilMs: simulation.now() + day })
  t.ok(
    dials.length >= day / 10_000 && dials.length <= day / 5000 + 10,
    `${dials.length} dials in a day without an answer`,
  )
  reachable = true
  await simulation.runUntil(() => connected, { limitMs: 10_000 })

  const before = dials.length
  await simulation.run({ untilMs: simulation.now() + day })
  t.equal(dials.length, before, 'no dial while it is connected')
  connected = false
  redial.lost('peer')
  await simulation.runUntil(() => connected, { limitMs: 100 })
  connected = false // This time nobody tells.
  await simulation.runUntil(() => connected, { limitMs: 10_000 })

  redial.close()
  connected = reachable = false
  redial.lost('peer')
  const last = dials.length
  await simulation.run({ untilMs: simulation.now() + day })
  t.equal(dials.length, last, 'and no dial after the end')
})
