/**
 * What verdicts weigh. Ada's message to Bob cost her 1,000 at a price of 1,000, of which 200 burned: `value`
 * by a tier of full weight is 5 × 0.2 = 1, `spam` is 2 × 1, `abuse` five times that, and at most 8 against one key. Scores have 16
 * fractional bits. The form is that of `settled.ts` and `refused.ts`.
 */
import { flagsKey } from '../../protocol/operations/ack.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { action, ada, bob, cyd, type Edit, edit } from '../kit/fixtures.ts'
import {
  account,
  adasKey,
  adasSide,
  bobsKey,
  freshPass,
  message,
  messageTo,
  otherKey,
  pass,
  type RefusedVector,
  type SettledVector,
  settledMessage,
  side,
  totals,
  unread,
  closes,
} from './world.ts'

const score = 65_536n
const toBob = messageTo(bob)
const held = (fields: Partial<typeof unread> | object = {}): Edit =>
  message(toBob, { ...settledMessage, epochKey: adasKey, recipients: [{ ...unread, ...fields }] })
const read = (verdict: 'value' | 'abstain' | 'spam' | 'abuse', fields: object = {}): Edit =>
  message(toBob, { recipients: [{ ...unread, ...fields, verdict }] })
const verdictBy = (epochKey: Uint8Array | undefined, verdict: ActionOf<'ack'>['verdict']) => ({
  by: bob,
  action: action('ack', { giveBack: 0n, message: toBob, sender: ada.address, senderKey: adasKey, verdict, epochKey }),
})
const acked = account(bob, { nonce: 1n })
/** Ada's pass of tier 2, and Bob's of a tier. */
const passes = (tier: number): Edit[] => [pass(adasKey, freshPass(ada, 2)), pass(bobsKey, freshPass(bob, tier))]
const flagged = (weight: bigint): Edit => edit('flags', flagsKey(bobsKey, adasKey), { weight })
const once = side({ valued: score })

export const verdictSettled: readonly SettledVector[] = [
  ...([0, 1, 2, 3, 4] as const).map((tier): SettledVector => {
    const weight = [32_768n, 45_875n, 55_705n, score, score][tier]!
    return {
      name: `ack: value by tier ${tier}`,
      pre: [held(), ...passes(tier)],
      op: verdictBy(bobsKey, 'value'),
      changes: [
        acked,
        read('value'),
        adasSide(bob, once),
        pass(bobsKey, { valueSpent: weight }),
        pass(adasKey, { positive: weight }),
      ],
    }
  }),
  {
    name: 'ack: value again between the same two weighs half',
    pre: [held(), ...passes(4), adasSide(bob, once)],
    op: verdictBy(bobsKey, 'value'),
    changes: [
      acked,
      read('value'),
      adasSide(bob, { ...once, valued: 2n * score }),
      pass(bobsKey, { valueSpent: score / 2n }),
      pass(adasKey, { positive: score / 2n }),
    ],
  },
  {
    name: 'ack: value within what is left of the budget',
    pre: [held(), ...passes(4), pass(bobsKey, { ...freshPass(bob, 4), valueSpent: 64n * score - 5n })],
    op: verdictBy(bobsKey, 'value'),
    changes: [
      acked,
      read('value'),
      adasSide(bob, once),
      pass(bobsKey, { valueSpent: 64n * score }),
      pass(adasKey, { positive: 5n }),
    ],
  },
  {
    name: 'ack: value where the sum is full',
    pre: [held(), ...passes(4), pass(adasKey, { ...freshPass(ada, 2), positive: 2n ** 40n - 1n })],
    op: verdictBy(bobsKey, 'value'),
    changes: [
      acked,
      read('value'),
      adasSide(bob, once),
      pass(bobsKey, { valueSpent: score }),
      pass(adasKey, { positive: 2n ** 40n }),
    ],
  },
  {
    name: 'ack: value for what the recipient’s allowance paid is worth nothing',
    pre: [held({ fee: 0n, burned: 0n, credit: 0n }), ...passes(4)],
    op: verdictBy(bobsKey, 'value'),
    changes: [acked, read('value', { fee: 0n, burned: 0n, credit: 0n })],
  },
  {
    name: 'ack: by somebody who fell with what they gathered themselves, at the tier that is left',
    pre: [held(), ...passes(4), pass(bobsKey, { ...freshPass(bob, 4), negative: 48n * score + 1n })],
    op: verdictBy(bobsKey, 'value'),
    changes: [
      acked,
      read('value'),
      adasSide(bob, once),
      pass(bobsKey, { valueSpent: 45_875n }),
      pass(adasKey, { positive: 45_875n }),
    ],
  },
  {
    name: 'ack: spam',
    pre: [held(), ...passes(0)],
    op: verdictBy(bobsKey, 'spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob),
      flagged(score),
      pass(bobsKey, { flagSpent: score }),
      pass(adasKey, { negative: score }),
    ],
  },
  {
    name: 'ack: abuse is five times spam, and stops at the most that one may hold against another',
    pre: [held(), ...passes(4)],
    op: verdictBy(bobsKey, 'abuse'),
    changes: [
      acked,
      read('abuse'),
      closes(bob),
      flagged(8n * score),
      pass(bobsKey, { flagSpent: 8n * score }),
      pass(adasKey, { negative: 8n * score }),
    ],
  },
  {
    name: 'ack: spam from one who holds nearly as much as they may',
    pre: [held(), ...passes(4), flagged(8n * score - 7n)],
    op: verdictBy(bobsKey, 'spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob),
      flagged(8n * score),
      pass(bobsKey, { flagSpent: 7n }),
      pass(adasKey, { negative: 7n }),
    ],
  },
  {
    name: 'ack: spam on a letter of an exchange weighs what a stranger would have paid',
    pre: [held({ fee: 25n, asStranger: 1_000n }), ...passes(4)],
    op: verdictBy(bobsKey, 'spam'),
    changes: [
      acked,
      read('spam', { fee: 25n, asStranger: 1_000n }),
      closes(bob, 1, side({ weighed: true })),
      flagged(2n * score),
      pass(bobsKey, { flagSpent: 2n * score }),
      pass(adasKey, { negative: 2n * score }),
    ],
  },
  {
    name: 'ack: spam on one more of an exchange weighs what was paid, until a stranger’s price is paid again',
    pre: [held({ fee: 500n, asStranger: 1_000n }), ...passes(4), adasSide(bob, side({ weighed: true }))],
    op: verdictBy(bobsKey, 'spam'),
    changes: [
      acked,
      read('spam', { fee: 500n, asStranger: 1_000n }),
      closes(bob, 1, side({ weighed: true })),
      flagged(score),
      pass(bobsKey, { flagSpent: score }),
      pass(adasKey, { negative: score }),
    ],
  },
  {
    name: 'ack: spam within what is left of the flag budget',
    pre: [held(), ...passes(4), pass(bobsKey, { ...freshPass(bob, 4), flagSpent: 128n * score - 3n })],
    op: verdictBy(bobsKey, 'spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob),
      flagged(3n),
      pass(bobsKey, { flagSpent: 128n * score }),
      pass(adasKey, { negative: 3n }),
    ],
  },
  {
    name: 'ack: of what a fee is over sixteen times its units, a flag counts nothing',
    pre: [held({ fee: 16_001n }), ...passes(0), pass(bobsKey, { ...freshPass(bob, 0), flagSpent: 100n * score })],
    op: verdictBy(bobsKey, 'spam'),
    changes: [
      acked,
      read('spam', { fee: 16_001n }),
      closes(bob),
      flagged(8n * score),
      pass(bobsKey, { flagSpent: 108n * score }),
      pass(adasKey, { negative: 8n * score }),
    ],
  },
  {
    name: 'ack: abstaining weighs nothing',
    pre: [held(), ...passes(4)],
    op: verdictBy(bobsKey, 'abstain'),
    changes: [acked, read('abstain')],
  },
  {
    name: 'ack: without a pass it is noted and weighs nothing',
    pre: [held(), ...passes(4)],
    op: verdictBy(undefined, 'abuse'),
    changes: [acked, read('abuse'), closes(bob)],
  },
  {
    name: 'ack: about a message that was sent without a pass it weighs nothing',
    pre: [message(toBob, { ...settledMessage, recipients: [unread] }), ...passes(4)],
    op: {
      by: bob,
      action: action('ack', {
        giveBack: 0n,
        message: toBob,
        sender: ada.address,
        senderKey: undefined,
        verdict: 'value',
        epochKey: bobsKey,
      }),
    },
    changes: [acked, read('value')],
  },
  {
    name: 'ack: a pass whose window is over gathers nothing more, also for what was sent in its grace',
    pre: [
      totals({ epoch: 3 }),
      message(toBob, { ...settledMessage, epoch: 2, epochKey: adasKey, recipients: [unread] }),
      pass(adasKey, freshPass(ada, 2)),
      pass(bobsKey, freshPass(bob, 4, 3)),
    ],
    op: verdictBy(bobsKey, 'abuse'),
    changes: [acked, read('abuse'), closes(bob, 3)],
  },
]

export const verdictRefused: readonly RefusedVector[] = [
  {
    name: 'ack: under the pass of another pseudonym',
    pre: [held(), ...passes(4), pass(otherKey, freshPass(cyd, 4))],
    op: verdictBy(otherKey, 'value'),
    reason: 'pass-unknown',
  },
  {
    name: 'ack: under the pass that the message came under',
    pre: [held(), ...passes(4)],
    op: verdictBy(adasKey, 'value'),
    reason: 'pass-unknown',
  },
  {
    name: 'ack: naming another sender, so that another pair would be damped',
    pre: [held(), ...passes(4)],
    op: {
      by: bob,
      action: action('ack', {
        giveBack: 0n,
        message: toBob,
        sender: cyd.address,
        senderKey: adasKey,
        verdict: 'value',
        epochKey: bobsKey,
      }),
    },
    reason: 'message-other',
  },
  ...([otherKey, undefined] as const).map(
    (senderKey): RefusedVector => ({
      name: `ack: naming ${senderKey ? 'another' : 'no'} pass of the sender, so that the verdict would land elsewhere`,
      pre: [held(), ...passes(4), pass(otherKey, freshPass(cyd, 4))],
      op: {
        by: bob,
        action: action('ack', {
          giveBack: 0n,
          message: toBob,
          sender: ada.address,
          senderKey,
          verdict: 'abuse',
          epochKey: bobsKey,
        }),
      },
      reason: 'message-other',
    }),
  ),
  {
    name: 'ack: a second verdict, under a pass',
    pre: [held({ verdict: 'value' }), ...passes(4)],
    op: verdictBy(bobsKey, 'abuse'),
    reason: 'ack-repeated',
  },
]
