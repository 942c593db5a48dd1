/**
 * What the cheapest paths to a stranger cost, and what a name is worth, from the rules alone: one unit for one recipient,
 * kept for as short as can be, while the base price is at its floor. Amounts are in the smallest unit.
 */
import { carriageOf } from './fee.ts'
import type { Kind } from './pair.ts'
import { rankOf, type Standing } from './reputation.ts'
import { timesOne, type Rules } from './rules.ts'

/** No path to a stranger may cost less a letter than a first letter ÷ this. */
export const spamFloor = 3n

/** The fee of a letter of one unit to one recipient, by its kind and a standing. */
function feeAt(rules: Rules, kind: Kind, standing: Standing): bigint {
  const { correspondence, reputation, price, lifetimes } = rules
  const name = (kind === 'first' ? reputation.strangers : reputation.factors)[rankOf(standing)]!
  return divideUp(price.floor * lifetimes[0]!.factor * correspondence[kind] * name, timesOne ** 3n)
}

/** The same with what carrying it burns. */
const letterAt = (rules: Rules, kind: Kind, standing: Standing): bigint =>
  feeAt(rules, kind, standing) +
  carriageOf(rules, {
    basePrice: rules.price.floor,
    recipientCount: 1,
    sizeClass: 0,
    lifetimeDays: rules.lifetimes[0]!.days,
  })

/** The fee of a first letter to a stranger under a fresh pass, and all that the letter costs. */
export const firstFee = (rules: Rules): bigint => feeAt(rules, 'first', 0)
export const firstLetter = (rules: Rules): bigint => letterAt(rules, 'first', 0)

/**
 * What each letter costs of the cheapest way to write to people who did not ask for it: one first letter that is answered,
 * and all that the answer pays for, under the best name. Rounded down. Where more is answered, no more letters that nobody
 * answers go out for one first letter than these, because what an answer pays for beyond itself does not pile up.
 */
export function lureLetter(rules: Rules): bigint {
  const patience = BigInt(rules.correspondence.patience)
  const best = rules.reputation.scores.length
  return (letterAt(rules, 'first', best) + patience * letterAt(rules, 'exchange', best)) / (patience + 1n)
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

const divideUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor
