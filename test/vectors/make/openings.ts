/**
 * What the opening of a batch does where rules are other than those of the first chain: a price that moves, verdicts that are
 * committed some time after an epoch began, or late, and checkpoints that wait for them.
 */
import assert from 'node:assert'
import type { Context } from '../../../protocol/context.ts'
import type { Incoming } from '../../../protocol/doorway.ts'
import { messageId } from '../../../protocol/envelope.ts'
import { faultsOf } from '../../../protocol/faults.ts'
import { genesisChanges } from '../../../protocol/genesis.ts'
import type { Action } from '../../../protocol/operations.ts'
import { Rules } from '../../../protocol/rules.ts'
import type { Change } from '../../../protocol/state.ts'
import {
  action,
  ada,
  bob,
  changed,
  context,
  cyd,
  dayMs,
  genesis,
  hourMs,
  network,
  type Person,
  rules,
  sendTo,
  settle,
  signed,
  type State,
  totalsOf,
  viewOf,
} from '../../kit/fixtures.ts'
import { goodProof } from '../../kit/plain-proofs.ts'

import { plainChange, rootsFor } from './batches.ts'
import { plain } from './plain.ts'
import { bytesOf } from './sample.ts'

const minuteMs = hourMs / 60n

/** Epochs of a day, in which verdicts wait for four hours, and a price that moves by the hour. */
const moving: Rules = {
  ...rules,
  epochMs: dayMs,
  price: { start: 2_000n, floor: 1_000n, ceiling: 9_000n, target: 7n, intervalMs: Number(hourMs), step: 1_250n },
  identity: { ...rules.identity, verdictDelayMs: Number(4n * hourMs), checkpoints: 5 },
}
assert.deepEqual(faultsOf(moving, genesis), [])
const within: Context = { ...context, rules: moving }

type Step = {
  readonly name: string
  readonly time: bigint
  readonly roots: Readonly<Record<string, bigint>>
  readonly ops: readonly { readonly bytes: Uint8Array; readonly became: string }[]
  readonly changes: readonly Change[]
}

/** The pass of somebody in an epoch. */
const keyOf = ({ name }: Person, epoch: number): Uint8Array => bytesOf(`pass of ${name} in epoch ${epoch}`, 20)
const register = ({ signingKey, sealKey }: Person): Action =>
  action('register', { signingKey, sealKey, sponsorship: undefined })
const take = (person: Person, epoch: number): Action =>
  action('pass', { epoch, checkpoint: 0, epochKey: keyOf(person, epoch), tier: 4, proof: goodProof })
const write = (epoch: number, sizeClass: number): Action =>
  sendTo([bob], { envelopeHash: bytesOf(`envelope of epoch ${epoch}`, 32), sizeClass, epochKey: keyOf(ada, epoch) })
const stamp = (note: bigint): Action => action('stampBuy', { denomination: 1_000n, note })

function story(): readonly Step[] {
  const steps: Step[] = []
  let state: State = changed(new Map(), genesisChanges(moving, genesis))
  const add = (name: string, waitMs: bigint, ...wanted: readonly (readonly [Person, Action])[]): void => {
    const time = totalsOf(state).time + waitMs
    // Each is priced by what the batch made of the state before it.
    const ops: Incoming[] = []
    for (const [by, wish] of wanted) {
      const view = viewOf(settle(state, { time, ops }, within).state)
      const nonce = view.read('accounts', by.address)?.nonce ?? 0n
      ops.push(signed({ by, action: wish, nonce, expiry: time + hourMs }, within, view))
    }
    const roots = rootsFor(state)
    const batch = settle(state, { time, ops }, within)
    const became = ops.map(({ bytes }, at) => ({ bytes, became: batch.applied[at]!.kind }))
    steps.push({ name, time, roots, ops: became, changes: batch.changes })
    state = batch.state
  }
  /** How long it is from now to some time after this epoch began, or to its end. */
  const after = (ms: bigint): bigint => totalsOf(state).epochStart + ms - totalsOf(state).time
  const toEnd = (): bigint => totalsOf(state).epochEnd - totalsOf(state).time

  add('nothing is committed yet', 1_000n, [ada, register(ada)], [bob, register(bob)], [cyd, register(cyd)])
  add('before anything is committed a tree grows', minuteMs, [ada, action('enroll', { commitment: 7n })])
  add('an interval of the price is over, without demand', after(hourMs), [
    ada,
    sendTo([bob, cyd], { sizeClass: 2, lifetimeDays: 365 }),
  ])
  add('a millisecond before the next interval', after(2n * hourMs - 1n))
  add('the interval in which somebody wrote is over', 1n)
  add('a millisecond before verdicts are due', after(4n * hourMs - 1n))
  add('verdicts are due, of which there are none: the first checkpoint', 1n, [ada, take(ada, 1)], [bob, take(bob, 1)])
  add('a message under a pass', minuteMs, [ada, write(1, 3)])
  add('a stamp is sold', minuteMs, [cyd, stamp(11n)])
  add('a millisecond before the time of the second checkpoint', after(8n * hourMs - 1n))
  add('the second checkpoint, because of the stamp alone', 1n, [
    bob,
    action('ack', {
      giveBack: 0n,
      message: messageIn(1),
      sender: ada.address,
      senderKey: keyOf(ada, 1),
      verdict: 'value',
      epochKey: keyOf(bob, 1),
    }),
  ])
  add('the time of the third, and no tree grew', 4n * hourMs)
  add('within the third a tree grows', minuteMs, [cyd, action('enroll', { commitment: 8n })])
  add('still within the third', hourMs)
  add('the last, of which a part was slept through', after(23n * hourMs))
  add('the epoch is over', toEnd(), [bob, grantTo(ada)], [cyd, stamp(12n)])
  add('the time of a checkpoint would be, were anything committed', hourMs * 3n, [bob, revokeOf(ada)])
  add(
    'no verdicts were committed until the log stalled for epochs: late, and the next epoch begins',
    3n * dayMs + hourMs,
  )
  add('in the third epoch verdicts wait as in any', hourMs, [cyd, stamp(13n)])
  add('the verdicts of the first epoch', after(4n * hourMs), [ada, take(ada, 3)], [bob, take(bob, 3)])
  add('a message under a pass of the third epoch', minuteMs, [ada, write(3, 1)])
  add('and a verdict on it', minuteMs, [
    bob,
    action('ack', {
      giveBack: 0n,
      message: messageIn(3),
      sender: ada.address,
      senderKey: keyOf(ada, 3),
      verdict: 'spam',
      epochKey: keyOf(bob, 3),
    }),
  ])
  add('the third epoch is over', toEnd())
  add('the verdicts of an epoch without any', after(4n * hourMs))
  add('the fourth is over', toEnd() + minuteMs)
  add('the verdicts of the third epoch, late, and the epoch in which nothing else was done is over', toEnd() + 1n)
  add('where price and trees rest', 90n * minuteMs)
  return steps
}

/** The id of the message that was sent in an epoch. */
const messageIn = (epoch: number): Uint8Array =>
  messageId({
    network,
    sender: ada.address,
    recipients: [bob.address],
    envelopeHash: bytesOf(`envelope of epoch ${epoch}`, 32),
  })
const grantTo = ({ address }: Person): Action =>
  action('grant', { sender: address, payer: 'recipient', allowance: 3_000n })
const revokeOf = ({ address }: Person): Action => action('revoke', { sender: address })

export const openingVectors = () => ({
  rules: plain(Rules.encode(moving)),
  batches: story().map(({ name, time, roots, ops, changes }) => ({
    name,
    time: plain(time),
    verdictRoots: plain(roots),
    ops: ops.map(({ bytes, became }) => ({ hex: plain(bytes), became })),
    changes: changes.map(plainChange),
  })),
})
