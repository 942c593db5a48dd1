/** Time as the ledger counts it: the grid of epochs, and what happens at their close. */
import fc from 'fast-check'
import { test } from 'tap'
import { advanceEpoch } from '../../protocol/epoch.ts'
import {
  accountOf,
  action,
  ada,
  bob,
  changesOf,
  dayMs,
  edited,
  genesis,
  hourMs,
  rules,
  seedOf,
  sendTo,
  settle,
  signed,
  signedInTurn,
  type State,
  totalsOf,
} from '../kit/fixtures.ts'
import { grant, message, messageTo, ofAda, settledMessage, totals, unread, world } from '../vectors/world.ts'

const { epochMs } = rules
const firstEnd = genesis.time + epochMs
/** What is noted at a time where nothing moves: slots are three hours, an eighth of the longest expiry. */
const lowsAt = (time: bigint) => [{ from: time - (time % (3n * hourMs)), basePrice: 1_000n, passes: 0 }]

test('epoch: within one nothing moves', async (t) => {
  const at = { epoch: 1, epochStart: genesis.time, epochEnd: firstEnd }
  t.strictSame(advanceEpoch(rules, at, genesis.time), at)
  t.strictSame(advanceEpoch(rules, at, firstEnd - 1n), at)
})

test('epoch: the end belongs to the next one', async (t) => {
  t.strictSame(advanceEpoch(rules, { epoch: 1, epochStart: genesis.time, epochEnd: firstEnd }, firstEnd), {
    epoch: 2,
    epochStart: firstEnd,
    epochEnd: firstEnd + epochMs,
  })
})

test('epoch: after a stall it is one further, and back on the grid', async (t) => {
  const before = { epoch: 4, epochStart: genesis.time, epochEnd: firstEnd }
  const after = (time: bigint) => {
    const { epochStart, ...at } = advanceEpoch(rules, before, time)
    t.equal(epochStart, time, 'it begins with the batch that opens it')
    return at
  }
  t.strictSame(after(firstEnd + epochMs - 1n), { epoch: 5, epochEnd: firstEnd + epochMs })
  t.strictSame(after(firstEnd + epochMs), { epoch: 5, epochEnd: firstEnd + 2n * epochMs })
  t.strictSame(after(firstEnd + 10n * epochMs + 1n), { epoch: 5, epochEnd: firstEnd + 11n * epochMs })
})

test('epoch: always on the grid of genesis, one at a time, and never over before it is left', async (t) => {
  const steps = fc.array(
    fc.oneof(fc.bigInt({ min: 0n, max: 3n * epochMs }), fc.constantFrom(0n, 1n, epochMs - 1n, epochMs)),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(steps, (waits) => {
      let [at, time] = [{ epoch: 1, epochStart: genesis.time, epochEnd: firstEnd }, genesis.time]
      for (const wait of waits) {
        time += wait
        const next = advanceEpoch(rules, at, time)
        const advanced = next.epoch - at.epoch
        if (advanced !== (time >= at.epochEnd ? 1 : 0)) return false
        if ((next.epochEnd - genesis.time) % epochMs !== 0n) return false
        if (next.epochEnd <= time || (advanced && next.epochEnd > time + epochMs)) return false
        at = next
      }
      return true
    }),
  )
  t.pass('always')
})

test('batch: height and time move, with no op at all', async (t) => {
  const { changes } = settle(world, { time: genesis.time + 1n })
  t.strictSame(changes, changesOf(world, [totals({ height: 1n, time: genesis.time + 1n, lows: lowsAt(genesis.time) })]))
})

test('batch: two may have one time, but it never runs backwards', async (t) => {
  const { state } = settle(world, { time: genesis.time })
  t.equal(totalsOf(settle(state, { time: genesis.time }).state).height, 2n)
  t.throws(() => settle(world, { time: genesis.time - 1n }), /time never runs backwards/)
})

test('verdicts: the window stretches while the log stalls', async (t) => {
  const held = edited(world, [message(messageTo(bob), { ...settledMessage, recipients: [unread] })])
  const ack = (time: bigint) =>
    signed({
      by: bob,
      expiry: time,
      action: action('ack', { giveBack: 0n, ...ofAda, message: messageTo(bob), verdict: 'value', epochKey: undefined }),
    })
  const far = genesis.time + 100n * epochMs
  t.equal(settle(held, { time: far, ops: [ack(far)] }).applied[0]?.kind, 'settled')
  const second = settle(held, { time: firstEnd }).state
  t.equal(totalsOf(second).epoch, 2)
  t.equal(settle(second, { ops: [ack(firstEnd)] }).applied[0]?.kind, 'settled')
  const [third] = settle(second, { time: far, ops: [ack(far)] }).applied
  t.match(third, { kind: 'undelivered', reason: 'ack-late' })
})

test('grant: revoked, what is left returns at once, and the permission holds until its end', async (t) => {
  const granted = edited(world, [grant(bob, ada, { payer: 'recipient', allowance: 600n, endsAt: undefined })])
  const revoked = settle(granted, {
    ops: [signed({ by: bob, action: action('revoke', { sender: ada.address }) })],
  }).state
  const endsAt = genesis.time + dayMs
  const sendIn = (state: State, time: bigint): State => {
    const wishes = [{ by: ada, action: sendTo([bob], { envelopeHash: seedOf(`at ${time}`) }) }]
    return settle(state, { time, ops: signedInTurn(state, { time, wishes }) }).state
  }
  const before = sendIn(revoked, endsAt - 1n)
  t.equal(accountOf(revoked, bob).funds, 1_000_000n - 10n + 600n, 'what was set aside is back')
  t.equal(accountOf(before, ada).funds, 999_990n - 250n, 'what is left of the price is the sender’s again')
  const after = sendIn(before, endsAt)
  t.equal(accountOf(after, ada).funds, 998_980n - 250n, 'the first one that is paid for')
  t.equal(accountOf(after, bob).funds, 999_990n + 600n + 750n)
})

test('grant: after its end it may be given and revoked again', async (t) => {
  const wishes = [
    action('grant', { sender: ada.address, payer: 'sender', allowance: 0n } as const),
    action('revoke', { sender: ada.address }),
    action('grant', { sender: ada.address, payer: 'sender', allowance: 7n } as const),
    action('revoke', { sender: ada.address }),
  ]
  let state: State = world
  for (const [index, wish] of wishes.entries()) {
    const time = genesis.time + BigInt(index) * dayMs
    const { applied, state: after } = settle(state, {
      time,
      ops: [signed({ by: bob, nonce: BigInt(index), expiry: time, action: wish })],
    })
    t.equal(applied[0]?.kind, 'settled', `${wish.TAG} on day ${index}`)
    state = after
  }
  t.equal(accountOf(state, bob).funds, 1_000_000n - 40n, 'nothing stays set aside')
})
