/** Passes, taken and written under. The form is that of `settled.ts` and `refused.ts`. */
import { action, ada, bob, cyd, genesis, hourMs, sendTo } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import {
  account,
  adasKey,
  adasSide,
  checkpoint,
  freshPass,
  grant,
  listed,
  message,
  messageTo,
  otherKey,
  pass,
  passOf,
  reader,
  type RefusedVector,
  type SettledVector,
  settledMessage,
  share,
  side,
  strangers,
  totals,
  unread,
} from './world.ts'

const toBob = messageTo(bob)
const first = { epoch: 1, checkpoint: 0 }
const second = { epoch: 2, checkpoint: 0 }
const take = (epochKey: Uint8Array, tier: number, named = first, proof = goodProof) =>
  action('pass', { ...named, epochKey, tier, proof })

export const passSettled: readonly SettledVector[] = [
  {
    name: 'pass: the epoch key is the pseudonym’s, and its fee is burned, no inclusion fee',
    op: { by: ada, action: take(adasKey, 4) },
    changes: [
      account(ada, { funds: 999_990n, nonce: 1n }),
      totals({ passes: 1, burned: 10n }),
      pass(adasKey, freshPass(ada, 4)),
      listed(adasKey, 4),
      passOf(ada, adasKey),
    ],
  },
  {
    name: 'pass: one more in the next epoch',
    pre: [totals({ epoch: 2, passes: 6 }), checkpoint(second), pass(adasKey, freshPass(ada, 2)), passOf(ada, adasKey)],
    op: { by: ada, action: take(otherKey, 0, second) },
    changes: [
      account(ada, { funds: 999_990n, nonce: 1n }),
      totals({ passes: 7, burned: 10n }),
      pass(otherKey, freshPass(ada, 0, 2)),
      listed(otherKey, 0, { epoch: 2 }),
      passOf(ada, otherKey, 2),
    ],
  },
  {
    name: 'send: under a pass the message is the epoch key’s',
    pre: [pass(adasKey, freshPass(ada, 2))],
    op: { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      adasSide(bob, side({ messages: 1, asStranger: 1 })),
      reader(bob, { received: 1 }),
      message(toBob, { ...settledMessage, epochKey: adasKey, recipients: [strangers] }),
    ],
  },
  {
    name: 'send: yesterday’s pass, in its last millisecond',
    pre: [
      totals({ epoch: 2, epochStart: genesis.time - 24n * hourMs + 1n }),
      pass(adasKey, freshPass(ada, 2)),
      grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined }),
    ],
    op: { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      adasSide(bob, side({ messages: 1, acquainted: true }), 2),
      message(toBob, {
        ...settledMessage,
        epoch: 2,
        epochKey: adasKey,
        recipients: [{ ...unread, fee: 250n, credit: 0n }],
      }),
    ],
  },
]

export const passRefused: readonly RefusedVector[] = [
  {
    name: 'pass: a proof that does not hold',
    op: { by: ada, action: take(adasKey, 4, first, new Uint8Array(256)) },
    reason: 'unproven',
  },
  {
    name: 'pass: of a tier that the rules do not have',
    op: { by: ada, action: take(adasKey, 5) },
    reason: 'tier-unknown',
  },
  {
    name: 'pass: a second one in the epoch',
    pre: [pass(adasKey, freshPass(ada, 2)), passOf(ada, adasKey)],
    op: { by: ada, action: take(otherKey, 4) },
    reason: 'pass-repeated',
  },
  {
    name: 'pass: an epoch key that another pseudonym has',
    pre: [pass(adasKey, freshPass(bob, 2))],
    op: { by: ada, action: take(adasKey, 2) },
    reason: 'epoch-key-used',
  },
  {
    name: 'pass: the epoch key that one had an epoch ago',
    pre: [totals({ epoch: 2 }), pass(adasKey, freshPass(ada, 2)), passOf(ada, adasKey)],
    op: { by: ada, action: take(adasKey, 2) },
    reason: 'epoch-key-used',
  },
  {
    name: 'send: under the pass of another pseudonym',
    pre: [pass(adasKey, freshPass(cyd, 4))],
    op: { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
    reason: 'pass-unknown',
  },
  {
    name: 'send: under yesterday’s pass, when its grace is over',
    pre: [totals({ epoch: 2, epochStart: genesis.time - 24n * hourMs }), pass(adasKey, freshPass(ada, 2))],
    op: { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
    reason: 'pass-unknown',
  },
  {
    name: 'send: under a pass of two epochs ago',
    pre: [totals({ epoch: 3 }), pass(adasKey, freshPass(ada, 2))],
    op: { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
    reason: 'pass-unknown',
  },
]
