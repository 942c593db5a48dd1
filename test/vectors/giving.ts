/** Giving back, and what is counted of a reader's dealings with strangers' letters. The form is that of `settled.ts` and `refused.ts`. */
import type { ActionOf } from '../../protocol/operations.ts'
import type { Records } from '../../protocol/state.ts'
import { action, ada, bob, cyd, type Edit, type Edits, sendTo } from '../kit/fixtures.ts'
import {
  account,
  adasSide,
  bobsSide,
  funded,
  grant,
  message,
  messageTo,
  ofAda,
  reader,
  type RefusedVector,
  type SettledVector,
  settledMessage,
  share,
  side,
  strangers,
  totals,
  traffic,
  unread,
  closes,
} from './world.ts'

type Part = Partial<Records['messages']['recipients'][number]>

const toBob = messageTo(bob)
const counted = 2 ** 32 - 1
const everything = { received: counted, answered: counted, valued: counted, flagged: counted, givenBack: counted }
/** Ada's letter to Bob, from a stranger unless said otherwise. */
const held = (part: Part = {}): Edit =>
  message(toBob, { ...settledMessage, recipients: [{ ...strangers, ...part }] as never })
const give = (amount: bigint, fields: Partial<ActionOf<'giveBack'>> = {}) => ({
  by: bob,
  action: action('giveBack', { message: toBob, sender: ada.address, amount, ...fields }),
})
const ack = (verdict: ActionOf<'ack'>['verdict'], giveBack: bigint) => ({
  by: bob,
  action: action('ack', { ...ofAda, message: toBob, verdict, epochKey: undefined, giveBack }),
})
/** What moves where Bob gives an amount back. */
const moved = (amount: bigint): Edits => [
  account(bob, { funds: 999_990n - amount, nonce: 1n }),
  account(ada, { funds: 1_000_000n + amount }),
  totals({ burned: 10n }),
]
/** A letter of Ada's at the price of 1,000, and the part of it that Bob has. */
const sent = (part: Part): Edits => [
  account(ada, { funds: 998_990n, nonce: 1n }),
  account(bob, { funds: 1_000_750n }),
  totals({ burned: 210n, demand: 10_100n }),
  share(toBob, 50n),
  held(part),
]

export const givingSettled: readonly SettledVector[] = [
  {
    name: 'ack: value, and all that was got is given back',
    pre: [held(), reader(bob, { received: 3, valued: 1 })],
    op: ack('value', 750n),
    changes: [
      ...moved(750n),
      held({ verdict: 'value', given: 750n }),
      reader(bob, { received: 3, valued: 2, givenBack: 1 }),
    ],
  },
  {
    name: 'ack: value, and all but a unit is given back, which does not count as giving back',
    pre: [held()],
    op: ack('value', 749n),
    changes: [...moved(749n), held({ verdict: 'value', given: 749n }), reader(bob, { valued: 1 })],
  },
  {
    name: 'ack: abstaining, and one unit is given back',
    pre: [held()],
    op: ack('abstain', 1n),
    changes: [...moved(1n), held({ verdict: 'abstain', given: 1n })],
  },
  {
    name: 'ack: spam, and all of it is given back, which counts as a flag alone',
    pre: [held()],
    op: ack('spam', 750n),
    changes: [...moved(750n), held({ verdict: 'spam', given: 750n }), reader(bob, { flagged: 1 }), closes(bob)],
  },
  {
    name: 'ack: abuse takes a giving back away again',
    pre: [held({ given: 750n }), reader(bob, { received: 4, flagged: 1, givenBack: 2 })],
    op: ack('abuse', 0n),
    changes: [
      account(bob, { nonce: 1n }),
      held({ verdict: 'abuse', given: 750n }),
      reader(bob, { received: 4, flagged: 2, givenBack: 1 }),
      closes(bob),
    ],
  },
  {
    name: 'ack: abstaining about a stranger’s letter counts nothing',
    pre: [held()],
    op: ack('abstain', 0n),
    changes: [account(bob, { nonce: 1n }), held({ verdict: 'abstain' })],
  },
  {
    name: 'ack: value for what was given back already counts beside it',
    pre: [held({ given: 750n }), reader(bob, { received: 1, givenBack: 1 })],
    op: ack('value', 0n),
    changes: [
      account(bob, { nonce: 1n }),
      held({ verdict: 'value', given: 750n }),
      reader(bob, { received: 1, valued: 1, givenBack: 1 }),
    ],
  },
  {
    name: 'ack: all of a letter from somebody known is given back, and nothing is counted',
    pre: [held(unread)],
    op: ack('value', 750n),
    changes: [...moved(750n), held({ ...unread, verdict: 'value', given: 750n })],
  },
  {
    name: 'ack: counts stop at the most that four bytes hold',
    pre: [held(), reader(bob, everything)],
    op: ack('value', 750n),
    changes: [...moved(750n), held({ verdict: 'value', given: 750n }), reader(bob, everything)],
  },
  {
    name: 'ack: with the last of a balance',
    pre: [held(), funded(bob, 760n)],
    op: ack('value', 750n),
    changes: [
      account(bob, { funds: 0n, nonce: 1n }),
      account(ada, { funds: 1_000_750n }),
      totals({ burned: 10n }),
      held({ verdict: 'value', given: 750n }),
      reader(bob, { valued: 1, givenBack: 1 }),
    ],
  },
  {
    name: 'give-back: all of it, before any verdict',
    pre: [held()],
    op: give(750n),
    changes: [...moved(750n), held({ given: 750n }), reader(bob, { givenBack: 1 })],
  },
  {
    name: 'give-back: a part of it',
    pre: [held({ verdict: 'value' })],
    op: give(1n),
    changes: [...moved(1n), held({ verdict: 'value', given: 1n })],
  },
  {
    name: 'give-back: all of it, after a flag, which does not count',
    pre: [held({ verdict: 'abuse' }), reader(bob, { flagged: 1 })],
    op: give(750n),
    changes: [...moved(750n), held({ verdict: 'abuse', given: 750n })],
  },
  {
    name: 'give-back: all of it, long after the last epoch for verdicts',
    pre: [totals({ epoch: 60 }), held({ verdict: 'value' }), reader(bob, { received: 1, valued: 1 })],
    op: give(750n),
    changes: [
      ...moved(750n),
      held({ verdict: 'value', given: 750n }),
      reader(bob, { received: 1, valued: 1, givenBack: 1 }),
    ],
  },
  {
    name: 'give-back: each recipient for themselves, with the last of a balance',
    pre: [
      funded(cyd, 760n),
      message(toBob, {
        ...settledMessage,
        recipients: [
          { ...strangers, given: 750n },
          { ...strangers, address: cyd.address },
        ],
      }),
    ],
    op: { ...give(750n), by: cyd },
    changes: [
      account(cyd, { funds: 0n, nonce: 1n }),
      account(ada, { funds: 1_000_750n }),
      totals({ burned: 10n }),
      message(toBob, {
        recipients: [
          { ...strangers, given: 750n },
          { ...strangers, address: cyd.address, given: 750n },
        ],
      }),
      reader(cyd, { givenBack: 1 }),
    ],
  },
  {
    name: 'send: another letter as a stranger',
    pre: [adasSide(bob, side({ messages: 1, asStranger: 1 })), reader(bob, { received: 1 })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      ...sent({}),
      ...traffic([], [bob]),
      adasSide(bob, side({ messages: 2, asStranger: 2 })),
      reader(bob, { received: 2 }),
    ],
  },
  {
    name: 'send: whose grant has it is no stranger’s letter, and answers nothing',
    pre: [grant(bob, ada, { payer: 'sender', endsAt: undefined }), adasSide(bob, side({ messages: 1, asStranger: 1 }))],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      held({ ...unread, fee: 250n, credit: 0n }),
      adasSide(bob, side({ messages: 2, asStranger: 1, acquainted: true })),
    ],
  },
  {
    name: 'send: the first letter back answers all that somebody wrote as a stranger',
    pre: [bobsSide(side({ messages: 4, asStranger: 3 })), reader(ada, { received: 7, answered: 1 })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      ...sent(unread),
      bobsSide(side({ messages: 4 }), side({ messages: 1, exchanged: 1 })),
      reader(ada, { received: 7, answered: 4 }),
    ],
  },
  {
    name: 'send: what is received and answered stops at the most that four bytes hold',
    pre: [
      bobsSide(side({ messages: 4, asStranger: 3 })),
      reader(ada, { ...everything, answered: counted - 1 }),
      reader(cyd, everything),
    ],
    op: { by: ada, action: sendTo([bob, cyd]) },
    changes: [
      account(ada, { funds: 997_790n, nonce: 1n }),
      account(bob, { funds: 1_000_825n }),
      account(cyd, { funds: 1_000_825n }),
      totals({ burned: 450n, demand: 22_100n }),
      share(messageTo(bob, cyd), 110n),
      message(messageTo(bob, cyd), {
        ...settledMessage,
        recipients: [unread, { ...strangers, address: cyd.address }].map((part) => ({
          ...part,
          fee: 1_100n,
          burned: 220n,
          credit: 825n,
        })),
      }),
      ...traffic([cyd]),
      bobsSide(side({ messages: 4 }), side({ messages: 1, exchanged: 1 })),
      reader(ada, everything),
      reader(cyd, everything),
    ],
  },
]

const refused = (name: string, reason: RefusedVector['reason'], op: RefusedVector['op'], ...pre: Edits) =>
  ({ name, pre, op, reason }) as const

export const givingRefused: readonly RefusedVector[] = [
  refused('ack: giving back a unit more than was got', 'give-back-over', ack('value', 751n), held()),
  refused('ack: giving back where that was done', 'give-back-repeated', ack('value', 1n), held({ given: 1n })),
  refused('ack: giving back a unit more than there is', 'funds-short', ack('value', 750n), held(), funded(bob, 759n)),
  refused('ack: giving back without the inclusion fee', 'funds-short', ack('value', 1n), held(), funded(bob, 10n)),
  refused('ack: giving back for what a grant made free', 'give-back-over', ack('value', 1n), held({ credit: 0n })),
  refused('give-back: of nothing', 'message-unknown', give(1n)),
  refused('give-back: to somebody who did not send it', 'message-other', give(1n, { sender: cyd.address }), held()),
  refused('give-back: by somebody who did not get it', 'not-recipient', { ...give(1n), by: cyd }, held()),
  refused('give-back: a unit more than was got', 'give-back-over', give(751n), held()),
  refused('give-back: the rest of what was given in part', 'give-back-repeated', give(1n), held({ given: 749n })),
  refused('give-back: a unit more than there is', 'funds-short', give(750n), held(), funded(bob, 759n)),
  refused('give-back: for what a grant made free', 'give-back-over', give(1n), held({ credit: 0n })),
]
