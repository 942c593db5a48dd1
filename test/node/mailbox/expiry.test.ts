/** An op's expiry is good for long enough everywhere, and says nothing of the clock of whoever signed it. */
import fc from 'fast-check'
import { test } from 'tap'
import { createExpiryOf, endsWith, expiryAt } from '../../../node/mailbox/expiry.ts'
import { presets } from '../../../node/settings/presets.ts'
import {
  action,
  ada,
  bob,
  context,
  edited,
  fetchedOf,
  genesis,
  hourMs,
  registeredState,
  seedOf,
} from '../../kit/fixtures.ts'
import { adasKey, freshPass, message, pass, settledMessage, totals } from '../../vectors/world.ts'

const rulesOf = Object.values(presets)

/** Rules, a moment, how long ago the latest batch was, and how far two clocks are off. */
const scene = fc.constantFrom(...rulesOf).chain((rules) => {
  const off = fc.integer({ min: -rules.clockSkewMs, max: rules.clockSkewMs })
  return fc.record({
    rules: fc.constant(rules),
    nowMs: fc.integer({ min: 1_800_000_000_000, max: 1_900_000_000_000 }),
    agoMs: fc.oneof(fc.integer({ min: 0, max: rules.expiryMaxMs }), fc.integer({ min: 0, max: 10_000_000_000 })),
    off,
    other: off,
  })
})

test('expiry: while there are batches it is the same by every clock, even one that is years off', (t) => {
  fc.assert(
    fc.property(scene, fc.integer({ min: 0, max: 1_800_000_000_000 }), ({ rules, nowMs, off }, years) => {
      const batchMs = nowMs - Math.abs(off)
      const at = (clockMs: number) => expiryAt(rules, { clockMs, batchMs })
      const latest = at(batchMs)
      return at(batchMs + Math.floor(rules.expiryMaxMs / 4)) === latest && at(batchMs - years) === latest
    }),
  )
  t.end()
})

test('expiry: it is on a grid, is not over, every host takes it, and the price holds until then', (t) => {
  fc.assert(
    fc.property(scene, ({ rules, nowMs, agoMs, off, other }) => {
      const expiry = Number(expiryAt(rules, { clockMs: nowMs + off, batchMs: nowMs - agoMs }))
      // The host's next batch is of its own clock, and not before its latest.
      const nextMs = Math.max(nowMs - agoMs, nowMs + other)
      const isSoon = Math.abs(off - other) <= Math.min(rules.clockSkewMs, rules.expiryMaxMs / 4)
      return (
        expiry % Math.floor(rules.expiryMaxMs / 2) === 0 &&
        (!isSoon || (expiry > nextMs && expiry < nextMs + rules.expiryMaxMs))
      )
    }),
  )
  t.end()
})

test('expiry: what ends with a pass, or with an epoch, expires right before that', async (t) => {
  const end = genesis.time + 3n * hourMs
  const grace = BigInt(context.rules.reputation.passGraceMs)
  const expiryOf = (epoch: number, fields: Parameters<typeof totals>[0]) => {
    const state = edited(registeredState(ada), [totals({ epoch, ...fields }), pass(adasKey, freshPass(ada, 2))])
    const replica = { view: async (references: Parameters<typeof fetchedOf>[1]) => fetchedOf(state, references) }
    return createExpiryOf({ context, replica, seams: { clock: { now: () => Number(genesis.time) } } })
  }
  const first = expiryOf(1, { epochEnd: end })
  const usual = await first()
  t.ok(usual > end, 'half a day to a whole one')
  t.equal(await first({ epochKey: adasKey }), usual, 'today’s pass is good for a day more')
  t.equal(await first({ epoch: 1 }), end - 1n)
  t.equal(await first({ epoch: 2 }), usual, 'of another epoch nothing settles anyway')
  const second = expiryOf(2, { epochStart: genesis.time - grace + hourMs, epochEnd: genesis.time + 7n * grace })
  t.equal(await second({ epochKey: adasKey }), genesis.time + hourMs - 1n, 'yesterday’s ends with its grace')
  const brief = expiryOf(2, { epochStart: genesis.time, epochEnd: genesis.time + hourMs })
  t.equal(await brief({ epochKey: adasKey }), genesis.time + hourMs - 1n, 'or with the epoch it reaches into')
  t.equal(await brief({}), usual)
})

test('expiry: a verdict is good no longer than its message can be judged, though epochs close as early as they can', async (t) => {
  const { ackWindowEpochs } = context.rules
  const end = genesis.time + hourMs
  const expiryOf = (epoch: number) => {
    const state = edited(registeredState(ada, bob), [
      totals({ epoch, epochEnd: end }),
      message(seedOf('letter'), { ...settledMessage, epoch: 2 }),
    ])
    const replica = { view: async (references: Parameters<typeof fetchedOf>[1]) => fetchedOf(state, references) }
    return createExpiryOf({ context, replica, seams: { clock: { now: () => Number(genesis.time) } } })
  }
  const judged = seedOf('letter')
  const last = expiryOf(2 + ackWindowEpochs)
  t.equal(await last({ judged }), end - 1n)
  t.equal(await last({ judged: seedOf('no letter') }), await last(), 'of one that is not settled nothing is known')
  const said = { message: judged, sender: bob.address, senderKey: undefined, verdict: 'value', giveBack: 1n } as const
  t.equal(await last(endsWith(action('ack', { ...said, epochKey: undefined }))), end - 1n)
  t.equal(endsWith(action('ack', { ...said, epochKey: adasKey })).epochKey, adasKey, 'and no longer than its pass')
  t.ok((await expiryOf(1 + ackWindowEpochs)({ judged })) > end, 'an epoch before there is more time')
  const late = expiryOf(3 + ackWindowEpochs)
  t.equal(await late({ judged }), await late(), 'what is too late is refused for that')
})

test('expiry: after a quiet hour, clocks that are a little apart mostly say the same', (t) => {
  const rules = rulesOf[0]!
  let shared = 0
  let all = 0
  for (let nowMs = 1_800_000_000_000; nowMs < 1_800_003_600_000; nowMs += 1_000) {
    const at = (off: number) => expiryAt(rules, { clockMs: nowMs + off, batchMs: nowMs - 3_600_000 })
    all += 1
    if (at(0) === at(1_000)) shared += 1
  }
  t.ok(shared / all > 0.99, `${shared} of ${all} moments`)
  t.end()
})
