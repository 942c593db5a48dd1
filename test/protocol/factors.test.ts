/** Each factor of a price by itself, with the numbers of a real network, and what the ledger puts into it. */
import fc from 'fast-check'
import { test } from 'tap'
import { correspondenceFactor, type FeeInput, factors, rateFactor } from '../../protocol/fee.ts'
import { costToSender, quote, touchesOfQuote } from '../../protocol/quote.ts'
import { pairIn, pairKey, withMine, wrote } from '../../protocol/pair.ts'
import { type Rate, rateAt, rateWith } from '../../protocol/rate.ts'
import { fallsWith, type Standing } from '../../protocol/reputation.ts'
import { timesOne, type Rules } from '../../protocol/rules.ts'
import {
  accountOf,
  ada,
  bob,
  cyd,
  type Edit,
  edit,
  edited,
  fetchedOf,
  genesis,
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
import { adasKey, freshPass, grant, pass, policy, totals, world } from '../vectors/world.ts'

const count = (messages: number): bigint => BigInt(messages) << 16n

type Case = readonly [input: Partial<FeeInput>, basisPoints: bigint]
const cases: Readonly<Record<keyof typeof factors, readonly Case[]>> = {
  size: [0, 1, 2, 3, 4, 5, 6, 7, 8].map((sizeClass) => [{ sizeClass }, timesOne * 2n ** BigInt(sizeClass)]),
  lifetime: [
    [{ lifetimeDays: 1 }, 3_333n],
    [{ lifetimeDays: 30 }, 10_000n],
    [{ lifetimeDays: 31 }, 40_000n],
  ],
  familiarity: [
    [{ familiarity: 0 }, 40_000n],
    [{ familiarity: 1 }, 20_000n],
    [{ familiarity: 2 }, 20_000n],
    [{ familiarity: 3 }, 15_000n],
    [{ familiarity: 9 }, 15_000n],
    [{ familiarity: 10 }, 10_000n],
    [{ familiarity: 2 ** 32 - 1 }, 10_000n],
  ],
  // A quota of 20 among 4 keys: 5 for each.
  rate: [
    [{ strangers: 0 }, 10_000n],
    [{ strangers: 5 }, 10_000n],
    [{ strangers: 6 }, 20_000n],
    [{ strangers: 10 }, 20_000n],
    [{ strangers: 11 }, 40_000n],
    [{ strangers: 16 }, 80_000n],
    [{ strangers: 20 }, 80_000n],
    [{ strangers: 21 }, 160_000n],
    [{ strangers: 26 }, 160_000n],
    [{ strangers: 2 ** 32 - 1 }, 160_000n],
  ],
  correspondence: [
    [{ written: 0n, received: 0n }, 10_000n],
    [{ written: 0n, received: count(1) }, 1_000n],
    [{ written: count(1), received: count(1) }, 5_500n],
    [{ written: count(9), received: count(9) }, 1_900n],
    [{ written: count(3), received: count(4) }, 1_000n],
    [{ written: count(3), received: count(400) }, 1_000n],
    [{ written: count(1), received: 0n }, 12_000n],
    [{ written: count(4), received: 0n }, 18_000n],
    [{ written: count(5), received: 0n }, 20_000n],
    [{ written: count(500), received: 0n }, 20_000n],
    // Four to each one that came back are borne with: the discount of one in five, and no surcharge.
    [{ written: count(4), received: count(1) }, 8_200n],
    [{ written: count(5), received: count(1) }, 10_500n],
  ],
  recipients: [
    [{ recipientCount: 1 }, 10_000n],
    [{ recipientCount: 2 }, 11_000n],
    [{ recipientCount: 100 }, 109_000n],
  ],
  reputation: [
    ...([undefined, 0, 1, 2, 3, 4] as Standing[]).map(
      (standing, rank): Case => [
        { standing, acquainted: true },
        [40_000n, 20_000n, 10_000n, 7_000n, 5_000n, 3_500n][rank]!,
      ],
    ),
    ...([undefined, 0, 1, 2, 3, 4] as Standing[]).map(
      (standing, rank): Case => [{ standing, acquainted: false }, [40_000n, 20_000n][rank] ?? 10_000n],
    ),
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

const counts = fc.oneof(fc.bigInt({ min: 0n, max: count(12) }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const correspondences = fc
  .record({
    least: fc.bigInt({ min: 1n, max: timesOne }),
    most: fc.bigInt({ min: timesOne, max: 1_000n * timesOne }),
    patience: fc.integer({ min: 1, max: 255 }),
    unanswered: fc.integer({ min: 1, max: 255 }),
  })
  .map((some): Rules => ({ ...realRules, correspondence: { ...some, decay: 9_000n } }))

test('factor: correspondence rises with what goes out, falls with what comes back, and keeps its bounds', async (t) => {
  fc.assert(
    fc.property(correspondences, counts, counts, counts, (rules, written, received, more) => {
      const at = (out: bigint, back: bigint) => correspondenceFactor(rules, { written: out, received: back })
      const { least, most } = rules.correspondence
      const factor = at(written, received)
      return (
        factor >= least &&
        factor <= most &&
        at(written + more, received) >= factor &&
        at(written, received + more) <= factor
      )
    }),
    { numRuns: 1_000 },
  )
  t.pass('always')
})

test('factor: the rate never falls with more strangers, and a quota smaller than the keys still lets one through', async (t) => {
  const small = { ...realRules, rate: { ...realRules.rate, quota: 1 } }
  t.strictSame(
    [1, 2, 3].map((strangers) => rateFactor(small, strangers)),
    [10_000n, 20_000n, 40_000n],
  )
})

test('rate: the window rolls, and what it still covers of the bucket before counts, rounded up', async (t) => {
  const { windowMs } = realRules.rate
  const start = genesis.time
  const at = (rate: Rate | undefined, afterMs: number) => rateAt(realRules, rate, start + BigInt(afterMs))
  const ten = rateWith(realRules, undefined, start, 10)
  t.equal(at(undefined, 0), 0)
  t.equal(at(ten, 0), 10)
  t.equal(at(ten, windowMs - 1), 10)
  t.equal(at(ten, windowMs), 10)
  t.equal(at(ten, windowMs + 1), 10)
  t.equal(at(ten, windowMs + windowMs / 2), 5)
  t.equal(at(ten, 2 * windowMs - 1), 1)
  t.equal(at(ten, 2 * windowMs), 0)
  const more = rateWith(realRules, ten, start + BigInt(windowMs + windowMs / 2), 3)
  t.strictSame(more, { since: start + BigInt(windowMs), current: 3, previous: 10 })
  t.equal(at(more, 2 * windowMs), 3)
  const crowded: Rate = { since: start, current: 0, previous: 2 ** 32 - 1 }
  t.equal(rateAt({ ...realRules, rate: { ...realRules.rate, windowMs: 2 ** 32 - 1 } }, crowded, start), 2 ** 32 - 1)
})

test('pair: one record for the two, whoever looks; what is recent fades by epoch, and what was ever written stays', async (t) => {
  const seen = (epoch: number, me: Person, other: Person) => ({ epoch, me: me.address, other: other.address })
  t.strictSame(pairKey(ada.address, bob.address), pairKey(bob.address, ada.address))
  const pair = withMine(realRules, undefined, seen(1, ada, bob), wrote)
  t.match(pairIn(realRules, pair, seen(1, ada, bob)), {
    mine: { messages: 1, recent: count(1) },
    theirs: { messages: 0 },
  })
  t.match(pairIn(realRules, pair, seen(1, bob, ada)), {
    mine: { messages: 0 },
    theirs: { messages: 1, recent: count(1) },
  })
  t.match(pairIn(realRules, pair, seen(2, ada, bob)).mine, { messages: 1, recent: 58_982n })
  t.match(pairIn(realRules, pair, seen(4, ada, bob)).mine, { messages: 1, recent: 47_774n })
  const kept = { ...realRules, correspondence: { ...realRules.correspondence, decay: timesOne } }
  t.match(pairIn(kept, pair, seen(257, ada, bob)).mine, { messages: 1, recent: count(1) })
  t.match(pairIn(kept, pair, seen(258, ada, bob)).mine, { messages: 1, recent: 0n })
  t.match(pairIn(kept, pair, seen(2 ** 32 - 1, ada, bob)).mine, { messages: 1, recent: 0n })
})

/** What a quote says, line by line. */
function linesOf(state: State, recipients: readonly Person[], epochKey?: Uint8Array) {
  const posting = {
    sender: ada.address,
    recipients: recipients.map(({ address }) => address),
    sizeClass: 0,
    lifetimeDays: 30,
    epochKey,
    until: totalsOf(state).time,
  }
  const quoted = quote(fetchedOf(state, touchesOfQuote(posting)), realContext, posting)
  if (!quoted.ok) return quoted.reason
  return quoted.value
}
function feesOf(...args: Parameters<typeof linesOf>) {
  const lines = linesOf(...args)
  return typeof lines === 'string' ? lines : lines.map(({ fee }) => fee)
}
/** Somebody wrote to somebody so many messages, ever and lately, and was told of some that they were worth it. */
const wroteTo = (by: Person, to: Person, messages: number, valued = 0): Edit => {
  const side = { messages, recent: count(messages), valued: count(valued), asStranger: 0 }
  const silent = { messages: 0, recent: 0n, valued: 0n, asStranger: 0 }
  const key = pairKey(by.address, to.address)
  const low = by.address.every((byte, at) => byte === key[at])
  return edit('pairs', key, { low: low ? side : silent, high: low ? silent : side, asOf: 1 })
}

test('price: a stranger without a pass pays sixteen times the base, and one of the best standing four times', async (t) => {
  t.strictSame(feesOf(world, [bob]), [16_000n])
  const tier = (best: number) => edited(world, [pass(adasKey, freshPass(ada, best))])
  t.strictSame(feesOf(tier(0), [bob], adasKey), [8_000n])
  for (const best of [1, 2, 3, 4]) t.strictSame(feesOf(tier(best), [bob], adasKey), [4_000n], `tier ${best}`)
})

test('price: a pass counts at the tier that it fell to, from when on that counts', async (t) => {
  const fallen = (negative: bigint, from = totalsOf(world).time) => {
    const fresh = freshPass(ada, 4)
    const falls = fallsWith(realRules, fresh, { negative, from })
    return edited(world, [pass(adasKey, { ...fresh, negative, falls }), wroteTo(bob, ada, 1)])
  }
  // Familiarity ×4, correspondence ×0.1, so 400 × the reputation.
  const expected = [
    [16n << 16n, 140n],
    [(16n << 16n) + 1n, 200n],
    [(32n << 16n) + 1n, 280n],
    [(48n << 16n) + 1n, 400n],
    [(64n << 16n) + 1n, 800n],
  ] as const
  for (const [negative, fee] of expected) {
    t.strictSame(feesOf(fallen(negative), [bob], adasKey), [fee], `${negative}`)
    t.strictSame(feesOf(fallen(negative, totalsOf(world).time + 1n), [bob], adasKey), [140n], 'not before')
  }
})

test('price: who says that a letter was worth it has answered it', async (t) => {
  // Familiar ×1.5 after four letters, ×4 without a pass; ×1.8 for a monologue, ×0.82 where one came back, ×0.64 for two.
  const after = (...edits: Edit[]) => feesOf(edited(world, edits), [bob])
  t.strictSame(after(wroteTo(ada, bob, 4)), [10_800n])
  t.strictSame(after(wroteTo(ada, bob, 4, 1)), [4_920n])
  t.strictSame(after(wroteTo(ada, bob, 4, 2)), [3_840n])
  t.strictSame(after(wroteTo(bob, ada, 4, 4)), after(wroteTo(bob, ada, 4)), 'not who said it')
})

test('price: least fee and least tier are for strangers, not for whom the recipient wrote to or granted', async (t) => {
  const strict = policy(bob, { leastTier: 3, leastFee: 50_000n, next: undefined })
  t.equal(feesOf(edited(world, [strict]), [bob]), 'tier-short')
  const under = (tier: number) => feesOf(edited(world, [strict, pass(adasKey, freshPass(ada, tier))]), [bob], adasKey)
  t.equal(under(1), 'tier-short', 'a least tier of 3 is the third from below: 0, 1, 2')
  t.strictSame(under(2), [50_000n])
  t.strictSame(feesOf(edited(world, [strict, wroteTo(bob, ada, 1)]), [bob]), [1_600n], 'Bob wrote')
  const granted = edited(world, [strict, ...grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined })])
  const lines = linesOf(granted, [bob])
  t.match(lines, [{ fee: 16_000n, paid: 4_000n, credit: 0n, floor: 0n }], 'Bob granted')
  t.equal(feesOf(edited(world, [strict, wroteTo(ada, bob, 9)]), [bob]), 'tier-short', 'Ada writing helps nothing')
})

test('price: each stranger of one message counts towards the rate, and whoever is none does not', async (t) => {
  const known = edited(world, [edit('rates', ada.address, { since: genesis.time, current: 4, previous: 0 })])
  const twoRecipients = [17_600n, 35_200n]
  t.strictSame(feesOf(known, [bob, cyd]), twoRecipients, 'the fifth and the sixth of a quota of five')
  t.strictSame(feesOf(known, [cyd, bob]), twoRecipients, 'in the order in which they are named')
  const befriended = edited(known, [wroteTo(bob, ada, 1)])
  t.strictSame(feesOf(befriended, [bob, cyd]), [1_760n, 17_600n])
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
    // Familiar ×2, one unanswered ×1.2, without a pass ×4.
    [9_600n],
    // Bob replies: ×4 × 0.1 × 4, the two that came in for the one that goes out.
    [1_600n],
    // Ada: familiar ×2, two of hers and this one for one of Bob's ×0.7, ×1.1; Cyd ×4 × 1.1; both ×4.
    [6_160n, 17_600n],
  ])
  t.equal(totalsOf(state).demand, (16_000n + 9_600n + 1_600n + 6_160n + 17_600n) * 10n)
  t.match(state.get(`rates/${Buffer.from(ada.address).toString('hex')}`)?.record, { current: 3 })
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
        -earned(ada) === costToSender(lines) + realRules.inclusionFee &&
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
