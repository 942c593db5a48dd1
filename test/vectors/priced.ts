/**
 * What a price is made of, out of the state: under rules in which every factor is at work, and each message costs what is
 * worked out by hand beside it. A letter of 1 KiB for 30 days costs 1,000; ×4 without a pass; ×2 before the third letter. The
 * form is that of `settled.ts`.
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
  dayMs,
  type Edit,
  type Edits,
  edit,
  edited,
  genesis,
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
  type SettledVector,
  reader,
  settledMessage,
  share,
  totals,
  world,
} from './world.ts'

/** A quota of two for each epoch key; half as dear where all comes back, twice where nothing does. */
const lively: Rules = {
  ...rules,
  familiarity: [
    { messages: 0, factor: 20_000n },
    { messages: 2, factor: 10_000n },
  ],
  rate: { quota: 8, windowMs: Number(dayMs), factorMax: 160_000n },
  correspondence: { least: 5_000n, most: 20_000n, patience: 4, unanswered: 5, decay: 9_000n },
  reputation: { ...rules.reputation, factors: [40_000n, 20_000n, 15_000n, 10_000n, 5_000n, 2_500n] },
}

const { time } = genesis
const one = 65_536n
type Side = Records['pairs']['low']
const silent: Side = { messages: 0, recent: 0n, valued: 0n, asStranger: 0 }
const wrote = (messages: number, recent = BigInt(messages) * one, valued = 0n): Side => ({
  messages,
  recent,
  valued,
  asStranger: 0,
})
/** The same, the latest of them as a stranger. */
const wroteStranger = (...counts: Parameters<typeof wrote>): Side => ({ ...wrote(...counts), asStranger: 1 })

/** The pair of Ada and somebody, from either side. */
function pairOf(person: Person, adas: Side, theirs: Side, asOf = 1): Edit {
  const key = pairKey(ada.address, person.address)
  const adaIsLow = equalBytes(key.subarray(0, 20), ada.address)
  return edit('pairs', key, { low: adaIsLow ? adas : theirs, high: adaIsLow ? theirs : adas, asOf })
}
const rate = (current: number, previous = 0, since = time, key = ada.address): Edit =>
  edit('rates', key, { since, current, previous })

type Letter = {
  readonly pre?: Edits
  /** To whom, what each line costs, who gets nothing of it because they granted, and who wrote before. */
  readonly to: readonly {
    readonly person: Person
    readonly fee: bigint
    readonly granted?: boolean
    readonly known?: boolean
  }[]
  /** What else it writes: pairs and rates. */
  readonly after: readonly Edit[]
  readonly epochKey?: Uint8Array
  readonly epoch?: number
}

/** A letter of Ada's that settles at this price: a fifth burns, a twentieth is the operators', the recipient takes the rest. */
function letter(name: string, { pre = [], to, after, epochKey, epoch = 1 }: Letter): SettledVector {
  const lines = to.map(({ person, fee, granted = false, known = false }) => {
    const taken = fee / 4n
    const operators = taken / 5n
    const burned = taken - operators
    const credit = granted ? 0n : fee - taken
    return { person, fee, burned, operators, credit, paid: credit + taken, stranger: !granted && !known }
  })
  const sum = (field: 'fee' | 'burned' | 'operators' | 'paid') => lines.reduce((all, line) => all + line[field], 0n)
  const before = edited(world, pre)
  return {
    name,
    rules: lively,
    pre,
    op: {
      by: ada,
      action: sendTo(
        to.map(({ person }) => person),
        { epochKey },
      ),
    },
    changes: [
      account(ada, { funds: accountOf(before, ada).funds - sum('paid') - 10n, nonce: 1n }),
      ...lines
        .filter(({ credit }) => credit > 0n)
        .map(({ person, credit }) => account(person, { funds: accountOf(before, person).funds + credit })),
      totals({ burned: sum('burned') + 10n, demand: sum('fee') * 10n }),
      ...(sum('operators') > 0n ? [share(messageTo(...to.map(({ person }) => person)), sum('operators'))] : []),
      ...after,
      ...lines.filter(({ stranger }) => stranger).map(({ person }) => reader(person, { received: 1 })),
      message(messageTo(...to.map(({ person }) => person)), {
        ...settledMessage,
        epoch,
        epochKey,
        recipients: lines.map(({ person, paid, burned, credit, stranger }) => ({
          address: person.address,
          fee: paid,
          burned,
          credit,
          stranger,
          verdict: undefined,
          given: 0n,
        })),
      }),
    ],
  }
}

const first = wrote(1)
const firstStranger = wroteStranger(1)
/** A first letter to Bob after so many to strangers in this bucket of the window. */
const strangersBefore = (count: number, fee: bigint): SettledVector =>
  letter(`send: the price after ${count} letters to strangers`, {
    pre: count > 0 ? [rate(count)] : [],
    to: [{ person: bob, fee }],
    after: [pairOf(bob, firstStranger, silent), rate(count + 1)],
  })

export const pricedSettled: readonly SettledVector[] = [
  // 1,000 × 2 × 4, and ×2 for each two begun beyond the first two, up to ×16.
  ...(
    [
      [0, 8_000n],
      [1, 8_000n],
      [2, 16_000n],
      [3, 16_000n],
      [4, 32_000n],
      [8, 128_000n],
      [10, 128_000n],
    ] as const
  ).map(([count, fee]) => strangersBefore(count, fee)),
  letter('send: each stranger of one message counts after the other', {
    pre: [rate(1)],
    // 1,000 × 1.1 × 2 × 4, and the second is the third stranger.
    to: [
      { person: bob, fee: 8_800n },
      { person: cyd, fee: 17_600n },
    ],
    after: [pairOf(bob, firstStranger, silent), pairOf(cyd, firstStranger, silent), rate(3)],
  }),
  letter('send: who wrote is no stranger, and makes the next one none', {
    pre: [rate(1), pairOf(bob, silent, wrote(1, 0n))],
    to: [
      { person: bob, fee: 8_800n, known: true },
      { person: cyd, fee: 8_800n },
    ],
    after: [pairOf(bob, first, wrote(1, 0n)), pairOf(cyd, firstStranger, silent), rate(2)],
  }),
  letter('send: who granted is no stranger either', {
    pre: [rate(1), grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined })],
    to: [
      { person: bob, fee: 8_800n, granted: true },
      { person: cyd, fee: 8_800n },
    ],
    after: [pairOf(bob, first, silent), pairOf(cyd, firstStranger, silent), rate(2)],
  }),
  letter('send: after many strangers a letter to somebody who wrote costs no more', {
    pre: [rate(7), pairOf(bob, silent, wrote(1, 0n))],
    to: [{ person: bob, fee: 8_000n, known: true }],
    after: [pairOf(bob, first, wrote(1, 0n))],
  }),
  letter('send: of the bucket before counts what the window still covers, rounded up', {
    // Half of three, and this one: the third.
    pre: [rate(3, 9, time - (3n * dayMs) / 2n)],
    to: [{ person: bob, fee: 16_000n }],
    after: [pairOf(bob, firstStranger, silent), rate(1, 3, time - dayMs / 2n)],
  }),
  letter('send: verdicts of value came back like letters', {
    // One went out and one came back: half of two, of which the discount is a half. 1,000 × 2 × 4 × 0.75.
    pre: [pairOf(bob, wrote(1, one, one), silent)],
    to: [{ person: bob, fee: 6_000n }],
    after: [pairOf(bob, wroteStranger(2, 2n * one, one), silent), rate(1)],
  }),
  letter('send: what the other’s letters were valued did not come back', {
    pre: [pairOf(bob, first, { ...silent, valued: one })],
    // One went unanswered, a fifth of the way to ×2: 1,000 × 2 × 4 × 1.2.
    to: [{ person: bob, fee: 9_600n }],
    after: [pairOf(bob, wroteStranger(2), { ...silent, valued: one }), rate(1)],
  }),
  letter('send: letters and verdicts of value are counted together', {
    // Two went out, two came back, two thirds of three: 1,000 × 4 × 0.6667, rounded up, familiar by now.
    pre: [pairOf(bob, wrote(2, 2n * one, one), wrote(1, one, 5n * one))],
    to: [{ person: bob, fee: 2_667n, known: true }],
    after: [pairOf(bob, wrote(3, 3n * one, one), wrote(1, one, 5n * one))],
  }),
  letter('send: who wrote oneself twice is familiar, and who was written to is not', {
    // Nothing lately, either way.
    pre: [pairOf(bob, wrote(1, 0n), wrote(7, 0n)), pairOf(cyd, wrote(2, 0n), silent)],
    to: [
      { person: bob, fee: 8_800n, known: true },
      { person: cyd, fee: 4_400n },
    ],
    after: [pairOf(bob, wrote(2, one), wrote(7, 0n)), pairOf(cyd, wroteStranger(3, one), silent), rate(1)],
  }),
  letter('send: what went out two epochs ago has faded', {
    // 65,536 became 58,982 and 53,083, which is 0.162 of five and more: ×1.1621, rounded up. 1,000 × 2 × 4 × 1.162.
    pre: [totals({ epoch: 3 }), pairOf(bob, first, silent)],
    to: [{ person: bob, fee: 9_296n }],
    after: [pairOf(bob, wroteStranger(2, 53_083n + one), silent, 3), rate(1)],
    epoch: 3,
  }),
  // To strangers a good name is worth ×1 at most; what it is worth falls with what its key gathered.
  ...(
    [
      [0, 0n, 4_000n],
      [1, 0n, 3_000n],
      [2, 0n, 2_000n],
      [4, 0n, 2_000n],
      [2, 48n * one + 1n, 2_000n],
    ] as const
  ).map(([tier, negative, fee]) =>
    letter(`send: to a stranger under a pass of tier ${tier} with ${negative} against it`, {
      pre: [rate(9), pass(adasKey, { ...freshPass(ada, tier), negative })],
      to: [{ person: bob, fee }],
      after: [pairOf(bob, firstStranger, silent), rate(1, 0, time, adasKey)],
      epochKey: adasKey,
    }),
  ),
  ...(
    [
      [[{ tier: 1, from: time }], 3_000n],
      [[{ tier: 1, from: time + 1n }], 2_000n],
      [
        [
          { tier: 1, from: time },
          { tier: 0, from: time },
        ],
        4_000n,
      ],
      [
        [
          { tier: 1, from: time - 1n },
          { tier: 0, from: time + 1n },
        ],
        3_000n,
      ],
    ] as const
  ).map(([falls, fee], at) =>
    letter(`send: to a stranger under a pass of tier 2 that fell, ${at}`, {
      pre: [rate(9), pass(adasKey, { ...freshPass(ada, 2), negative: 100n * one, falls: [...falls] })],
      to: [{ person: bob, fee }],
      after: [pairOf(bob, firstStranger, silent), rate(1, 0, time, adasKey)],
      epochKey: adasKey,
    }),
  ),
  letter('send: to somebody who wrote, under a pass of the best tier', {
    pre: [pairOf(bob, silent, wrote(1, 0n)), pass(adasKey, freshPass(ada, 4))],
    to: [{ person: bob, fee: 500n, known: true }],
    after: [pairOf(bob, first, wrote(1, 0n))],
    epochKey: adasKey,
  }),
  letter('send: a granter who never wrote is no acquaintance, so that a good name is worth ×1', {
    pre: [grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined }), pass(adasKey, freshPass(ada, 4))],
    to: [{ person: bob, fee: 2_000n, granted: true }],
    after: [pairOf(bob, first, silent)],
    epochKey: adasKey,
  }),
]
