/** What a simulation comes down to: the figures that are printed, plotted and compared. */
import { honest } from './books.ts'
import type { Outcome } from './simulate.ts'

/**
 * Amounts are in the smallest unit. `net` is what an honest person paid less what honest people paid them, in a month in
 * which they paid or earned anything; `paidMedian` what one honest message cost its sender; `spent` what left an attack's hands, `gained`
 * what came in from outside and what its deliveries would have cost an honest person; `roi` is (gained − spent) ÷ spent.
 * `reputation` is what verdicts gave an attack's keys less what they took, as points of score.
 */
export type Summary = {
  readonly trace: string
  readonly messages: number
  readonly people: number
  readonly honest: { netMedian: number; netP5: number; netP95: number; paidMedian: number }
  readonly spam: { paidPerMessage: number; ratioToHonestMedian: number }
  readonly attacks: readonly AttackSummary[]
  readonly bounds: { reputation: boolean; damage: boolean }
  readonly price: { min: number; max: number; last: number }
  readonly refusedWrongly: number
}

type AttackSummary = { name: string; spent: number; gained: number; roi: number; reputation: number }

export function summarize(outcome: Outcome): Summary {
  const { trace, books, attacks, prices } = outcome
  const nets = [...books.months.values()].map(({ paid, earned }) => paid - earned)
  const paidMedian = quantile(books.honestPrices, 0.5)
  // The cheapest way counts: whoever spams will find it.
  const cold = attacks.filter(({ attack }) => attack.isCold).map((attack) => paidPerDelivery(outcome, attack))
  const arrived = cold.filter((paid) => paid > 0)
  const paidPerMessage = arrived.length > 0 ? least(arrived) : 0
  const points = prices.map(({ basePrice }) => Number(basePrice))
  return {
    trace: trace.name,
    messages: trace.messages.length,
    people: trace.people,
    honest: { netMedian: quantile(nets, 0.5), netP5: quantile(nets, 0.05), netP95: quantile(nets, 0.95), paidMedian },
    spam: {
      paidPerMessage: round(paidPerMessage),
      ratioToHonestMedian: paidMedian > 0 ? round(paidPerMessage / paidMedian) : 0,
    },
    attacks: attacks.map((attack) => summarizeAttack(outcome, attack)),
    bounds: books.bounds(),
    price: { min: least(points), max: most(points), last: points.at(-1)! },
    refusedWrongly: books.refusals.length,
  }
}

/** One attack (or the newsletter that is none). */
function summarizeAttack({ books }: Outcome, { attack, before, after }: Outcome['news']): AttackSummary {
  const side = books.side(attack.name)
  const spent = Number(before - after + side.earnedOutside)
  const gained = Number(side.earnedOutside) + side.deliveries * quantile(books.honestPrices, 0.5)
  const reputation = round(Number(side.positive - side.negative) / 65_536)
  return { name: attack.name, spent, gained, roi: spent > 0 ? round((gained - spent) / spent) : 0, reputation }
}

/** All that an attack spent, enrolment and registration too, for each message that arrived. */
export function paidPerDelivery(outcome: Outcome, attack: Outcome['news']): number {
  const { deliveries } = outcome.books.side(attack.attack.name)
  return deliveries > 0 ? summarizeAttack(outcome, attack).spent / deliveries : 0
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

const round = (value: number): number => Math.round(value * 1000) / 1000
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b))
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b))
