/** Each factor of a price by itself, with the numbers of a real network, and what the ledger puts into it. */
import fc from 'fast-check'
import { test } from 'tap'
import { carriageOf, type FeeInput, factors } from '../../protocol/fee.ts'
import { costToSender, quote, touchesOfQuote } from '../../protocol/quote.ts'
import { closed, kindOf, pairIn, pairKey, valued, withMine, wrote } from '../../protocol/pair.ts'
import { fallen, type Standing } from '../../protocol/reputation.ts'
import { timesOne } from '../../protocol/rules.ts'
import {
  accountOf,
  ada,
  bob,
  cyd,
  type Edit,
  edit,
  edited,
  fetchedOf,
  keepers,
  olga,
  type Person,
  sendTo,
  seedOf,
  settle,
  signedInTurn,
  type State,
  supplyIn,
  totalsOf,
} from '../kit/fixtures.ts'
import { firstLetter, realContext, realRules } from '../kit/pricing.ts'
import { adasKey, freshPass, grant, pass, policy, side as sideOf, totals, world } from '../vectors/world.ts'

const count = (messages: number): bigint => BigInt(messages) << 16n

type Case = readonly [input: Partial<FeeInput>, basisPoints: bigint]
const cases: Readonly<Record<keyof typeof factors, readonly Case[]>> = {
  size: [0, 1, 2, 3, 4, 5, 6, 7, 8].map((sizeClass) => [{ sizeClass }, timesOne * 2n ** BigInt(sizeClass)]),
  lifetime: [
    [{ lifetimeDays: 1 }, 3_333n],
    [{ lifetimeDays: 30 }, 10_000n],
    [{ lifetimeDays: 31 }, 40_000n],
  ],
  correspondence: [
    [{ kind: 'first' }, 40_000n],
    [{ kind: 'exchange' }, 1_000n],
  ],
  recipients: [
    [{ recipientCount: 1 }, 10_000n],
    [{ recipientCount: 2 }, 11_000n],
    [{ recipientCount: 100 }, 109_000n],
  ],
  reputation: [
    ...([undefined, 0, 1, 2, 3, 4] as Standing[]).map(
      (standing, rank): Case => [
        { standing, kind: 'exchange' },
        [40_000n, 20_000n, 10_000n, 7_000n, 5_000n, 3_500n][rank]!,
      ],
    ),
    ...([undefined, 0, 1, 2, 3, 4] as Standing[]).map(
      (standing, rank): Case => [{ standing, kind: 'first' }, rank === 0 ? 40_000n : 20_000n],
    ),
    [{ standing: 0, kind: 'first', hasBadName: true }, 30_000n],
    [{ standing: 0, kind: 'exchange', hasBadName: true }, 20_000n],
  ],
}

for (const [name, list] of Object.entries(cases))
  test(`factor: ${name}`, async (t) => {
    for (const [input, basisPoints] of list) {
      const said = Object.entries(input).map(([field, value]) => `${field} ${value}`)
      t.equal(
        factors[name as keyof typeof factors].of(realRules, { ...firstLetter, ...input }),
        basisPoints,
        said.join(', '),
      )
    }
  })

const plainly = { kind: 'first', automatic: false, granted: false, stranger: true } as const

test('pair: one record for the two, whoever looks; what was valued fades by epoch, and what was written stays', async (t) => {
  const seen = (epoch: number, me: Person, other: Person) => ({ epoch, me: me.address, other: other.address })
  t.strictSame(pairKey(ada.address, bob.address), pairKey(bob.address, ada.address))
  const pair = withMine(
    realRules,
    withMine(realRules, undefined, seen(1, ada, bob), wrote(plainly)),
    seen(1, ada, bob),
    valued,
  )
  t.match(pairIn(realRules, pair, seen(1, ada, bob)), {
    mine: { messages: 1, valued: count(1) },
    theirs: { messages: 0 },
  })
  t.match(pairIn(realRules, pair, seen(1, bob, ada)), {
    mine: { messages: 0 },
    theirs: { messages: 1, valued: count(1) },
  })
  t.match(pairIn(realRules, pair, seen(2, ada, bob)).mine, { messages: 1, valued: 58_982n })
  t.match(pairIn(realRules, pair, seen(4, ada, bob)).mine, { messages: 1, valued: 47_774n })
  const kept = { ...realRules, correspondence: { ...realRules.correspondence, decay: timesOne } }
  t.match(pairIn(kept, pair, seen(257, ada, bob)).mine, { messages: 1, valued: count(1) })
  t.match(pairIn(kept, pair, seen(258, ada, bob)).mine, { messages: 1, valued: 0n })
  t.match(pairIn(kept, pair, seen(2 ** 32 - 1, ada, bob)).mine, { messages: 1, valued: 0n })
})

test('pair: what came back pays for twice as much at first, and for no more than two letters beyond it ever', async (t) => {
  const seen = { epoch: 1, me: ada.address, other: bob.address }
  const cheapFor = (came: number): number => {
    const back = { epoch: 1, me: bob.address, other: ada.address }
    const theirs = withMine(realRules, undefined, back, (mine) => ({ ...mine, messages: came }))
    let cheap = 0
    const isCheap = () => {
      const pair = withMine(realRules, theirs, seen, (mine) => ({ ...mine, messages: cheap, exchanged: cheap }))
      return kindOf(realRules, { sides: pairIn(realRules, pair, seen), automatic: false }, 0n) === 'exchange'
    }
    while (isCheap()) cheap++
    return cheap
  }
  t.strictSame([0, 1, 2, 3, 10].map(cheapFor), [0, 2, 4, 5, 12])
})

test('pair: at the price of an exchange goes at most what is owed or what came back pays for, whatever else happens', async (t) => {
  const { patience } = realRules.correspondence
  const lettersOf = fc.record({
    by: fc.constantFrom('me' as const, 'other' as const),
    automatic: fc.boolean(),
    flags: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(lettersOf, { maxLength: 60 }), (story) => {
      const seen = { epoch: 1, me: ada.address, other: bob.address }
      const back = { epoch: 1, me: bob.address, other: ada.address }
      let pair = withMine(realRules, undefined, seen, (mine) => mine)
      let [cheap, came, byHand] = [0, 0, 0]
      for (const [at, { by, automatic, flags }] of story.entries()) {
        const who = by === 'me' ? seen : back
        const kind = kindOf(realRules, { sides: pairIn(realRules, pair, who), automatic }, BigInt(at))
        if (by === 'me' && kind === 'exchange') cheap++
        if (by === 'other') came++
        if (by === 'other' && !automatic) byHand++
        pair = withMine(realRules, pair, who, wrote({ kind, automatic, granted: false, stranger: false }))
        if (flags) pair = withMine(realRules, pair, back, closed(BigInt(at)))
        if (cheap > Math.min(patience * byHand, byHand + patience) + came - byHand) return false
      }
      return true
    }),
  )
  t.pass('always')
})

/** What a quote says, line by line. */
function linesOf(state: State, recipients: readonly Person[], epochKey?: Uint8Array) {
  const posting = {
    sender: ada.address,
    recipients: recipients.map(({ address }) => address),
    sizeClass: 0,
    lifetimeDays: 30,
    automatic: false,
    epochKey,
    until: totalsOf(state).time,
  }
  const quoted = quote(fetchedOf(state, touchesOfQuote(posting)), realContext, posting)
  if (!quoted.ok) return quoted.reason
  return quoted.value.lines
}
function feesOf(...args: Parameters<typeof linesOf>) {
  const lines = linesOf(...args)
  return typeof lines === 'string' ? lines : lines.map(({ fee }) => fee)
}
/** Somebody wrote to somebody so many messages. */
const wroteTo = (by: Person, to: Person, messages: number): Edit => {
  const key = pairKey(by.address, to.address)
  const low = by.address.every((byte, at) => byte === key[at])
  const side = sideOf({ messages })
  return edit('pairs', key, { low: low ? side : sideOf({}), high: low ? sideOf({}) : side, asOf: 1 })
}

test('price: a stranger without a pass pays sixteen times the base, under any pass eight times', async (t) => {
  t.strictSame(feesOf(world, [bob]), [16_000n])
  const tier = (best: number) => edited(world, [pass(adasKey, freshPass(ada, best))])
  for (const best of [0, 1, 2, 3, 4]) t.strictSame(feesOf(tier(best), [bob], adasKey), [8_000n], `tier ${best}`)
})

test('price: a pass counts at the tier that it fell to, from when on that counts', async (t) => {
  const at = (negative: bigint, from: bigint, known: boolean) => {
    const fresh = freshPass(ada, 4)
    const falls = fallen(realRules, fresh, { negative, from })
    return edited(world, [pass(adasKey, { ...fresh, negative, ...falls }), ...(known ? [wroteTo(bob, ada, 1)] : [])])
  }
  // 100 × the reputation of an exchange, and to strangers nothing until the name is bad.
  const expected = [
    [16n << 16n, 35n, 8_000n],
    [(16n << 16n) + 1n, 50n, 8_000n],
    [(32n << 16n) + 1n, 70n, 8_000n],
    [(48n << 16n) + 1n, 100n, 8_000n],
    [(64n << 16n) + 1n, 200n, 12_000n],
  ] as const
  const { time } = totalsOf(world)
  for (const [negative, fee, first] of expected) {
    t.strictSame(feesOf(at(negative, time, true), [bob], adasKey), [fee], `${negative}`)
    t.strictSame(feesOf(at(negative, time + 1n, true), [bob], adasKey), [35n], 'not before')
    t.strictSame(feesOf(at(negative, time, false), [bob], adasKey), [first], `${negative}, to a stranger`)
    t.strictSame(feesOf(at(negative, time + 1n, false), [bob], adasKey), [8_000n], 'not before')
  }
})

test('price: least fee and least tier are for strangers, not for whom the recipient wrote to or granted', async (t) => {
  const strict = policy(bob, { leastTier: 3, leastFee: 50_000n, next: undefined })
  t.equal(feesOf(edited(world, [strict]), [bob]), 'tier-short')
  const under = (tier: number) => feesOf(edited(world, [strict, pass(adasKey, freshPass(ada, tier))]), [bob], adasKey)
  t.equal(under(1), 'tier-short', 'a least tier of 3 is the third from below: 0, 1, 2')
  t.strictSame(under(2), [50_000n])
  t.strictSame(feesOf(edited(world, [strict, wroteTo(bob, ada, 1)]), [bob]), [400n], 'Bob wrote')
  const granted = edited(world, [strict, ...grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined })])
  const lines = linesOf(granted, [bob])
  t.match(lines, [{ fee: 400n, paid: 100n, credit: 0n, floor: 0n }], 'Bob granted')
  t.equal(feesOf(edited(world, [strict, wroteTo(ada, bob, 9)]), [bob]), 'tier-short', 'Ada writing helps nothing')
})

test('price: what a message leaves behind is what prices the next one', async (t) => {
  const send = (by: Person, to: readonly Person[], number: number) => ({
    by,
    action: sendTo(to, { envelopeHash: seedOf(`${by.name} ${number}`) }),
  })
  const wishes = [send(ada, [bob], 0), send(ada, [bob], 1), send(bob, [ada], 0), send(ada, [bob, cyd], 2)]
  const ops = signedInTurn(world, { wishes }, realContext)
  const { state, applied } = settle(world, { ops }, realContext)
  const fees = applied.map((result) => result.kind === 'settled' && result.sent!.lines.map(({ fee }) => fee))
  t.strictSame(fees, [
    [16_000n],
    // Nothing came back.
    [16_000n],
    // Bob replies: ×0.1 × 4.
    [400n],
    // Ada: of an exchange, ×1.1; Cyd ×4 × 4 × 1.1.
    [440n, 17_600n],
  ])
  // Carriage is 50, and 75 to two.
  t.equal(totalsOf(state).demand, (16_000n + 16_000n + 400n + 440n + 17_600n + 3n * 50n + 75n) * 10n)
})

test('price: shared among several to the last unit, whatever the base price', async (t) => {
  const prices = fc.bigInt({ min: 1_000n, max: 3_000n })
  fc.assert(
    fc.property(prices, fc.constantFrom('bob', 'cyd', 'nobody'), (basePrice, friend) => {
      const friends: Edit[] = friend === 'nobody' ? [] : [wroteTo(friend === 'bob' ? bob : cyd, ada, 3)]
      const before = edited(world, [...totals({ basePrice }), ...friends])
      const lines = linesOf(before, [bob, cyd])
      if (typeof lines === 'string') return false
      const within = { ...realContext, verify: () => true }
      const ops = signedInTurn(before, { wishes: [{ by: ada, action: sendTo([bob, cyd]) }] }, within)
      const { state } = settle(before, { ops }, within)
      const earned = (person: Person) => accountOf(state, person).funds - accountOf(before, person).funds
      const { burned } = supplyIn(state)
      const shared = earnedByPayees(before, state)
      return (
        earned(bob) === lines[0]!.credit &&
        earned(cyd) === lines[1]!.credit &&
        -earned(ada) ===
          costToSender(lines) + carriageOf(realRules, { ...firstLetter, basePrice, recipientCount: 2 }) &&
        earned(bob) + earned(cyd) + burned + shared === -earned(ada)
      )
    }),
    { numRuns: 200 },
  )
  t.pass('always')
})

/** What came to those who are paid for keeping the network running. */
const earnedByPayees = (before: State, after: State): bigint =>
  [olga, ...keepers].reduce((sum, person) => sum + accountOf(after, person).funds - accountOf(before, person).funds, 0n)
