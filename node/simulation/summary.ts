/** What a simulation comes down to: the figures that are printed, plotted and compared. */
import { honest } from './books.ts'
import type { Pressed } from './pressures.ts'
import type { Outcome } from './simulate.ts'

/**
 * Amounts are in the smallest unit. `firstLetter` is what a first letter costs under a fresh pass.
 *
 * Of honest people: `net` is what one paid (enrolment and giving back, too) less what honest people paid them, in a month
 * in which they paid or earned anything; `paid` what one message cost its sender; `answered` the same to anybody who ever
 * wrote back; `firstLetterNet` what a first letter that was valued cost in the mean, less what was given back.
 *
 * Of spam: `cheapest` names the attack that paid least for a letter that reached somebody outside it, `cheapestPaid` is
 * what it paid (all that it lost, over all those letters), and `paidPerMessage` is the same; `paidPerRead` is the least that
 * any attack paid for a letter that was opened while it could still be judged, and `paidPerUnanswered` for one that was not
 * answered by hand: people who answer a lure make the next letters cheap, which are then those of a conversation.
 *
 * Of an attack: `spent` is what left its hands, `gained` what came in from outside and what its deliveries would have cost an
 * honest person in the median; `roi` is (gained − spent) ÷ spent, and 0 where nothing was spent; `profit` is what came in from
 * outside less what it spent; `reputation` what verdicts gave its keys less what they took, as points of score.
 *
 * `refusedWrongly` counts honest messages that were refused while their sender could pay, `refusedByReason` all.
 */
export type Summary = {
  readonly trace: string
  readonly messages: number
  readonly people: number
  readonly firstLetter: number
  readonly honest: HonestSummary
  readonly spam: SpamSummary
  readonly attacks: readonly AttackSummary[]
  readonly bounds: { reputation: boolean; damage: boolean }
  readonly price: { min: number; max: number; last: number }
  readonly refusedWrongly: number
  readonly refusedByReason: { readonly [reason: string]: number }
  readonly sensitivity: readonly Sensitivity[]
}

type HonestSummary = {
  readonly netMedian: number
  readonly netP5: number
  readonly netP95: number
  readonly paidMedian: number
  readonly paidMean: number
  readonly answeredMedian: number
  readonly answeredMean: number
  readonly firstLetterNet: number
}
type SpamSummary = {
  readonly paidPerMessage: number
  readonly ratioToHonestMedian: number
  readonly cheapest: string
  readonly cheapestPaid: number
  readonly paidPerRead: number
  readonly paidPerUnanswered: number
}
type AttackSummary = {
  readonly name: string
  readonly spent: number
  readonly gained: number
  readonly roi: number
  readonly reputation: number
  readonly profit: number
  /** What it lost for each letter that reached somebody outside it; 0 where none did. */
  readonly paidPerLetter: number
}

/** What becomes of the figures that matter most under some habits; the attack that earns most is no profile. */
export type Sensitivity = { readonly habits: string } & Pick<
  SpamSummary,
  'cheapest' | 'cheapestPaid' | 'paidPerRead' | 'paidPerUnanswered'
> &
  Pick<HonestSummary, 'netP5' | 'netP95' | 'answeredMedian' | 'answeredMean' | 'firstLetterNet'> & {
    readonly profitMost: number
  }

/** What was tried beside the replay, and is shown with it. */
type Beside = { readonly pressures: readonly Pressed[]; readonly sensitivity: readonly Sensitivity[] }

export function summarize(
  outcome: Outcome,
  { pressures, sensitivity }: Beside = { pressures: [], sensitivity: [] },
): Summary {
  const { trace, books, attacks, prices, firstLetter } = outcome
  const points = prices.map(({ basePrice }) => Number(basePrice))
  const refusals = books.refusals.map(({ reason }) => reason)
  return {
    trace: trace.name,
    messages: trace.messages.length,
    people: trace.people,
    firstLetter: Number(firstLetter),
    honest: honestSummary(outcome),
    spam: spamSummary(outcome),
    attacks: [
      ...attacks.map((attack) => summarizeAttack(outcome, attack)),
      ...pressures.map(({ name, spent }) => ({
        name,
        spent,
        gained: 0,
        roi: -1,
        reputation: 0,
        profit: -spent,
        paidPerLetter: 0,
      })),
    ],
    bounds: books.bounds(),
    price: { min: least(points), max: most(points), last: points.at(-1)! },
    refusedWrongly: refusals.filter((reason) => reason !== 'funds-short').length,
    refusedByReason: Object.fromEntries(
      [...new Set(refusals)].sort().map((reason) => [reason, refusals.filter((other) => other === reason).length]),
    ),
    sensitivity,
  }
}

/** What of a replay under some habits stands in the table of them. */
export function sensitivityOf(habits: string, outcome: Outcome): Sensitivity {
  const { cheapest, cheapestPaid, paidPerRead, paidPerUnanswered } = spamSummary(outcome)
  const { netP5, netP95, answeredMedian, answeredMean, firstLetterNet } = honestSummary(outcome)
  const profits = outcome.attacks
    .filter(({ attack }) => !attack.name.includes('profile'))
    .map(({ before, after }) => Number(after - before))
  const profitMost = profits.length > 0 ? most(profits) : 0
  return {
    habits,
    ...{ cheapest, cheapestPaid, paidPerRead, paidPerUnanswered },
    ...{ netP5, netP95, answeredMedian, answeredMean, firstLetterNet, profitMost },
  }
}

function honestSummary({ books }: Outcome): HonestSummary {
  const nets = [...books.months.values()].map(({ paid, earned }) => paid - earned)
  const paid = books.honestPrices.map((price) => price.paid)
  const ways = new Set(books.honestPrices.map(({ from, to }) => `${from} ${to}`))
  const answered = books.honestPrices.filter(({ from, to }) => ways.has(`${to} ${from}`)).map((price) => price.paid)
  return {
    netMedian: quantile(nets, 0.5),
    netP5: quantile(nets, 0.05),
    netP95: quantile(nets, 0.95),
    paidMedian: quantile(paid, 0.5),
    paidMean: mean(paid),
    answeredMedian: quantile(answered, 0.5),
    answeredMean: mean(answered),
    firstLetterNet: mean(books.valuedFirst()),
  }
}

function spamSummary(outcome: Outcome): SpamSummary {
  const { attacks, books } = outcome
  const delivered = attacks.filter(({ attack }) => books.side(attack.name).deliveries > 0)
  // The cheapest way counts: whoever spams will find it.
  const cheapest = delivered.map((item) => ({ name: item.attack.name, paid: paidPerDelivery(outcome, item) }))
  const first = cheapest.reduce((a, b) => (b.paid < a.paid ? b : a), cheapest[0] ?? { name: '', paid: 0 })
  const reads = delivered.map((item) => paidPerRead(outcome, item)).filter(Number.isFinite)
  const unanswered = delivered.map((item) => paidPerUnanswered(outcome, item)).filter(Number.isFinite)
  const median = quantile(
    books.honestPrices.map(({ paid }) => paid),
    0.5,
  )
  return {
    paidPerMessage: round(first.paid),
    ratioToHonestMedian: median > 0 ? round(first.paid / median) : 0,
    cheapest: first.name,
    cheapestPaid: round(first.paid),
    paidPerRead: reads.length > 0 ? round(least(reads)) : 0,
    paidPerUnanswered: unanswered.length > 0 ? round(least(unanswered)) : 0,
  }
}

/** One attack (or the newsletter that is none). */
function summarizeAttack(outcome: Outcome, item: Outcome['news']): AttackSummary {
  const { books } = outcome
  const { attack, before, after } = item
  const side = books.side(attack.name)
  const profit = Number(after - before)
  const spent = Number(side.earnedOutside) - profit
  const median = quantile(
    books.honestPrices.map(({ paid }) => paid),
    0.5,
  )
  const gained = Number(side.earnedOutside) + side.deliveries * median
  const roi = spent > 0 ? round((gained - spent) / spent) : 0
  return {
    name: attack.name,
    spent,
    gained,
    roi,
    reputation: round(Number(side.positive - side.negative) / 65_536),
    profit,
    paidPerLetter: round(paidPerDelivery(outcome, item)),
  }
}

/** All that an attack lost, enrolment and registration too, for each letter that reached somebody outside it. */
export function paidPerDelivery({ books }: Outcome, { attack, before, after }: Outcome['news']): number {
  const { deliveries } = books.side(attack.name)
  return deliveries > 0 ? Number(before - after) / deliveries : 0
}

/** The same for each of those that was opened while it could still be judged; infinite where none was. */
export const paidPerRead = ({ books }: Outcome, { attack, before, after }: Outcome['news']): number =>
  Number(before - after) / books.side(attack.name).reads

/** The same for each that nobody answered by hand; infinite where none was left without an answer. */
const paidPerUnanswered = ({ books }: Outcome, { attack, before, after }: Outcome['news']): number => {
  const { deliveries, answers } = books.side(attack.name)
  return deliveries > answers ? Number(before - after) / (deliveries - answers) : Number.POSITIVE_INFINITY
}

/** Points of score that a side's keys were given, for each base price burned by its messages. */
export function reputationPerUnit({ books }: Outcome, side: string = honest): number {
  const { positive, burnedUnits } = books.side(side)
  return burnedUnits > 0 ? round(Number(positive) / 65_536 / burnedUnits) : 0
}

/** The value at a share (0 to 1) of a list; 0 for an empty one. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const mean = (values: readonly number[]): number =>
  values.length > 0 ? round(values.reduce((sum, value) => sum + value, 0) / values.length) : 0
const round = (value: number): number => Math.round(value * 1000) / 1000
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b))
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b))
