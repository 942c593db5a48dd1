/**
 * What the cheapest paths to a stranger cost, and what a name is worth, from the rules alone: one unit, kept for as short as
 * can be, while the base price is at its floor; for one recipient, unless said otherwise. Amounts are in the smallest unit.
 */
import { carriageOf, priceOf, splitOf } from './fee.ts'
import type { Kind } from './pair.ts'
import type { Standing } from './reputation.ts'
import { divideUp, timesOne, type Rules } from './rules.ts'

/** No path to a stranger may cost less a letter than a first letter ÷ this. */
export const spamFloor = 3n

/** The fee of a letter of one unit for each of so many recipients, by its kind and a standing. */
function feeAt(rules: Rules, kind: Kind, standing: Standing, recipientCount = 1): bigint {
  const terms = { kind, standing, hasBadName: false, floor: 0n }
  return priceOf(rules, { ...cheapest(rules), ...terms, recipientCount, unflagged: terms, granted: false }).fee
}

/** What such a letter is, whoever writes it. */
const cheapest = ({ price, lifetimes }: Rules) => ({
  basePrice: price.floor,
  sizeClass: 0,
  lifetimeDays: lifetimes[0]!.days,
})

/** The same with what carrying it burns, of which each recipient has a part, rounded down. */
const letterAt = (rules: Rules, kind: Kind, standing: Standing, recipientCount = 1): bigint =>
  feeAt(rules, kind, standing, recipientCount) +
  carriageOf(rules, { ...cheapest(rules), recipientCount }) / BigInt(recipientCount)

/** The same where it goes to as many at once as make it the cheapest for each. */
const cheapestAt = (rules: Rules, kind: Kind, tier: number): bigint =>
  Array.from({ length: rules.recipientsMax }, (_, at) => letterAt(rules, kind, tier, at + 1)).reduce((a, b) =>
    a < b ? a : b,
  )

/** The fee of a first letter to a stranger under a fresh pass, and all that the letter costs. */
export const firstFee = (rules: Rules): bigint => feeAt(rules, 'first', 0)
export const firstLetter = (rules: Rules): bigint => letterAt(rules, 'first', 0)

/**
 * What each letter costs of the cheapest way to write to people who did not ask for it: one first letter that is answered,
 * and all that the answer pays for, under the best name and to many at once, less what the answer brings, of one unit and by
 * somebody without a pass. Rounded up; 0 where it brings more than all of them cost. Where more is answered, no more letters
 * that nobody answers go out for one first letter than these, because what an answer pays for beyond itself does not pile up.
 */
export function lureLetter(rules: Rules): bigint {
  const patience = BigInt(rules.correspondence.patience)
  const best = rules.reputation.scores.length
  const spent = cheapestAt(rules, 'first', best) + patience * cheapestAt(rules, 'exchange', best)
  const earned = splitOf(rules, feeAt(rules, 'exchange', undefined)).credit
  return spent > earned ? divideUp(spent - earned, patience + 1n) : 0n
}

/** What a standing costs, and what letters cost under it. */
type Worth = {
  /** What it takes to burn its score together, by verdicts that count in full, and what decay takes of that in an epoch. */
  readonly score: bigint
  readonly decay: bigint
  /** All that a letter costs, to a stranger and of an exchange. */
  readonly first: bigint
  readonly exchange: bigint
}

/** What a standing is worth. No pass and tier 0 ask for no score; every tier asks for an enrolment, which is not in it. */
export function worthOf(rules: Rules, standing: Standing): Worth {
  const { reputation, price } = rules
  const points = standing === undefined || standing === 0 ? 0n : reputation.scores[standing - 1]!
  const score = divideUp(points * price.floor * timesOne, reputation.kappa || 1n)
  return {
    score,
    decay: (score * (timesOne - reputation.decay)) / timesOne,
    first: letterAt(rules, 'first', standing),
    exchange: letterAt(rules, 'exchange', standing),
  }
}
