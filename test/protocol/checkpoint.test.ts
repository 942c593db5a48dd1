/** How an epoch passes into what proofs are about: verdicts are final, committed at their place, and checkpoints follow. */
import fc from 'fast-check'
import { test } from 'tap'
import type { Context } from '../../protocol/context.ts'
import { bytes20Of } from '../../protocol/field.ts'
import { quote } from '../../protocol/quote.ts'
import { checkpointKey, nodeKey, type Records, treeKey } from '../../protocol/state.ts'
import { rootOf, trees } from '../../protocol/tree.ts'
import { type Gathered, verdictTree } from '../../protocol/verdict-tree.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import {
  action,
  ada,
  type Batch,
  bob,
  context,
  cyd,
  genesis,
  type Person,
  registeredState,
  rules,
  seedOf,
  sendTo,
  settle,
  signedInTurn,
  type State,
  totalsOf,
  viewOf,
} from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import { realContext } from '../kit/pricing.ts'
import { messageTo } from '../vectors/world.ts'

const { epochMs } = rules
const end = (epoch: number): bigint => genesis.time + BigInt(epoch) * epochMs
const score = 65_536n
const [adasKey, bobsKey] = [bytes20Of(1n), bytes20Of(2n)]

/** Rules in which verdicts are committed some time after an epoch begins. */
const delayed = (verdictDelayMs: bigint): Context => ({
  ...context,
  rules: { ...rules, identity: { ...rules.identity, verdictDelayMs: Number(verdictDelayMs) } },
})

/** One batch at a time, with ops by people in the order of their nonces. */
function batchAt(state: State, time: bigint, wishes: readonly [Person, Action][], within: Context = context): Batch {
  const ops = signedInTurn(state, { time, wishes: wishes.map(([by, wanted]) => ({ by, action: wanted })) }, within)
  return settle(state, { time, ops }, within)
}
const at = (...args: Parameters<typeof batchAt>): State => {
  const { state, applied } = batchAt(...args)
  for (const one of applied) if (one.kind !== 'settled') throw new Error(`an op is ${one.reason}`)
  return state
}

const pass = (state: State, epochKey: Uint8Array, tier = 4): Action => {
  const { epoch, checkpoint } = totalsOf(state)
  return action('pass', { epoch, checkpoint, epochKey, tier, proof: goodProof })
}
const ack = (verdict: ActionOf<'ack'>['verdict'], epochKey: Uint8Array, message = messageTo(bob)): Action =>
  action('ack', { giveBack: 0n, message, sender: ada.address, senderKey: adasKey, verdict, epochKey })
const enroll = (commitment: bigint): Action => action('enroll', { commitment })

const edge = (state: State, name: keyof typeof trees): Records['trees'] => viewOf(state).read('trees', treeKey(name))!
const committed = (state: State, epoch: number): bigint | undefined =>
  viewOf(state).read('nodes', nodeKey('history', { level: 0, index: epoch }))?.node
const checkpointIn = (state: State, epoch: number, checkpoint: number): Records['checkpoints'] | undefined =>
  viewOf(state).read('checkpoints', checkpointKey({ epoch, checkpoint }))
const rootWith = (...rows: [key: bigint, positive: bigint, negative: bigint][]): bigint =>
  verdictTree(rows.map(([key, positive, negative]): Gathered => ({ key, positive, negative }))).root

const waits = fc.array(
  fc.record({
    waitMs: fc.oneof(
      fc.constantFrom(0n, 1n, epochMs / 2n, epochMs - 1n, epochMs, epochMs + 1n, 2n * epochMs, 9n * epochMs),
      fc.bigInt({ min: 0n, max: 3n * epochMs }),
    ),
    takesPass: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
)

test('history: the place of an epoch is its number, however batches cut the time', async (t) => {
  const delays = fc.constantFrom(0n, 1n, epochMs / 4n, epochMs / 2n)
  fc.assert(
    fc.property(waits, delays, (plan, delayMs) => {
      const within: Context = { ...delayed(delayMs), verify: () => true }
      const keys = new Map<number, bigint[]>()
      let state = at(registeredState(ada, bob, cyd), genesis.time, [], within)
      let time = genesis.time
      let number = 1n
      for (const { waitMs, takesPass } of plan) {
        time += waitMs
        state = at(state, time, [], within)
        const { epoch, committedAt, epochStart } = totalsOf(state)
        // One pass a pseudonym and epoch, so that Ada, Bob and Cyd have at most three.
        const taker = [ada, bob, cyd][keys.get(epoch)?.length ?? 0]
        if (takesPass && taker && committedAt > 0n) {
          state = at(state, time, [[taker, pass(state, bytes20Of(number))]], within)
          keys.set(epoch, [...(keys.get(epoch) ?? []), number++])
        }
        const isDue = time >= epochStart + delayMs
        if (committedAt > 0n !== isDue) throw new Error('verdicts are committed when they are due')
        const last = isDue ? epoch - 2 : epoch - 3
        if (edge(state, 'history').count !== Math.max(1, last + 1)) throw new Error('there is a place for each epoch')
        for (let closed = 1; closed <= last; closed++) {
          const rows = (keys.get(closed) ?? []).map((key): [bigint, bigint, bigint] => [key, 0n, 0n])
          if (committed(state, closed) !== rootWith(...rows)) throw new Error(`epoch ${closed} is at its place`)
        }
        for (let begun = 1; begun < epoch; begun++)
          if (!checkpointIn(state, begun, 0)) throw new Error(`epoch ${begun} had a checkpoint`)
      }
    }),
    { numRuns: 40 },
  )
  t.pass('always')
})

test('history: an empty epoch has the root of a tree with nothing but its sentinel', async (t) => {
  let state = registeredState(ada)
  for (let epoch = 0; epoch < 4; epoch++) state = at(state, end(epoch), [])
  t.equal(totalsOf(state).epoch, 4)
  t.strictSame(
    [1, 2, 3].map((epoch) => committed(state, epoch)),
    [rootWith(), rootWith(), undefined],
  )
  t.not(rootWith(), 0n)
})

/** Ada wrote to Bob in the first epoch, and both have a pass of it; Bob has one of the second, too. */
function written(within: Context = context): State {
  let state = at(registeredState(ada, bob, cyd), genesis.time, [], within)
  state = at(
    state,
    genesis.time,
    [
      [ada, pass(state, adasKey)],
      [ada, sendTo([bob], { epochKey: adasKey })],
    ],
    within,
  )
  state = at(state, end(1), [], within)
  return at(state, end(1), [[bob, pass(state, bobsKey)]], within)
}

test('verdict: in the last millisecond of its window it counts, and after it nothing does', async (t) => {
  const state = written()
  const valued = at(state, end(2) - 1n, [[bob, ack('value', bobsKey)]])
  t.equal(committed(at(valued, end(2), []), 1), rootWith([1n, score, 0n]))
  const third = at(state, end(2), [])
  t.equal(committed(third, 1), rootWith([1n, 0n, 0n]), 'a batch later the epoch is closed')
  const late = batchAt(third, end(2), [[bob, ack('value', bobsKey)]])
  t.match(late.applied, [{ kind: 'undelivered', reason: 'ack-late' }])
  t.equal(committed(late.state, 1), rootWith([1n, 0n, 0n]))
})

test('verdict: while the log stalls its window stretches, and the root waits for it', async (t) => {
  const state = written()
  const stalled = end(2) - 1n
  // The batch that closes the epoch comes three epochs late; until then nothing is over.
  const valued = at(state, stalled, [[bob, ack('abuse', bobsKey)]])
  const third = at(valued, end(5), [])
  t.equal(totalsOf(third).epoch, 3)
  t.equal(committed(third, 1), rootWith([1n, 0n, 8n * score]))
})

test('verdict: on what was sent in a pass’s grace it counts while the window of the pass is open, and not after', async (t) => {
  const envelopeHash = seedOf('sent in grace')
  const later = action('send', { ...(sendTo([bob], { epochKey: adasKey, envelopeHash }).data as ActionOf<'send'>) })
  const sent = batchAt(written(), end(1), [[ada, later]])
  const [one] = sent.applied
  const message = one?.kind === 'settled' ? one.sent!.message : new Uint8Array()
  const soon = at(sent.state, end(2) - 1n, [[bob, ack('spam', bobsKey, message)]])
  t.equal(committed(at(soon, end(2), []), 1), rootWith([1n, 0n, 2n * score]))
  const third = at(sent.state, end(2), [])
  const judged = at(third, end(2), [[bob, ack('spam', bobsKey, message)]])
  t.equal(viewOf(judged).read('passes', adasKey)?.negative, 0n, 'noted, and weighs nothing')
  t.equal(committed(at(judged, end(3), []), 1), rootWith([1n, 0n, 0n]))
})

test('verdict: with a delay the root is that of the close, whatever happens in between', async (t) => {
  const within = delayed(epochMs / 4n)
  const opened = at(registeredState(ada, bob, cyd), genesis.time + epochMs / 4n, [], within)
  const first = at(
    opened,
    totalsOf(opened).time,
    [
      [ada, pass(opened, adasKey)],
      [ada, sendTo([bob], { epochKey: adasKey })],
    ],
    within,
  )
  const second = at(at(first, end(1), [], within), end(1) + epochMs / 4n, [], within)
  const valued = at(
    second,
    end(2) - 1n,
    [
      [bob, pass(second, bobsKey)],
      [bob, ack('value', bobsKey)],
    ],
    within,
  )
  const closed = at(valued, end(2), [], within)
  t.equal(committed(closed, 1), undefined, 'not yet')
  t.match(batchAt(closed, end(2), [[bob, ack('value', bobsKey)]], within).applied, [{ reason: 'ack-late' }])
  const waiting = at(closed, end(2) + epochMs / 4n - 1n, [], within)
  t.equal(totalsOf(waiting).committedAt, 0n)
  const due = at(waiting, end(2) + epochMs / 4n, [], within)
  t.equal(committed(due, 1), rootWith([1n, score, 0n]))
  const missed = at(closed, end(7), [], within)
  t.match(totalsOf(missed), { epoch: 4, committedAt: 0n })
  t.equal(committed(missed, 1), rootWith([1n, score, 0n]), 'at the latest when the next one closes')
})

test('endorsement: in the last millisecond of the target’s window it counts, and after it there is no such target', async (t) => {
  const renew = (state: State): Action => {
    const { epoch, checkpoint } = totalsOf(state)
    const endorsement = { target: adasKey, amount: 4n }
    return action('renew', { epoch, checkpoint, nullifier: 5n, leaf: 6n, endorsement, proof: goodProof })
  }
  const state = written()
  const endorsed = at(state, end(2) - 1n, [[cyd, renew(state)]])
  t.equal(committed(at(endorsed, end(2), []), 1), rootWith([1n, 2n * score, 0n]))
  const third = at(state, end(2), [])
  t.throws(() => at(third, end(2), [[cyd, renew(third)]]), { message: /target-unknown/ })
})

test('live demotion: what an epoch key gathers is felt by messages under it after notice, before anything is folded', async (t) => {
  const { reputation } = realContext.rules
  const friendly: Context = {
    ...realContext,
    verify: () => true,
    rules: { ...realContext.rules, reputation: { ...reputation, flagMax: 40n } },
  }
  let state = at(registeredState(ada, bob, cyd), genesis.time, [], friendly)
  state = at(
    state,
    genesis.time,
    [
      [ada, pass(state, adasKey)],
      [bob, pass(state, bobsKey)],
    ],
    friendly,
  )
  // Bob has written to Ada, so that what she pays him follows her standing all the way down.
  state = at(state, genesis.time, [[bob, sendTo([ada])]], friendly)
  // An answer is owed; the next letter can be flagged as a stranger's.
  state = at(state, genesis.time, [[ada, sendTo([bob], { epochKey: adasKey })]], friendly)
  state = at(
    state,
    genesis.time,
    [[ada, sendTo([bob], { epochKey: adasKey, sizeClass: 4, envelopeHash: new Uint8Array(32).fill(4) })]],
    friendly,
  )
  state = at(state, genesis.time, [[bob, sendTo([ada], { envelopeHash: new Uint8Array(32).fill(5) })]], friendly)
  const { recipients, sizeClass, lifetimeDays } = sendTo([bob]).data as ActionOf<'send'>
  const reputationIn = (now: State) => {
    const quoted = quote(viewOf(now), friendly, {
      sender: ada.address,
      recipients,
      sizeClass,
      lifetimeDays,
      automatic: false,
      epochKey: adasKey,
      until: totalsOf(now).time,
    })
    return quoted.ok && quoted.value.lines[0]!.factors.find(({ name }) => name === 'reputation')?.basisPoints
  }
  t.equal(reputationIn(state), reputation.factors[5], 'tier 4')
  const message = [...state.values()].findLast(
    ({ table, record }) => table === 'messages' && record.sizeClass === 4,
  )!.key
  const judged = at(state, genesis.time, [[bob, ack('abuse', bobsKey, message)]], friendly)
  // He writes again, or she would be a stranger to him.
  const flagged = at(judged, genesis.time, [[bob, sendTo([ada], { sizeClass: 1, envelopeHash: message })]], friendly)
  const { negative } = viewOf(flagged).read('passes', adasKey)!
  t.ok(negative > 16n * score, `${negative / score} against it`)
  const left = [4, 3, 2, 1].find((tier) => negative <= reputation.negatives[tier - 1]! * score) ?? 0
  t.ok(left < 4, 'it fell')
  t.equal(reputationIn(flagged), reputation.factors[5], 'what was signed before still suffices')
  const noticed = genesis.time + BigInt(friendly.rules.expiryMaxMs)
  t.equal(reputationIn(at(flagged, noticed - 1n, [], friendly)), reputation.factors[5], 'up to the last moment')
  t.equal(reputationIn(at(flagged, noticed, [], friendly)), reputation.factors[left + 1], `tier ${left}`)
})

test('checkpoint: at even times, where the trees grew', async (t) => {
  const slot = (at: bigint): bigint => genesis.time + (at * epochMs) / 8n
  const taken = (state: State) => Array.from({ length: 9 }, (_, at) => at).filter((at) => checkpointIn(state, 1, at))
  let state = at(registeredState(ada, bob), genesis.time, [])
  t.strictSame(taken(state), [0])
  state = at(state, slot(2n) - 1n, [[ada, enroll(1n)]])
  state = at(state, slot(2n) - 1n, [[ada, action('stampBuy', { denomination: 1_000n, note: 1n })]])
  t.strictSame(taken(state), [0], 'not before its time')
  state = at(state, slot(2n), [[ada, enroll(2n)]])
  t.strictSame(taken(state), [0, 2])
  t.match(
    checkpointIn(state, 1, 2),
    { time: slot(2n), identities: 1, stamps: 1 },
    'of what was there when it was taken',
  )
  state = at(state, slot(3n) - 1n, [[ada, enroll(3n)]])
  t.strictSame(taken(state), [0, 2], 'one at a time')
  state = at(state, slot(3n), [])
  state = at(state, slot(4n), [])
  t.strictSame(taken(state), [0, 2, 3], 'and none where nothing grew')
  state = at(state, slot(4n) + 1n, [[ada, enroll(4n)]])
  state = at(state, slot(5n) - 1n, [[ada, enroll(5n)]])
  t.strictSame(taken(state), [0, 2, 3], 'whoever is the first after a silence waits for others')
  state = at(state, slot(8n) - 1n, [])
  t.strictSame(taken(state), [0, 2, 3, 7], 'after a stall it is that of its time')
  const { identities, identitiesRoot } = checkpointIn(state, 1, 7)!
  t.equal(identities, 5)
  t.equal(identitiesRoot, rootOf(edge(state, 'identities'), trees.identities.depth))
  state = at(at(state, slot(8n) - 1n, [[ada, enroll(6n)]]), end(1), [])
  t.match(checkpointIn(state, 2, 0), { identities: 6, stamps: 1 }, 'the next epoch begins with one')
})

test('checkpoint: they lie evenly between the commitment of verdicts and the end of an epoch', async (t) => {
  const within = delayed(epochMs / 2n)
  let state = at(registeredState(ada), genesis.time, [[ada, enroll(1n)]], within)
  t.equal(checkpointIn(state, 1, 0), undefined)
  state = at(state, genesis.time + epochMs / 2n, [], within)
  t.match(checkpointIn(state, 1, 0), { identities: 1 })
  state = at(state, genesis.time + epochMs / 2n, [[ada, enroll(2n)]], within)
  state = at(state, genesis.time + (epochMs * 9n) / 16n - 1n, [], within)
  t.equal(totalsOf(state).checkpoint, 0)
  t.equal(totalsOf(at(state, genesis.time + (epochMs * 9n) / 16n, [], within)).checkpoint, 1)
})

test('pass: it names a checkpoint of its epoch, and a new epoch knows none of the old', async (t) => {
  const state = at(registeredState(ada), genesis.time, [])
  t.equal(batchAt(state, end(1) - 1n, [[ada, pass(state, adasKey)]]).applied[0]?.kind, 'settled')
  const late = batchAt(state, end(1), [[ada, pass(state, adasKey)]])
  t.match(late.applied, [{ kind: 'undelivered', reason: 'checkpoint-unknown' }])
  t.equal(viewOf(late.state).read('passes', adasKey), undefined)
})
