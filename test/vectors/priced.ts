/**
 * What a price is made of, out of the state: under rules in which every factor is at work, and each message costs what is
 * worked out by hand beside it. A first letter of 1 KiB for 30 days costs 1,000 × 2: ×4 without a pass, ×2 under any; one of an
 * exchange 100, times what the standing asks. The form is that of `settled.ts`.
 */
import { equalBytes } from '../../protocol/codec.ts'
import { pairKey } from '../../protocol/pair.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Records } from '../../protocol/state.ts'
import {
  accountOf,
  ada,
  bob,
  cyd,
  type Edit,
  type Edits,
  edit,
  edited,
  genesis,
  hourMs,
  type Person,
  rules,
  sendTo,
} from '../kit/fixtures.ts'
import {
  account,
  adasKey,
  freshPass,
  grant,
  message,
  messageTo,
  pass,
  policy,
  type RefusedVector,
  type SettledVector,
  reader,
  settledMessage,
  share,
  side,
  totals,
  world,
} from './world.ts'

/** Two letters of an exchange for each that came back. */
const lively: Rules = {
  ...rules,
  correspondence: { first: 20_000n, exchange: 1_000n, patience: 2, decay: 9_000n },
  resources: { letter: 200n, recipient: 250n, unit: 50n },
  reputation: {
    ...rules.reputation,
    factors: [40_000n, 20_000n, 15_000n, 10_000n, 5_000n, 2_500n],
    strangers: [40_000n, 20_000n, 20_000n, 20_000n, 20_000n, 20_000n],
    badName: 30_000n,
  },
}

const { time } = genesis
type Side = Records['pairs']['low']
const silent = side({})
const wrote = (messages: number, more: Partial<Side> = {}): Side => side({ messages, ...more })

/** The pair of Ada and somebody, from either side. */
function pairOf(person: Person, adas: Side, theirs: Side, asOf = 1): Edit {
  const key = pairKey(ada.address, person.address)
  const adaIsLow = equalBytes(key.subarray(0, 20), ada.address)
  return edit('pairs', key, { low: adaIsLow ? adas : theirs, high: adaIsLow ? theirs : adas, asOf })
}

type Priced = {
  readonly person: Person
  /** What the network asks; and what it would without flags, and while the base price is at its floor. */
  readonly fee: bigint
  readonly plain?: bigint
  /** What a policy asks above that. */
  readonly more?: bigint
  /** What a policy asks that they do not get, because they flagged. */
  readonly lost?: bigint
  readonly granted?: boolean
  readonly known?: boolean
  /** What a flag weighs by until one did, where that is not what was paid. */
  readonly asStranger?: bigint
}

type Letter = {
  readonly pre?: Edits
  readonly to: readonly Priced[]
  /** What else it writes: pairs, and counts of strangers’ letters. */
  readonly after: readonly Edit[]
  readonly epochKey?: Uint8Array
  readonly automatic?: boolean
  /** What it counts as demand, where that is not what it costs and its carriage. */
  readonly demand?: bigint
  readonly basePrice?: bigint
  readonly carriage?: bigint
  readonly epoch?: number
}

/**
 * A letter of Ada's that settles at this price: of what is asked plainly a fifth burns, a twentieth is the operators', and
 * the recipient takes the rest, and all that a policy asks; everything else burns.
 */
function letter(name: string, letter: Letter): SettledVector {
  const { pre = [], to, after, epochKey, automatic = false, basePrice = 1_000n } = letter
  const { carriage = to.length === 1 ? 50n : 75n, epoch = 1 } = letter
  const lines = to.map(
    ({ person, fee, plain = fee, more = 0n, lost = 0n, granted = false, known = false, asStranger = 0n }) => {
      const operators = plain / 20n
      const earned = plain - plain / 5n - operators + more
      const burned = fee + more + lost - earned - operators
      const credit = granted ? 0n : earned
      const counted = { fee: granted ? burned + operators : fee, burned: plain / 5n, asStranger }
      return { person, fee, burned, operators, credit, paid: credit + burned + operators, counted, known, granted }
    },
  )
  const sum = (field: 'fee' | 'burned' | 'operators' | 'paid') => lines.reduce((all, line) => all + line[field], 0n)
  const { demand = ((sum('fee') + carriage) * 10_000n) / basePrice } = letter
  const before = edited(world, pre)
  const id = messageTo(...to.map(({ person }) => person))
  return {
    name,
    rules: lively,
    pre,
    op: {
      by: ada,
      action: sendTo(
        to.map(({ person }) => person),
        { epochKey, automatic },
      ),
    },
    changes: [
      account(ada, { funds: accountOf(before, ada).funds - sum('paid') - carriage, nonce: 1n }),
      ...lines
        .filter(({ credit }) => credit > 0n)
        .map(({ person, credit }) => account(person, { funds: accountOf(before, person).funds + credit })),
      totals({ burned: sum('burned') + carriage, demand }),
      ...(sum('operators') > 0n ? [share(id, sum('operators'))] : []),
      ...after,
      ...lines.filter(({ known, granted }) => !known && !granted).map(({ person }) => reader(person, { received: 1 })),
      message(id, {
        ...settledMessage,
        epoch,
        epochKey,
        automatic,
        basePrice,
        recipients: lines.map(({ person, counted, credit, known, granted }) => ({
          address: person.address,
          ...counted,
          credit,
          stranger: !known && !granted,
          verdict: undefined,
          given: 0n,
        })),
      }),
    ],
  }
}

const open = { payer: 'sender', allowance: 0n, endsAt: undefined } as const
const strict = { leastTier: 0, leastFee: 50_000n, next: undefined }
const firstStranger = wrote(1, { asStranger: 1 })
/** One letter of Bob's came back, and Ada answered it. */
const answeredOnce = (exchanged = 1, more: Partial<Side> = {}) => wrote(2, { exchanged, ...more })
const adasPass = (tier: number, fields: Partial<Records['passes']> = {}) =>
  pass(adasKey, { ...freshPass(ada, tier), ...fields })

export const pricedSettled: readonly SettledVector[] = [
  letter('send: a first letter without a pass', {
    to: [{ person: bob, fee: 8_000n }],
    after: [pairOf(bob, firstStranger, silent)],
  }),
  ...([0, 1, 2, 3, 4] as const).map((tier) =>
    letter(`send: a first letter under a pass of tier ${tier}, which is worth no more than any`, {
      pre: [adasPass(tier)],
      to: [{ person: bob, fee: 4_000n }],
      after: [pairOf(bob, firstStranger, silent)],
      epochKey: adasKey,
    }),
  ),
  letter('send: a first letter under a bad name, of which the reader has nothing', {
    pre: [adasPass(1, { negative: 65n << 16n, falls: [{ tier: 0, from: time }], badFrom: time })],
    to: [{ person: bob, fee: 6_000n, plain: 4_000n }],
    after: [pairOf(bob, firstStranger, silent)],
    epochKey: adasKey,
    demand: 40_500n,
  }),
  letter('send: a first letter under a name that is bad a moment later', {
    pre: [adasPass(1, { negative: 65n << 16n, falls: [{ tier: 0, from: time }], badFrom: time + 1n })],
    to: [{ person: bob, fee: 4_000n }],
    after: [pairOf(bob, firstStranger, silent)],
    epochKey: adasKey,
  }),
  letter('send: after ten letters that nobody answered, as after none', {
    pre: [pairOf(bob, wrote(10, { asStranger: 10 }), silent)],
    to: [{ person: bob, fee: 8_000n }],
    after: [pairOf(bob, wrote(11, { asStranger: 11 }), silent)],
  }),
  letter('send: after ten letters that were all valued, and none answered', {
    pre: [pairOf(bob, wrote(10, { valued: 10n << 16n }), silent)],
    to: [{ person: bob, fee: 8_000n }],
    after: [pairOf(bob, wrote(11, { valued: 10n << 16n, asStranger: 1 }), silent)],
  }),
  ...([undefined, 0, 1, 2, 3, 4] as const).map((tier) =>
    letter(`send: an answer ${tier === undefined ? 'without a pass' : `under a pass of tier ${tier}`}`, {
      pre: [pairOf(bob, silent, wrote(1)), ...(tier === undefined ? [] : [adasPass(tier)])],
      to: [{ person: bob, fee: [400n, 200n, 150n, 100n, 50n, 25n][tier === undefined ? 0 : tier + 1]!, known: true }],
      after: [pairOf(bob, wrote(1, { exchanged: 1 }), wrote(1))],
      ...(tier === undefined ? {} : { epochKey: adasKey }),
    }),
  ),
  letter('send: of an exchange, as long as what came back pays for it', {
    pre: [pairOf(bob, answeredOnce(), wrote(1))],
    to: [{ person: bob, fee: 400n, known: true, asStranger: 8_000n }],
    after: [pairOf(bob, wrote(3, { exchanged: 2 }), wrote(1))],
  }),
  letter('send: of an exchange still, as the last that is in store', {
    pre: [pairOf(bob, wrote(7, { exchanged: 6 }), wrote(5))],
    to: [{ person: bob, fee: 400n, known: true, asStranger: 8_000n }],
    after: [pairOf(bob, wrote(8, { exchanged: 7 }), wrote(5))],
  }),
  letter('send: however much came back, no more than two beyond that are in store', {
    pre: [pairOf(bob, wrote(8, { exchanged: 7 }), wrote(5))],
    to: [{ person: bob, fee: 8_000n, plain: 400n, known: true }],
    after: [pairOf(bob, wrote(9, { exchanged: 7 }), wrote(5))],
    demand: 4_500n,
  }),
  letter('send: beyond that a first letter, whatever the tier; what stood against it as on a stranger does no more', {
    pre: [pairOf(bob, wrote(3, { exchanged: 2, weighed: true }), wrote(1)), adasPass(4)],
    to: [{ person: bob, fee: 4_000n, plain: 25n, known: true }],
    after: [pairOf(bob, wrote(4, { exchanged: 2 }), wrote(1))],
    epochKey: adasKey,
    demand: 750n,
  }),
  letter('send: beyond that the recipient’s policy asks as well, and brings them no more', {
    pre: [pairOf(bob, wrote(3, { exchanged: 2 }), wrote(1)), policy(bob, strict)],
    to: [{ person: bob, fee: 8_000n, plain: 400n, lost: 42_000n, known: true }],
    after: [pairOf(bob, wrote(4, { exchanged: 2 }), wrote(1))],
    demand: 4_500n,
  }),
  letter('send: letters at a first one’s price use up nothing of what comes back later', {
    pre: [pairOf(bob, wrote(9), wrote(1))],
    to: [{ person: bob, fee: 400n, known: true, asStranger: 8_000n }],
    after: [pairOf(bob, wrote(10, { exchanged: 1 }), wrote(1))],
  }),
  letter('send: however long ago it came back', {
    pre: [totals({ epoch: 4_000 }), pairOf(bob, silent, wrote(1))],
    to: [{ person: bob, fee: 400n, known: true }],
    after: [pairOf(bob, wrote(1, { exchanged: 1 }), wrote(1), 4_000)],
    epoch: 4_000,
  }),
  letter('send: an automatic letter is of an exchange, and answers nothing', {
    pre: [pairOf(bob, silent, wrote(1, { asStranger: 1 })), reader(ada, { received: 1 })],
    to: [{ person: bob, fee: 400n, known: true }],
    after: [pairOf(bob, wrote(1, { automatic: 1, exchanged: 1 }), wrote(1, { asStranger: 1 }))],
    automatic: true,
  }),
  letter('send: to somebody from whom only automatic letters came', {
    pre: [pairOf(bob, wrote(3), wrote(3, { automatic: 3 }))],
    to: [{ person: bob, fee: 8_000n }],
    after: [pairOf(bob, wrote(4, { asStranger: 1 }), wrote(3, { automatic: 3 }))],
  }),
  letter('send: an answer to an automatic letter is owed as well, and no stranger’s', {
    pre: [pairOf(bob, wrote(1), wrote(2, { automatic: 2 }))],
    to: [{ person: bob, fee: 400n, known: true }],
    after: [pairOf(bob, wrote(2, { exchanged: 1 }), wrote(2, { automatic: 2 }))],
  }),
  letter('send: to somebody who flagged, a first letter, of which they have what the exchange would have brought', {
    pre: [pairOf(bob, answeredOnce(), wrote(1, { closedFrom: time })), policy(bob, strict)],
    to: [{ person: bob, fee: 8_000n, plain: 400n, lost: 42_000n, known: true }],
    after: [pairOf(bob, wrote(3, { exchanged: 1 }), wrote(1, { closedFrom: time }))],
    demand: 4_500n,
  }),
  letter('send: to somebody whose flag does not count yet', {
    pre: [pairOf(bob, answeredOnce(), wrote(1, { closedFrom: time + 1n }))],
    to: [{ person: bob, fee: 400n, known: true, asStranger: 8_000n }],
    after: [pairOf(bob, wrote(3, { exchanged: 2 }), wrote(1, { closedFrom: time + 1n }))],
  }),
  letter('send: an answer that is owed, to somebody who flagged', {
    pre: [pairOf(bob, wrote(1, { exchanged: 1 }), wrote(2, { closedFrom: time }))],
    to: [{ person: bob, fee: 400n, known: true }],
    after: [pairOf(bob, wrote(2, { exchanged: 2 }), wrote(2, { closedFrom: time }))],
  }),
  letter('send: whoever writes is open again to whom they flagged', {
    pre: [pairOf(bob, side({ closedFrom: time - hourMs }), wrote(1))],
    to: [{ person: bob, fee: 400n, known: true }],
    after: [pairOf(bob, wrote(1, { exchanged: 1 }), wrote(1))],
  }),
  letter('send: a program that writes for them does not open', {
    pre: [pairOf(bob, side({ closedFrom: time - hourMs }), wrote(1))],
    to: [{ person: bob, fee: 400n, known: true }],
    after: [pairOf(bob, wrote(1, { automatic: 1, exchanged: 1, closedFrom: time - hourMs }), wrote(1))],
    automatic: true,
  }),
  letter('send: two strangers and ×1.1, and what carrying it to both takes', {
    to: [
      { person: bob, fee: 8_800n },
      { person: cyd, fee: 8_800n },
    ],
    after: [pairOf(bob, firstStranger, silent), pairOf(cyd, firstStranger, silent)],
  }),
  letter('send: who granted is of an exchange, which uses up nothing, whatever the policy asks', {
    pre: [grant(bob, ada, open), policy(bob, { ...strict, leastTier: 5 })],
    to: [
      { person: bob, fee: 440n, granted: true },
      { person: cyd, fee: 8_800n },
    ],
    after: [pairOf(bob, wrote(1, { acquainted: true }), silent), pairOf(cyd, firstStranger, silent)],
  }),
  ...(
    [
      [[{ tier: 1, from: time }], 100n, 150n],
      [[{ tier: 1, from: time + 1n }], 100n, 100n],
      [
        [
          { tier: 1, from: time },
          { tier: 0, from: time },
        ],
        100n,
        200n,
      ],
    ] as const
  ).map(([falls, plain, fee], at) =>
    letter(`send: an answer under a pass of tier 2 that fell, which brings the reader no more, ${at}`, {
      pre: [pairOf(bob, silent, wrote(1)), adasPass(2, { negative: 50n << 16n, falls: [...falls] })],
      to: [{ person: bob, fee, plain, known: true }],
      after: [pairOf(bob, wrote(1, { exchanged: 1 }), wrote(1))],
      epochKey: adasKey,
      demand: (plain + 50n) * 10n,
    }),
  ),
  letter('send: what the base price is above its floor burns', {
    pre: [totals({ basePrice: 3_000n, lows: [{ from: time, basePrice: 3_000n, passes: 0 }] })],
    to: [{ person: bob, fee: 24_000n, plain: 8_000n }],
    after: [pairOf(bob, firstStranger, silent)],
    basePrice: 3_000n,
    carriage: 150n,
  }),
  letter('send: above the floor a policy asks as much more as at it', {
    pre: [totals({ basePrice: 3_000n, lows: [{ from: time, basePrice: 3_000n, passes: 0 }] }), policy(bob, strict)],
    to: [{ person: bob, fee: 24_000n, plain: 8_000n, more: 42_000n }],
    after: [pairOf(bob, firstStranger, silent)],
    basePrice: 3_000n,
    carriage: 150n,
    demand: 80_500n,
  }),
]

export const pricedRefused: readonly RefusedVector[] = [
  {
    name: 'send: to somebody who flagged, and asks strangers for a tier',
    rules: lively,
    pre: [
      pairOf(bob, answeredOnce(), wrote(1, { closedFrom: time })),
      policy(bob, { leastTier: 1, leastFee: 0n, next: undefined }),
    ],
    op: { by: ada, action: sendTo([bob]) },
    reason: 'tier-short',
  },
  {
    name: 'send: beyond what came back, to somebody who asks strangers for a tier',
    rules: lively,
    pre: [
      pairOf(bob, wrote(3, { exchanged: 2 }), wrote(1)),
      policy(bob, { leastTier: 1, leastFee: 0n, next: undefined }),
    ],
    op: { by: ada, action: sendTo([bob]) },
    reason: 'tier-short',
  },
]
