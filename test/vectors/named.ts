/** Messages that name other amounts than just what is asked. The form is that of `settled.ts` and `refused.ts`. */
import { equalBytes } from '../../protocol/codec.ts'
import { payeeOf } from '../../protocol/payee.ts'
import { ada, bob, cyd, genesis, keepers, olga, type Person, rules, sendTo } from '../kit/fixtures.ts'
import {
  account,
  funded,
  grant,
  message,
  messageTo,
  type RefusedVector,
  type SettledVector,
  settledMessage,
  share,
  strangers,
  totals,
  traffic,
  unread,
} from './world.ts'

const { time } = genesis
const toBob = messageTo(bob)
const to = ({ address }: Person, amount: bigint) => ({ address, amount, from: 'funds' }) as const
const aside = ({ address }: Person, amount: bigint) => ({ address, amount, from: 'allowance' }) as const
/** So much for whose turn it is at the letter to Bob, and somebody whose turn it is not. */
const turn = payeeOf(rules, toBob)!
const sharedBy = (amount: bigint) => ({ payee: turn, amount })
const other = [olga, ...keepers].find(({ address }) => !equalBytes(address, turn))!
/** The letter to Bob, all burned out of what he set aside, but for the inclusion fee. */
const freely = {
  burn: 260n,
  share: undefined,
  lines: [aside(bob, 250n)],
} as const

export const namedSettled: readonly SettledVector[] = [
  {
    name: 'send: more of everything than is asked, of which the recipient’s part is what they got',
    op: { by: ada, action: sendTo([bob]), amounts: { burn: 300n, share: sharedBy(60n), lines: [to(bob, 800n)] } },
    changes: [
      account(ada, { funds: 998_840n, nonce: 1n }),
      account(bob, { funds: 1_000_800n }),
      totals({ burned: 300n, demand: 10_100n }),
      share(toBob, 60n),
      ...traffic([bob]),
      message(toBob, { ...settledMessage, recipients: [{ ...strangers, credit: 800n }] }),
    ],
  },
  {
    name: 'send: a share where none is asked, to whose turn it is',
    pre: [totals({ basePrice: 1n })],
    op: { by: ada, action: sendTo([bob]), amounts: { share: sharedBy(3n) } },
    changes: [
      account(ada, { funds: 999_986n, nonce: 1n }),
      account(bob, { funds: 1_000_001n }),
      totals({ burned: 10n, demand: 110_000n }),
      share(toBob, 3n),
      ...traffic([bob]),
      message(toBob, {
        ...settledMessage,
        basePrice: 1n,
        recipients: [{ ...strangers, fee: 1n, burned: 0n, credit: 1n }],
      }),
    ],
  },
  {
    name: 'send: out of one’s own, though the recipient would pay',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: {
      by: ada,
      action: sendTo([bob]),
      amounts: { burn: 210n, share: sharedBy(50n), lines: [to(bob, 0n)] },
    },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: out of what is set aside, though by the grant the sender pays',
    pre: [grant(bob, ada, { payer: 'sender', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: freely },
    changes: [
      account(ada, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { allowance: 750n }),
      totals({ burned: 260n, demand: 10_100n }),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 0n, burned: 0n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: out of what is set aside, more than is asked, and all of it burned',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: { ...freely, burn: 280n, lines: [aside(bob, 270n)] } },
    changes: [
      account(ada, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { allowance: 730n }),
      totals({ burned: 280n, demand: 10_100n }),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 0n, burned: 0n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: what is given besides to somebody who granted is theirs',
    pre: [grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: { lines: [to(bob, 7n)] } },
    changes: [
      account(ada, { funds: 999_733n, nonce: 1n }),
      account(bob, { funds: 1_000_007n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 250n, credit: 7n }] }),
    ],
  },
  {
    name: 'send: who was granted after they were asked pays as asked, and it counts as a stranger’s',
    pre: [grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: { lines: [to(bob, 750n)] } },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob], [bob]),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, stranger: true }] }),
    ],
  },
]

export const namedRefused: readonly RefusedVector[] = [
  {
    name: 'send: a unit less burned than is asked',
    op: { by: ada, action: sendTo([bob]), amounts: { burn: 209n } },
    reason: 'price-short',
  },
  {
    name: 'send: a unit less for the recipient, and more for everybody else',
    op: { by: ada, action: sendTo([bob]), amounts: { burn: 300n, share: sharedBy(100n), lines: [to(bob, 749n)] } },
    reason: 'price-short',
  },
  {
    name: 'send: a unit less for the second recipient, and one more for the first',
    op: { by: ada, action: sendTo([bob, cyd]), amounts: { lines: [to(bob, 826n), to(cyd, 824n)] } },
    reason: 'price-short',
  },
  {
    name: 'send: a unit less for whose turn it is',
    op: { by: ada, action: sendTo([bob]), amounts: { share: sharedBy(49n) } },
    reason: 'price-short',
  },
  {
    name: 'send: the share is burned instead',
    op: { by: ada, action: sendTo([bob]), amounts: { burn: 260n, share: undefined } },
    reason: 'price-short',
  },
  {
    name: 'send: the share goes to somebody whose turn it is not',
    op: { by: ada, action: sendTo([bob]), amounts: { share: { payee: other.address, amount: 50n } } },
    reason: 'price-short',
  },
  {
    name: 'send: a unit less than is asked, and more than the sender has',
    pre: [funded(ada, 500n)],
    op: { by: ada, action: sendTo([bob]), amounts: { burn: 209n } },
    reason: 'price-short',
    void: 'funds-short',
  },
  {
    name: 'send: out of what is set aside, when the grant is over',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: time })],
    op: { by: ada, action: sendTo([bob]), amounts: freely },
    reason: 'price-short',
  },
  {
    name: 'send: out of what is set aside, a unit more than is there',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 249n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: freely },
    reason: 'allowance-short',
  },
  {
    name: 'send: out of what is set aside, which is to pay the inclusion fee too',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: { ...freely, lines: [aside(bob, 260n)] } },
    reason: 'price-short',
  },
  {
    name: 'send: out of what one set aside, which is to burn for the other too',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob, cyd]), amounts: { lines: [aside(bob, 276n), to(cyd, 825n)] } },
    reason: 'price-short',
  },
  {
    name: 'send: out of what is set aside, of which not all is burned',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]), amounts: { ...freely, burn: 249n } },
    reason: 'price-short',
    void: 'malformed',
  },
]
