/** Messages that settle at exactly this price, and those that do not, and why. The form is that of `settled.ts` and `refused.ts`. */
import { ada, bob, cyd, dan, dayMs, eve, genesis, hourMs, sendTo } from '../kit/fixtures.ts'
import {
  account,
  funded,
  grant,
  message,
  messageTo,
  type RefusedVector,
  type SettledVector,
  policy,
  settledMessage,
  share,
  strangers,
  totals,
  traffic,
  unread,
} from './world.ts'

const { time } = genesis
const toBob = messageTo(bob)
const held = message(toBob, { ...settledMessage, recipients: [unread] })
const lowest = { leastTier: 0, leastFee: 0n, next: undefined }

export const sendSettled: readonly SettledVector[] = [
  {
    name: 'send: one KiB for 30 days to one stranger',
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob]),
      message(toBob, { ...settledMessage, recipients: [strangers] }),
    ],
  },
  {
    name: 'send: four KiB for a year to two, each 1,000 × 4 × 4 × 1.1',
    op: { by: ada, action: sendTo([bob, cyd], { sizeClass: 2, lifetimeDays: 365 }) },
    changes: [
      account(ada, { funds: 964_790n, nonce: 1n }),
      account(bob, { funds: 1_013_200n }),
      account(cyd, { funds: 1_013_200n }),
      totals({ burned: 7_050n, demand: 352_100n }),
      share(messageTo(bob, cyd), 1_760n),
      ...traffic([bob, cyd]),
      message(messageTo(bob, cyd), {
        ...settledMessage,
        sizeClass: 2,
        keptUntil: time + 365n * dayMs,
        recipients: [bob, cyd].map(({ address }) => ({
          address,
          fee: 17_600n,
          burned: 3_520n,
          asStranger: 0n,
          credit: 13_200n,
          stranger: true,
          verdict: undefined,
          given: 0n,
        })),
      }),
    ],
  },
  {
    name: 'send: the fee rounds up, what is taken of it rounds down, and of that what operators get',
    op: { by: ada, action: sendTo([bob], { lifetimeDays: 1 }) },
    changes: [
      account(ada, { funds: 999_656n, nonce: 1n }),
      account(bob, { funds: 1_000_251n }),
      totals({ burned: 77n, demand: 3_440n }),
      share(toBob, 16n),
      ...traffic([bob]),
      message(toBob, {
        ...settledMessage,
        keptUntil: time + dayMs,
        recipients: [
          {
            address: bob.address,
            fee: 334n,
            burned: 67n,
            asStranger: 0n,
            credit: 251n,
            stranger: true,
            verdict: undefined,
            given: 0n,
          },
        ],
      }),
    ],
  },
  {
    name: 'send: the least fee of the recipient, who gets all of it that is above the market',
    pre: [policy(bob, { leastTier: 0, leastFee: 5_000n, next: undefined })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 994_990n, nonce: 1n }),
      account(bob, { funds: 1_004_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob]),
      message(toBob, {
        ...settledMessage,
        recipients: [
          {
            address: bob.address,
            fee: 1_000n,
            burned: 200n,
            asStranger: 0n,
            credit: 4_750n,
            stranger: true,
            verdict: undefined,
            given: 0n,
          },
        ],
      }),
    ],
  },
  {
    name: 'send: a policy that is being raised does not hold yet',
    pre: [policy(bob, { leastTier: 0, leastFee: 0n, next: { leastTier: 2, leastFee: 5_000n, from: time + 1n } })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob]),
      message(toBob, { ...settledMessage, recipients: [strangers] }),
    ],
  },
  {
    name: 'send: with a grant the sender pays the burn and the operators, whatever the policy asks',
    pre: [
      policy(bob, { leastTier: 5, leastFee: 5_000n, next: undefined }),
      grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined }),
    ],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: with a grant that pays, it is free but for the inclusion fee, and counts for nothing',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 250n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { allowance: 0n }),
      totals({ burned: 260n, demand: 10_100n }),
      ...traffic([bob], []),
      message(toBob, {
        ...settledMessage,
        recipients: [{ ...unread, fee: 0n, burned: 0n, asStranger: 0n, credit: 0n }],
      }),
    ],
  },
  {
    name: 'send: where the allowance is too small the sender pays',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 249n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: a grant that is being revoked still holds',
    pre: [grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: time + hourMs })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob], []),
      message(toBob, { ...settledMessage, recipients: [{ ...unread, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: a grant whose time is over gives nothing, whatever is set aside',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 9_000n, endsAt: time })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(toBob, 50n),
      ...traffic([bob]),
      message(toBob, { ...settledMessage, recipients: [strangers] }),
    ],
  },
  {
    name: 'send: at the lowest price of the longest expiry, in which slots of three hours count as a whole',
    pre: [
      totals({
        basePrice: 2_000n,
        lows: [
          { from: time - 27n * hourMs, basePrice: 1n, passes: 0 },
          { from: time - 27n * hourMs + 1n, basePrice: 1_500n, passes: 0 },
          { from: time - 3n * hourMs, basePrice: 1_700n, passes: 0 },
        ],
      }),
    ],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_490n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 710n, demand: 10_066n }),
      share(toBob, 50n),
      ...traffic([bob]),
      message(toBob, {
        ...settledMessage,
        basePrice: 1_500n,
        recipients: [{ ...strangers, fee: 1_500n }],
      }),
    ],
  },
  {
    name: 'send: one recipient pays from an allowance, the other is a stranger',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob, cyd]) },
    changes: [
      account(ada, { funds: 998_890n, nonce: 1n }),
      grant(bob, ada, { allowance: 725n }),
      account(cyd, { funds: 1_000_825n }),
      totals({ burned: 505n, demand: 22_100n }),
      share(messageTo(bob, cyd), 55n),
      ...traffic([bob, cyd], [cyd]),
      message(messageTo(bob, cyd), {
        ...settledMessage,
        recipients: [
          {
            address: bob.address,
            fee: 0n,
            burned: 0n,
            asStranger: 0n,
            credit: 0n,
            stranger: false,
            verdict: undefined,
            given: 0n,
          },
          {
            address: cyd.address,
            fee: 1_100n,
            burned: 220n,
            asStranger: 0n,
            credit: 825n,
            stranger: true,
            verdict: undefined,
            given: 0n,
          },
        ],
      }),
    ],
  },
  {
    name: 'send: the same envelope to others is another message',
    pre: [message(toBob, { ...settledMessage, recipients: [unread] })],
    op: { by: ada, action: sendTo([cyd]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(cyd, { funds: 1_000_750n }),
      totals({ burned: 210n, demand: 10_100n }),
      share(messageTo(cyd), 50n),
      ...traffic([cyd]),
      message(messageTo(cyd), { ...settledMessage, recipients: [{ ...strangers, address: cyd.address }] }),
    ],
  },
]

export const sendRefused: readonly RefusedVector[] = [
  {
    name: 'send: for keepers that there are not',
    op: { by: ada, action: sendTo([bob], { keeperSet: 8 }) },
    reason: 'keepers-unknown',
  },
  {
    name: 'send: under an epoch key, while the network has no passes',
    op: { by: ada, action: sendTo([bob], { epochKey: new Uint8Array(20) }) },
    reason: 'pass-unknown',
  },
  {
    name: 'send: a message that is settled',
    pre: [held],
    op: { by: ada, action: sendTo([bob]) },
    reason: 'message-settled',
  },
  {
    name: 'send: for longer than any lifetime',
    op: { by: ada, action: sendTo([bob], { lifetimeDays: 366 }) },
    reason: 'lifetime-unknown',
  },
  {
    name: 'send: for no time at all',
    op: { by: ada, action: sendTo([bob], { lifetimeDays: 0 }) },
    reason: 'lifetime-unknown',
  },
  {
    name: 'send: to nobody',
    op: { by: ada, action: sendTo([eve]) },
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  },
  {
    name: 'send: one of two recipients is not registered',
    op: { by: ada, action: sendTo([bob, dan]) },
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  },
  {
    name: 'send: to somebody who reads strangers from a tier on',
    pre: [policy(bob, { ...lowest, leastTier: 1 })],
    op: { by: ada, action: sendTo([cyd, bob]) },
    reason: 'tier-short',
  },
  {
    name: 'send: a raise of the policy whose time has come',
    pre: [policy(bob, { ...lowest, next: { leastTier: 1, leastFee: 0n, from: time } })],
    op: { by: ada, action: sendTo([bob]) },
    reason: 'tier-short',
  },
  {
    name: 'send: a unit short of the fee and the inclusion fee',
    pre: [funded(ada, 1_009n)],
    op: { by: ada, action: sendTo([bob]) },
    reason: 'funds-short',
  },
  {
    name: 'send: a grant the other way round gives nothing',
    pre: [funded(ada, 1_009n), grant(ada, bob, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]) },
    reason: 'funds-short',
  },
]
