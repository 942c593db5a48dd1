/**
 * The two bounds of reputation, and what holds of giving back, over random adversarial schedules through the ledger's own
 * `apply`; and that each of them breaks where one line of the rules is wrong.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { test } from 'tap'
import { apply, asks, openBatch } from '../../protocol/ledger.ts'
import { scoreOne } from '../../protocol/reputation.ts'
import { timesOne, type Rules } from '../../protocol/rules.ts'
import { feuds, unflagged } from '../kit/feuds.ts'
import { type Deal, firstPrice, isCheap, type Tale } from '../kit/tale.ts'
import { cast, looseRules, type Machine, run, scheduleRules, schedules } from '../kit/schedule.ts'

const ours: Machine = { apply, asks, openBatch }

/** Each says what is wrong with how a schedule went, if anything. */
const bounds: Readonly<Record<string, (tale: Tale, rules: Rules) => unknown>> = {
  // Whoever belongs together: every choice among the cast is tried.
  'a coalition’s reputation is at most κ × what it burned among itself and towards outsiders who valued it': (
    tale,
    rules,
  ) => {
    for (let members = 1; members < 1 << cast.length; members++) {
      const isIn = (person: number) => (members & (1 << person)) !== 0
      const standing = tale.positive.reduce((sum, positive, person) => sum + (isIn(person) ? positive : 0n), 0n)
      const burned = tale.deals
        .filter(({ sender, recipient, verdict }) => isIn(sender) && (isIn(recipient) || verdict === 'value'))
        .reduce((sum, deal) => sum + worth(rules, deal), 0n)
      if (standing > burned) return { members, standing, burned }
    }
    return undefined
  },
  'what somebody does to somebody is at most 5λ × the fees that these paid them, as far as they count, and once as much as one may hold':
    ({ deals }, rules) =>
      pairsOf(deals).find(
        (among) =>
          sumOf(among, 'negative') >
          among.reduce((sum, deal) => sum + harm(rules, deal, deal.paid), rules.reputation.flagMax * scoreOne),
      ),
  'a verdict on one message is at most what that message allows': ({ deals }, rules) =>
    deals.find((deal) => {
      const { badName } = rules.reputation
      const asStranger = deal.paid > 0n && !deal.granted ? firstPrice(rules, deal, badName) : 0n
      return deal.positive > worth(rules, deal) || deal.negative > harm(rules, deal, most(deal.paid, asStranger))
    }),
  'a letter to a stranger costs no less under any name than under a fresh one': ({ deals }, rules) =>
    deals.find((deal) => deal.stranger && isCheap(rules, deal)),
  'what costs less than a first letter answers a letter, or was paid for by what came back, which no program wrote': (
    { deals },
    rules,
  ) =>
    pairsOf(deals.filter(({ granted }) => !granted)).find((among) => {
      const [{ sender, recipient }] = among as [Deal]
      const cheap = among.filter((deal) => isCheap(rules, deal))
      const came = deals.filter((deal) => deal.sender === recipient && deal.recipient === sender)
      const back = came.filter(({ automatic }) => !automatic).length
      const { patience } = rules.correspondence
      return cheap.length > Math.min(patience * back, back + patience) + came.length - back
    }),
  'a letter that costs less than a first one brings its reader no more for being large': ({ deals }, rules) =>
    deals.find(
      (deal) => !deal.granted && !deal.over && isCheap(rules, deal) && deal.credit > exchangeMost(rules, deal),
    ),
  'whoever ever wrote to somebody at less than a first letter’s price brings them no more than that again': (
    { deals },
    rules,
  ) =>
    pairsOf(deals).find((among) => {
      const since = among.findIndex((deal) => deal.granted || isCheap(rules, deal))
      const later = since < 0 ? [] : among.slice(since)
      return later.find((deal) => !deal.granted && !deal.over && deal.credit > exchangeMost(rules, deal))
    }),
  'one pass holds at most its share against one other': ({ deals }, { reputation }) =>
    grouped(deals, ({ ackerKey, senderKey }) => `${ackerKey} ${senderKey}`).find(
      (among) => sumOf(among, 'negative') > reputation.flagMax * scoreOne,
    ),
  'one pass gives and takes within its budgets': ({ deals }, { reputation }) =>
    grouped(deals, ({ ackerKey }) => `${ackerKey}`).find(
      (among) =>
        sumOf(among, 'positive') > reputation.valueBudget * scoreOne ||
        sumOf(among, 'negative') > reputation.flagBudget * scoreOne,
    ),
  'what goes back for a message is at most what its reader got, and once': ({ deals }) =>
    deals.find(({ given, credit }) => given.length > 1 || given.some((amount) => amount > credit)),
  'a reader’s counts are what went on with strangers’ letters': ({ deals, readers }) =>
    readers.find((counts, person) => JSON.stringify(counts) !== JSON.stringify(readingOf(deals, person))),
}

/** What a reader did with strangers' letters, counted from what went on. */
function readingOf(deals: readonly Deal[], person: number): Tale['readers'][number] {
  const letters = deals.filter(({ recipient, stranger }) => recipient === person && stranger)
  const flags = letters.filter(({ verdict }) => verdict === 'spam' || verdict === 'abuse')
  return {
    received: letters.length,
    answered: letters.filter(({ answered }) => answered).length,
    valued: letters.filter(({ verdict }) => verdict === 'value').length,
    flagged: flags.length,
    givenBack: letters.filter((deal) => deal.given[0] === deal.credit && !flags.includes(deal)).length,
  }
}

/** The first bound that a schedule breaks, by name. */
const broken = (tale: Tale, rules: Rules): string | undefined =>
  Object.entries(bounds).find(([, breaks]) => breaks(tale, rules))?.[0]

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** κ × what the sender burned, and of what the network asks no more than the burned share, as a score. */
function worth({ reputation, burnShare, price }: Rules, { paid, burned, fee, basePrice }: Deal): bigint {
  if (paid === 0n) return 0n
  const share = (fee * burnShare * price.floor) / (basePrice * timesOne) + 2n
  return (reputation.kappa * least(burned, share) * scoreOne) / (price.floor * timesOne)
}

/** What a letter of an exchange asks at most of who has no pass, kept for as long as can be, whatever its size. */
function exchangeMost({ correspondence, reputation, lifetimes, recipientFactor, price }: Rules, { recipients }: Deal) {
  const several = timesOne + recipientFactor * BigInt(recipients - 1)
  const factors = [correspondence.exchange, reputation.factors[0]!, lifetimes.at(-1)!.factor, several]
  return factors.reduce((amount, factor) => (amount * factor) / timesOne + 1n, price.floor)
}

/** 5λ × what was paid, up to what counts, as a score. */
function harm({ reputation }: Rules, { basePrice, units }: Deal, paid: bigint): bigint {
  const bound = (reputation.countedMax * basePrice * units) / timesOne
  const counted = paid < bound ? paid : bound
  return (reputation.lambda * reputation.abuse * counted * scoreOne) / (basePrice * timesOne * timesOne)
}

const sumOf = (deals: readonly Deal[], part: 'positive' | 'negative'): bigint =>
  deals.reduce((sum, deal) => sum + deal[part], 0n)
const grouped = (deals: readonly Deal[], nameOf: (deal: Deal) => string): Deal[][] => [
  ...Map.groupBy(deals, nameOf).values(),
]
const pairsOf = (deals: readonly Deal[]): Deal[][] =>
  grouped(deals, ({ sender, recipient }) => `${sender} ${recipient}`)

/** Of whom flagging somebody raised the income, by how much; nobody where all is well. */
function gainOfFlagging(schedule: Parameters<typeof run>[0], machine: Machine, rules: Rules) {
  const tale = run(schedule, machine, rules)
  for (const who of new Set(tale.flags.values())) {
    const without = run(unflagged(schedule, tale, who), machine, rules)
    const gain = incomeOf(tale, who) - incomeOf(without, who)
    if (gain > 0n) return { who, gain }
  }
  return undefined
}
const incomeOf = ({ deals }: Tale, who: number): bigint =>
  deals.reduce((sum, { recipient, credit }) => (recipient === who ? sum + credit : sum), 0n)
const noGain = 'flagging never raises the income of who flags'
const anySchedule = fc.oneof(schedules, feuds)

test(`bounds: ${noGain}, over random adversarial schedules`, async (t) => {
  let flags = 0
  fc.assert(
    fc.property(anySchedule, fc.constantFrom(scheduleRules, looseRules), (schedule, rules) => {
      flags += run(schedule, ours, rules).flags.size
      const gain = gainOfFlagging(schedule, ours, rules)
      if (gain) throw new Error(`${cast[gain.who]!.name} has ${gain.gain} of it`)
    }),
    { numRuns: 150 },
  )
  t.ok(flags > 300, `${flags} flags`)
})

test('bounds: the schedules do what could break them', async (t) => {
  const tales = fc.sample(schedules, { numRuns: 260, seed: 3 }).map((schedule) => run(schedule, ours))
  const deals = tales.flatMap((tale) => tale.deals)
  t.ok(deals.filter(({ positive }) => positive > 0n).length > 100, 'values count')
  t.ok(deals.filter(({ negative }) => negative > 0n).length > 100, 'flags count')
  t.ok(
    deals.filter(({ negative }) => negative === scheduleRules.reputation.flagMax * scoreOne).length > 10,
    'flags meet their most',
  )
  t.ok(deals.filter(({ paid, verdict }) => paid === 0n && verdict).length > 10, 'free messages are judged')
  t.ok(deals.filter(({ verdict, ackerKey }) => verdict && !ackerKey).length > 10, 'some judge without a pass')
  t.ok(deals.filter(({ senderKey }) => !senderKey).length > 10, 'some write without a pass')
  t.ok(deals.filter(({ given, credit }) => given[0] === credit).length > 100, 'much is given back whole')
  t.ok(deals.filter(({ given }) => given[0] === 1n).length > 50, 'and a unit of it')
  t.ok(
    deals.filter(({ verdict, given }) => verdict === 'abuse' && given.length > 0).length > 20,
    'also of flagged ones',
  )
  t.ok(deals.filter(({ stranger, answered }) => stranger && answered).length > 50, 'strangers are answered')
  t.ok(tales.reduce((sum, { refused }) => sum + refused, 0) > 100, 'much is refused')
  const prices = new Set(deals.map(({ basePrice }) => basePrice))
  t.ok(prices.size > 3, `the price moves, to ${prices.size}`)
})

test('bounds: hold over random adversarial schedules', async (t) => {
  fc.assert(
    fc.property(anySchedule, fc.constantFrom(scheduleRules, looseRules), (schedule, rules) => {
      const name = broken(run(schedule, ours, rules), rules)
      if (name) throw new Error(`it should hold that ${name}`)
    }),
    { numRuns: 400 },
  )
  for (const name of Object.keys(bounds)) t.pass(name)
})

type Mutant = {
  readonly name: string
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[]
  readonly breaks: RegExp
}

const mutants: readonly Mutant[] = [
  {
    name: 'minting by fee instead of burn',
    edits: [{ file: 'reputation.ts', from: 'reputation.kappa * paid.burned', to: 'reputation.kappa * paid.fee' }],
    breaks: /^a coalition’s/,
  },
  {
    name: 'flags without a cap for one against another',
    edits: [
      {
        file: 'operations/ack.ts',
        from: 'within(rules.reputation.flagMax * scoreOne, held, affordable)',
        to: 'affordable + held - held',
      },
    ],
    breaks: /^one pass holds/,
  },
  {
    name: 'flags without a cap on the fee that counts',
    edits: [{ file: 'reputation.ts', from: 'paid.fee < bound ? paid.fee : bound', to: 'paid.fee + bound - bound' }],
    breaks: /^(what somebody|a verdict)/,
  },
  {
    name: 'counting a nominal fee instead of what the sender paid',
    edits: [{ file: 'operations/send.ts', from: "fee: payer === 'sender' ? counts.fee : 0n", to: 'fee: counts.fee' }],
    breaks: /^(what somebody|a verdict)/,
  },
  {
    name: 'counting a burn that the recipient’s allowance paid',
    edits: [
      {
        file: 'operations/send.ts',
        from: "burned: payer === 'sender' ? counts.burned : 0n",
        to: 'burned: counts.burned',
      },
    ],
    breaks: /^(a coalition’s|a verdict)/,
  },
  {
    name: 'a second verdict on a message',
    edits: [{ file: 'operations/ack.ts', from: "if (mine.verdict) return no('ack-repeated')", to: '' }],
    breaks: /^(a coalition’s|what somebody|a verdict)/,
  },
  {
    name: 'giving back more than was got',
    edits: [
      { file: 'operations/give-back.ts', from: "amount > credit ? 'give-back-over' : undefined", to: 'undefined' },
    ],
    breaks: /^what goes back/,
  },
  {
    name: 'giving back again',
    edits: [{ file: 'operations/give-back.ts', from: "if (given > 0n) return 'give-back-repeated'", to: '' }],
    breaks: /^what goes back/,
  },
  {
    name: 'counting a unit as all of it',
    edits: [{ file: 'reader.ts', from: 'given > 0n && given === credit', to: 'given > 0n' }],
    breaks: /^a reader’s counts/,
  },
  {
    name: 'counting what was flagged as given back',
    edits: [{ file: 'reader.ts', from: ' && !isFlagged', to: '' }],
    breaks: /^a reader’s counts/,
  },
  {
    name: 'counting every letter as a stranger’s',
    edits: [{ file: 'operations/send.ts', from: 'received: isStranger ? 1 : 0', to: 'received: 1' }],
    breaks: /^a reader’s counts/,
  },
  {
    name: 'answering the same letters again',
    edits: [{ file: 'pair.ts', from: '({ ...side, asStranger: 0 })', to: '({ ...side })' }],
    breaks: /^a reader’s counts/,
  },
  {
    name: 'counting what the base price is above its floor',
    edits: [{ file: 'fee.ts', from: '      burned: split.burned,', to: '      burned,' }],
    breaks: /^a verdict/,
  },
  {
    name: 'counting a flag among friends as a stranger’s each time',
    edits: [{ file: 'operations/ack.ts', from: ' && !pairIn(rules, pair, seen).mine.weighed', to: '' }],
    breaks: /^what somebody/,
  },
  {
    name: 'a price to strangers by tier',
    edits: [
      {
        file: 'fee.ts',
        from: 'hasBadName ? badName : strangers[rankOf(standing)]!',
        to: 'hasBadName ? badName + 0n * strangers[0]! : inExchange[rankOf(standing)]!',
      },
    ],
    breaks: /^a letter to a stranger/,
  },
  {
    name: 'an exchange without end after one letter back',
    edits: [{ file: 'pair.ts', from: "(kind === 'exchange' && !granted ? 1 : 0)", to: '(granted ? 0 : 0)' }],
    breaks: /^what costs less/,
  },
  {
    name: 'a program’s letter that is an answer',
    edits: [{ file: 'pair.ts', from: 'messages - automatic', to: 'messages + 0 * automatic' }],
    breaks: /^(what costs less|a reader’s counts)/,
  },
  {
    name: 'a reader whom acquaintances pay as strangers do',
    edits: [
      {
        file: 'pair.ts',
        from: "next.sides.mine.acquainted ? 'exchange' :",
        to: "next.sides.mine.acquainted && false ? 'exchange' :",
      },
    ],
    breaks: /^whoever ever wrote/,
  },
  {
    name: 'a program that takes the places of answers',
    edits: [{ file: 'pair.ts', from: 'mine.exchanged + owed < paid', to: 'mine.exchanged + 0 * owed < paid' }],
    breaks: /^what costs less/,
  },
  {
    name: 'a reader who is paid for the size of an answer',
    edits: [{ file: 'fee.ts', from: "kind === 'first' ? timesOne <<", to: 'kind !== undefined ? timesOne <<' }],
    breaks: /^a letter that costs less/,
  },
  {
    name: 'a reader who gets what a flag adds',
    edits: [
      {
        file: 'fee.ts',
        from: '{ ...input, ...unflagged, basePrice: lowest }',
        to: '{ ...input, basePrice: lowest }',
      },
    ],
    breaks: /^flagging never/,
  },
  {
    name: 'a reader who gets what a bad or fallen name adds',
    edits: [
      {
        file: 'quote.ts',
        from: 'standing: proven, hasBadName: false, floor: floorOf[kinds.earnedKind]',
        to: 'standing, hasBadName, floor: proven === undefined ? floorOf[kinds.earnedKind] : floorOf[kinds.earnedKind]',
      },
    ],
    breaks: /^flagging never/,
  },
]

for (const { name, edits, breaks } of mutants)
  test(`bounds: break under a mutant, ${name}`, async (t) => {
    const folder = t.testdir({})
    cpSync(new URL('../../protocol', import.meta.url), folder, { recursive: true })
    for (const { file, from, to } of edits) {
      const path = join(folder, file)
      const source = readFileSync(path, 'utf8')
      t.equal(source.split(from).length, 2, 'the line is there, once')
      writeFileSync(path, source.replace(from, to))
    }
    const machine = (await import(pathToFileURL(join(folder, 'ledger.ts')).href)) as Machine
    const found = new Set<string>()
    const isFound = () => [...found].some((bound) => breaks.test(bound))
    for (const schedule of fc.sample(anySchedule, { numRuns: 4_000, seed: 11 })) {
      for (const rules of [scheduleRules, looseRules]) {
        const tale = run(schedule, machine, rules)
        for (const [bound, isBroken] of Object.entries(bounds)) if (isBroken(tale, rules)) found.add(bound)
      }
      if (breaks.test(noGain))
        for (const rules of [scheduleRules, looseRules]) if (gainOfFlagging(schedule, machine, rules)) found.add(noGain)
      if (isFound()) break
    }
    t.ok(isFound(), `${[...found].join('; ') || 'nothing'} breaks`)
  })
