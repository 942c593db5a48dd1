/**
 * Operations at the last number at which they still settle, or the first at which something else comes of them: the changes
 * of the specification that `mutate.ts` makes would go unseen without them. The form is that of `settled.ts` and `refused.ts`.
 */
import { sign } from '../../node/keys/sign.ts'
import { firstLeaf, stampLeaf } from '../../protocol/identity.ts'
import { flagsKey } from '../../protocol/operations/ack.ts'
import { pairKey } from '../../protocol/pair.ts'
import { nodeOf } from '../../protocol/poseidon.ts'
import { consentHash } from '../../protocol/registration.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { action, ada, bob, type Edit, edit, eve, network, personOf, sendTo, genesis, hourMs } from '../kit/fixtures.ts'
import {
  account,
  adasKey,
  adasSide,
  bobsKey,
  enrolment,
  freshPass,
  funded,
  grant,
  message,
  messageTo,
  node,
  pass,
  type RefusedVector,
  pool,
  registeredAt,
  sealKey,
  type SettledVector,
  policy,
  settledMessage,
  strangers,
  soldNote,
  share,
  side,
  totals,
  traffic,
  tree,
  unread,
  closes,
} from './world.ts'

const score = 65_536n
const toBob = messageTo(bob)
const leaf = firstLeaf(7n)
const held = message(toBob, { ...settledMessage, epochKey: adasKey, recipients: [unread] })
const free = { fee: 0n, burned: 0n, credit: 0n }
const unpaid = message(toBob, { ...settledMessage, epochKey: adasKey, recipients: [{ ...unread, ...free }] })
const acked = account(bob, { nonce: 1n })
const read = (verdict: 'value' | 'spam'): Edit => message(toBob, { recipients: [{ ...unread, verdict }] })
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
const once = side({ valued: score })
const wroteOnce = side({ messages: 1 })
const silent = side({})
/** The pair of Ada and Bob, from either side. */
const pairOf = (adas: typeof silent, bobs: typeof silent): Edit => {
  const key = pairKey(ada.address, bob.address)
  const adaIsLow = equalBytes(key.subarray(0, 20), ada.address)
  return edit('pairs', key, { low: adaIsLow ? adas : bobs, high: adaIsLow ? bobs : adas, asOf: 1 })
}
const consent = sign(consentHash(network, eve), eve.privateKey)

export const edgesSettled: readonly SettledVector[] = [
  {
    name: 'register: a sponsor gives the last of a balance',
    pre: [funded(ada, 510n)],
    op: {
      by: ada,
      action: action('register', {
        signingKey: eve.signingKey,
        sealKey: eve.sealKey,
        sponsorship: { amount: 500n, consent },
      }),
    },
    changes: [
      account(ada, { funds: 0n, nonce: 1n }),
      registeredAt(8, eve, 500n),
      sealKey(eve, eve.sealKey),
      totals({ burned: 10n, slots: 9 }),
    ],
  },
  {
    name: 'grant: the last of a balance',
    pre: [funded(bob, 3_010n)],
    op: { by: bob, action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 3_000n }) },
    changes: [
      account(bob, { funds: 0n, nonce: 1n }),
      grant(bob, ada, { payer: 'recipient', allowance: 3_000n, endsAt: undefined }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'stampBuy: with the last of a balance',
    pre: [funded(ada, 1_010n)],
    op: { by: ada, action: action('stampBuy', { denomination: 1_000n, note: 11n }) },
    changes: [
      account(ada, { funds: 0n, nonce: 1n }),
      totals({ burned: 10n }),
      pool(1_000n, 1_000n),
      tree('stamps', 1, [stampLeaf(1_000n, 11n)]),
      node('stamps', 0, 0, stampLeaf(1_000n, 11n)),
      soldNote(11n, 1_000n, 0),
    ],
  },
  {
    name: 'send: with the last of a balance',
    pre: [funded(ada, 1_010n)],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 0n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob]),
      message(toBob, { ...settledMessage, recipients: [strangers] }),
    ],
  },
  {
    name: 'send: at a price of one, which is all the recipient’s',
    pre: [totals({ basePrice: 1n })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_989n, nonce: 1n }),
      account(bob, { funds: 1_000_001n }),
      totals({ burned: 10n, demand: 110_000n }),
      ...traffic([bob]),
      message(toBob, {
        ...settledMessage,
        basePrice: 1n,
        recipients: [{ ...strangers, fee: 1n, burned: 0n, credit: 1n }],
      }),
    ],
  },
  {
    name: 'send: to somebody who wrote once, whatever their policy asks of strangers',
    pre: [policy(bob, { leastTier: 5, leastFee: 5_000n, next: undefined }), pairOf(silent, wroteOnce)],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      pairOf(side({ messages: 1, exchanged: 1 }), wroteOnce),
      message(toBob, { ...settledMessage, recipients: [unread] }),
    ],
  },
  {
    name: 'enroll: a leaf that completes the sixth node',
    pre: [tree('identities', 23, [1n, 2n, 3n], [4n], [5n])],
    op: { by: ada, action: action('enroll', { commitment: 7n }) },
    changes: [
      account(ada, { funds: 935_990n, nonce: 1n }),
      totals({ burned: 64_010n }),
      tree('identities', 24, [], [4n, nodeOf([1n, 2n, 3n, leaf])], [5n]),
      node('identities', 0, 23, leaf),
      node('identities', 1, 5, nodeOf([1n, 2n, 3n, leaf])),
      enrolment(7n, 23),
    ],
  },
  {
    name: 'ack: value in the last epoch in which the pass of the sender gathers',
    pre: [totals({ epoch: 2 }), held, pass(adasKey, freshPass(ada, 2)), pass(bobsKey, freshPass(bob, 4, 2))],
    op: judged('value'),
    changes: [
      acked,
      read('value'),
      adasSide(bob, once, 2),
      pass(bobsKey, { valueSpent: score }),
      pass(adasKey, { positive: score }),
    ],
  },
  {
    name: 'ack: the least that value can weigh',
    pre: [
      held,
      pass(adasKey, freshPass(ada, 2)),
      pass(bobsKey, { ...freshPass(bob, 4), valueSpent: 64n * score - 1n }),
    ],
    op: judged('value'),
    changes: [
      acked,
      read('value'),
      adasSide(bob, once),
      pass(bobsKey, { valueSpent: 64n * score }),
      pass(adasKey, { positive: 1n }),
    ],
  },
  {
    name: 'ack: the least that a flag can weigh',
    pre: [
      held,
      pass(adasKey, freshPass(ada, 2)),
      pass(bobsKey, { ...freshPass(bob, 4), flagSpent: 128n * score - 1n }),
    ],
    op: judged('spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob),
      edit('flags', flagsKey(bobsKey, adasKey), { weight: 1n }),
      pass(bobsKey, { flagSpent: 128n * score }),
      pass(adasKey, { negative: 1n }),
    ],
  },
  {
    name: 'ack: spam where the sum against a key is full',
    pre: [held, pass(adasKey, { ...freshPass(ada, 2), negative: 2n ** 40n - 1n }), pass(bobsKey, freshPass(bob, 4))],
    op: judged('spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob),
      edit('flags', flagsKey(bobsKey, adasKey), { weight: 2n * score }),
      pass(bobsKey, { flagSpent: 2n * score }),
      pass(adasKey, { negative: 2n ** 40n, badFrom: genesis.time + 24n * hourMs }),
    ],
  },
  {
    name: 'ack: spam in the last epoch in which the pass of the sender gathers',
    pre: [totals({ epoch: 2 }), held, pass(adasKey, freshPass(ada, 2)), pass(bobsKey, freshPass(bob, 4, 2))],
    op: judged('spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob, 2),
      edit('flags', flagsKey(bobsKey, adasKey), { weight: 2n * score }),
      pass(bobsKey, { flagSpent: 2n * score }),
      pass(adasKey, { negative: 2n * score }),
    ],
  },
  // What weighs nothing leaves nothing behind, not even a zero.
  {
    name: 'ack: spam by somebody whose flag budget is spent',
    pre: [held, pass(adasKey, freshPass(ada, 2)), pass(bobsKey, { ...freshPass(bob, 4), flagSpent: 128n * score })],
    op: judged('spam'),
    changes: [acked, read('spam'), closes(bob)],
  },
  {
    name: 'ack: spam by somebody who holds as much against that key as they may',
    pre: [
      held,
      pass(adasKey, freshPass(ada, 2)),
      pass(bobsKey, freshPass(bob, 4)),
      edit('flags', flagsKey(bobsKey, adasKey), { weight: 8n * score }),
    ],
    op: judged('spam'),
    changes: [acked, read('spam'), closes(bob)],
  },
  {
    name: 'ack: spam about what the recipient’s allowance paid',
    pre: [unpaid, pass(adasKey, freshPass(ada, 2)), pass(bobsKey, freshPass(bob, 4))],
    op: judged('spam'),
    changes: [acked, message(toBob, { recipients: [{ ...unread, ...free, verdict: 'spam' }] }), closes(bob)],
  },
  {
    name: 'ack: value by somebody whose budget is spent',
    pre: [held, pass(adasKey, freshPass(ada, 2)), pass(bobsKey, { ...freshPass(bob, 4), valueSpent: 64n * score })],
    op: judged('value'),
    changes: [acked, read('value')],
  },
  {
    name: 'ack: about a message under a pass that is not there',
    pre: [held, pass(bobsKey, freshPass(bob, 4))],
    op: judged('spam'),
    changes: [acked, read('spam'), closes(bob)],
  },
  ...(['value', 'spam'] as const).map(
    (verdict): SettledVector => ({
      name: `ack: ${verdict} about the key under which it is said`,
      pre: [
        message(toBob, { ...settledMessage, epochKey: bobsKey, recipients: [unread] }),
        pass(bobsKey, freshPass(bob, 4)),
      ],
      op: {
        by: bob,
        action: action('ack', {
          giveBack: 0n,
          message: toBob,
          sender: ada.address,
          senderKey: bobsKey,
          verdict,
          epochKey: bobsKey,
        }),
      },
      changes: [acked, read(verdict), ...(verdict === 'spam' ? [closes(bob)] : [])],
    }),
  ),
  {
    name: 'ack: spam by somebody of tier 1 with a unit too much against it, at what tier 0 weighs',
    pre: [held, pass(adasKey, freshPass(ada, 2)), pass(bobsKey, { ...freshPass(bob, 1), negative: 64n * score + 1n })],
    op: judged('spam'),
    changes: [
      acked,
      read('spam'),
      closes(bob),
      edit('flags', flagsKey(bobsKey, adasKey), { weight: score }),
      pass(bobsKey, { flagSpent: score }),
      pass(adasKey, { negative: score }),
    ],
  },
]

export const edgesRefused: readonly RefusedVector[] = [
  {
    name: 'send: as large as the rules allow, to as many as they allow, of whom nobody is registered',
    op: {
      by: ada,
      action: sendTo(
        Array.from({ length: 10 }, (_, at) => personOf(`unknown ${at}`)),
        { sizeClass: 8 },
      ),
    },
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  },
]
