/**
 * What verdicts and renewals count by where the message's batch and this one differ: price, epoch, size, and windows longer
 * than one epoch. The form is that of `settled.ts`.
 */
import { flagsKey } from '../../protocol/operations/ack.ts'
import type { Records } from '../../protocol/state.ts'
import type { Rules } from '../../protocol/rules.ts'
import { action, ada, bob, type Edit, edit, genesis, hourMs, rules, sendTo } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import {
  account,
  adasKey,
  adasSide,
  bobsKey,
  checkpoint,
  freshPass,
  listed,
  message,
  messageTo,
  node,
  nullified,
  pass,
  passOf,
  type RefusedVector,
  type SettledVector,
  settledMessage,
  share,
  side,
  strangers,
  totals,
  traffic,
  tree,
  unread,
  closes,
} from './world.ts'

const score = 65_536n
const toBob = messageTo(bob)
const acked = account(bob, { nonce: 1n })
const once = side({ valued: score })
const sent = (fields: Partial<Records['messages']> = {}, part: Partial<typeof unread> | object = {}): Edit =>
  message(toBob, { ...settledMessage, epochKey: adasKey, recipients: [{ ...unread, ...part }], ...fields })
const read = (verdict: 'value' | 'spam', part: object = {}): Edit =>
  message(toBob, { recipients: [{ ...unread, ...part, verdict }] })
const judged = (verdict: 'value' | 'spam') => ({
  by: bob,
  action: action('ack', {
    giveBack: 0n,
    message: toBob,
    sender: ada.address,
    senderKey: adasKey,
    verdict,
    epochKey: bobsKey,
  }),
})
const passes = (epoch = 1): Edit[] => [pass(adasKey, freshPass(ada, 2)), pass(bobsKey, freshPass(bob, 4, epoch))]
const flagged = (weight: bigint): Edit[] => [
  edit('flags', flagsKey(bobsKey, adasKey), { weight }),
  pass(bobsKey, { flagSpent: weight }),
  pass(adasKey, { negative: weight }),
]
const valued = (weight: bigint): Edit[] => [pass(bobsKey, { valueSpent: weight }), pass(adasKey, { positive: weight })]

/** A window of two epochs, and a fee that counts up to twice its units. */
const wider: Rules = {
  ...rules,
  ackWindowEpochs: 2,
  reputation: { ...rules.reputation, countedMax: 20_000n },
}
const dear = { fee: 3_000n }
const endorse = (epoch: number) => ({
  by: ada,
  action: action('renew', {
    epoch,
    checkpoint: 0,
    nullifier: 8n,
    leaf: 9n,
    endorsement: { target: adasKey, amount: 2n },
    proof: goodProof,
  }),
})

export const weightSettled: readonly SettledVector[] = [
  {
    name: 'send: in a later batch of a later epoch, which the message keeps',
    pre: [totals({ height: 6n, epoch: 2 })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      adasSide(bob, side({ messages: 1, asStranger: 1 }), 2),
      ...traffic([], [bob]),
      message(toBob, { ...settledMessage, height: 6n, epoch: 2, recipients: [strangers] }),
    ],
  },
  {
    name: 'pass: at the fee of the fewest that were taken within the longest expiry',
    pre: [
      totals({
        passes: 3_500,
        lows: [
          { from: genesis.time - 27n * hourMs + 1n, basePrice: 1n, passes: 2_000 },
          { from: genesis.time - 3n * hourMs, basePrice: 9n, passes: 2_500 },
        ],
      }),
    ],
    op: {
      by: ada,
      action: action('pass', { epoch: 1, checkpoint: 0, epochKey: adasKey, tier: 4, proof: goodProof }),
    },
    changes: [
      account(ada, { funds: 999_960n, nonce: 1n }),
      totals({ passes: 3_501, burned: 40n }),
      pass(adasKey, freshPass(ada, 4)),
      listed(adasKey, 4),
      passOf(ada, adasKey),
    ],
  },
  ...([undefined, genesis.time + 5n] as const).map((fell): SettledVector => {
    // From tier 4 to 3, or from 3, where it fell to before, to 2; in prices a day later.
    const [tier, negative] = fell ? [2, 32n * score] : [3, 16n * score]
    const falls = fell ? [{ tier: 3, from: fell }] : []
    return {
      name: `ack: spam by which a pass falls to tier ${tier}, of which prices know a day later`,
      pre: [sent(), ...passes(), pass(adasKey, { ...freshPass(ada, 4), negative, falls })],
      op: judged('spam'),
      changes: [
        acked,
        read('spam'),
        closes(bob),
        ...flagged(2n * score),
        pass(adasKey, {
          negative: negative + 2n * score,
          falls: [...falls, { tier, from: genesis.time + 24n * hourMs }],
        }),
      ],
    }
  }),
  ...(['value', 'spam'] as const).map(
    (verdict): SettledVector => ({
      name: `ack: ${verdict} counts by the price at which the message was settled`,
      pre: [totals({ basePrice: 4_000n }), sent({ basePrice: 2_000n }), ...passes()],
      op: judged(verdict),
      changes: [
        acked,
        read(verdict),
        // Of the burn as at the floor of 1,000: 1; of the fee half of what it would be there, 2.
        ...(verdict === 'value' ? [adasSide(bob, once), ...valued(score)] : [closes(bob), ...flagged(score)]),
      ],
    }),
  ),
  {
    name: 'ack: value again, after what was valued an epoch ago faded',
    pre: [totals({ epoch: 2 }), sent(), ...passes(2), adasSide(bob, once)],
    op: judged('value'),
    // 65,536 became 58,982: 65,536² ÷ (65,536 + 58,982).
    changes: [acked, read('value'), adasSide(bob, { ...once, valued: 58_982n + score }, 2), ...valued(34_492n)],
  },
  {
    name: 'ack: value by yesterday’s pass, in the last millisecond of its grace',
    pre: [totals({ epoch: 2, epochStart: genesis.time - 24n * hourMs + 1n }), sent(), ...passes()],
    op: judged('value'),
    changes: [acked, read('value'), adasSide(bob, once, 2), ...valued(score)],
  },
  ...([0, 1] as const).map(
    (sizeClass): SettledVector => ({
      name: `ack: what a flag counts of a fee is bounded by the size class ${sizeClass}`,
      rules: wider,
      pre: [sent({ sizeClass }, dear), ...passes()],
      op: judged('spam'),
      // Twice 2,000 of 3,000; in twice as many units all of it.
      changes: [acked, read('spam', dear), closes(bob), ...flagged((sizeClass === 0 ? 4n : 6n) * score)],
    }),
  ),
  {
    name: 'ack: in the last epoch of a longer window, on message and pass alike',
    rules: wider,
    pre: [totals({ epoch: 3 }), sent(), ...passes(3)],
    op: judged('value'),
    changes: [acked, read('value'), adasSide(bob, once, 3), ...valued(score)],
  },
  {
    name: 'renew: in favour of a key in the last epoch of a longer window',
    rules: wider,
    pre: [totals({ epoch: 3 }), checkpoint({ epoch: 3, checkpoint: 0 }), pass(adasKey, freshPass(ada, 2))],
    op: endorse(3),
    changes: [
      tree('identities', 1, [9n]),
      node('identities', 0, 0, 9n),
      nullified(8n, { epoch: 3, endorsed: 2n }),
      pass(adasKey, { positive: score }),
    ],
  },
]

export const weightRefused: readonly RefusedVector[] = [
  {
    name: 'ack: an epoch after a longer window',
    rules: wider,
    pre: [totals({ epoch: 4 }), sent(), ...passes(4)],
    op: judged('value'),
    reason: 'ack-late',
  },
  {
    name: 'renew: in favour of a key an epoch after a longer window',
    rules: wider,
    pre: [totals({ epoch: 4 }), checkpoint({ epoch: 4, checkpoint: 0 }), pass(adasKey, freshPass(ada, 2))],
    op: endorse(4),
    reason: 'target-unknown',
  },
  {
    name: 'ack: under yesterday’s pass, when its grace is over',
    pre: [totals({ epoch: 2, epochStart: genesis.time - 24n * hourMs }), sent(), ...passes()],
    op: judged('value'),
    reason: 'pass-unknown',
  },
]
