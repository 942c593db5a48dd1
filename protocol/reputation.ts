/**
 * The reputation rules: what a verdict weighs, what a tier asks for, and how a standing falls at once with what its
 * epoch key gathers. Scores carry 16 fractional bits; positive rounds down, negative up; a verdict never moves money.
 */
import { divideUp, timesOne, type Rules } from './rules.ts'
import type { Records } from './state.ts'

/** A score of 1. */
export const scoreOne = 1n << 16n
/** What the sums of one epoch key saturate at. */
export const scoreMax = 1n << 40n

/** A standing: no pass at all, or one of the tiers 0 to 4. */
export type Standing = number | undefined

/**
 * What one message was to one recipient, as far as it counts: what its sender paid at which base price (or a stranger would
 * have, where that weighs), and what of it is burned while that is at its floor.
 */
export type Paid = {
  readonly fee: bigint
  readonly burned: bigint
  readonly basePrice: bigint
  readonly sizeClass: number
}

/** Index into the lists of the rules: 0 is no pass, t + 1 is tier t. */
export const rankOf = (standing: Standing): number => (standing === undefined ? 0 : standing + 1)

/**
 * What `value` adds: κ × burned ÷ the floor of the base price × f(acker) ÷ (1 + recent values between the pair). Rounded
 * down. `recent` has 16 fractional bits, as pairs count it.
 */
export function valueWeight(
  { reputation, price }: Rules,
  paid: Paid,
  { acker, recent }: { acker: Standing; recent: bigint },
): bigint {
  const weight = reputation.ackWeights[rankOf(acker)]!
  return (
    (reputation.kappa * paid.burned * weight * scoreOne * scoreOne) /
    (price.floor * timesOne * timesOne * (scoreOne + recent))
  )
}

/**
 * What a flag adds to the negative side: λ × fee ÷ base price × f(acker), the fee counted up to a bound. Rounded down, so
 * that what flags add up to is never more than λ × the fees, to the last bit.
 */
export function flagWeight(
  { reputation }: Rules,
  paid: Paid,
  { acker, verdict }: { acker: Standing; verdict: 'spam' | 'abuse' },
): bigint {
  const weight = reputation.ackWeights[rankOf(acker)]! * (verdict === 'abuse' ? reputation.abuse : timesOne)
  const bound = (reputation.countedMax * paid.basePrice * (1n << BigInt(paid.sizeClass))) / timesOne
  const fee = paid.fee < bound ? paid.fee : bound
  return (reputation.lambda * fee * weight * scoreOne) / (paid.basePrice * timesOne * timesOne * timesOne)
}

/** Whether a standing with these sums reaches a tier: enough score, and not too much against it. */
export function reaches(
  { reputation }: Rules,
  tier: number,
  { positive, negative }: { positive: bigint; negative: bigint },
): boolean {
  if (tier === 0) return true
  const needed = reputation.scores[tier - 1]
  return (
    needed !== undefined &&
    positive - negative >= needed * scoreOne &&
    negative <= reputation.negatives[tier - 1]! * scoreOne
  )
}

/** The best tier that sums reach. */
export function tierOf(rules: Rules, sums: { positive: bigint; negative: bigint }): number {
  let best = 0
  for (let tier = 1; tier <= rules.reputation.scores.length; tier++) if (reaches(rules, tier, sums)) best = tier
  return best
}

/** The tier that a pass is worth now: it falls at once with what its own epoch key has against it. */
export function effectiveTier({ reputation }: Rules, { tier, negative }: { tier: number; negative: bigint }): number {
  let effective = tier
  while (effective > 0 && negative > reputation.negatives[effective - 1]! * scoreOne) effective--
  return effective
}

/** The tier that a pass is worth in prices at a time: a fall counts there as late as everything that others do. */
export const tierAt = ({ tier, falls }: Pick<Records['passes'], 'tier' | 'falls'>, at: bigint): number =>
  falls.findLast(({ from }) => from <= at)?.tier ?? tier

/** The falls of a pass, at most one for each tier. */
function fallsWith(
  rules: Rules,
  pass: Pick<Records['passes'], 'tier' | 'negative' | 'falls'>,
  { negative, from }: { negative: bigint; from: bigint },
): Records['passes']['falls'] {
  const tier = effectiveTier(rules, { tier: pass.tier, negative })
  return tier < effectiveTier(rules, pass) ? [...pass.falls, { tier, from }] : pass.falls
}

/** The part of the rules that scores go by. */
export type Scoring = Pick<Rules, 'reputation'>

/** What is left of a sum after 2^i epochs, for i = 0 to 5, with 32 fractional bits: rounded down, and rounded up. */
export function decayFactors({ reputation }: Scoring): { down: bigint[]; up: bigint[] } {
  const exponents = [0n, 1n, 2n, 3n, 4n, 5n].map((bit) => 2n ** bit)
  const left = exponents.map((exponent) => (reputation.decay ** exponent) << 32n)
  return {
    down: exponents.map((exponent, at) => left[at]! / timesOne ** exponent),
    up: exponents.map((exponent, at) => divideUp(left[at]!, timesOne ** exponent)),
  }
}

/**
 * Sums after some epochs, at most 63: positive rounds down, negative up. In one step for each bit of the number of epochs,
 * the lowest first, as the renew circuit does it (`circuits/decay.circom`).
 */
export function decay(
  rules: Scoring,
  sums: { positive: bigint; negative: bigint },
  epochs: number,
): { positive: bigint; negative: bigint } {
  const { down, up } = decayFactors(rules)
  let { positive, negative } = sums
  const steps = Math.min(epochs, 63)
  for (let bit = 0; bit < 6; bit++) {
    if (((steps >> bit) & 1) === 0) continue
    positive = (positive * down[bit]!) >> 32n
    negative = divideUp(negative * up[bit]!, 1n << 32n)
  }
  return { positive, negative }
}

/** Whether so much is against a pass that it could not even be one of tier 1. */
const isBad = ({ reputation }: Rules, negative: bigint): boolean => negative > reputation.negatives[0]! * scoreOne

/** What a pass falls to in prices once it has so much against it, of which they know `from` a time on: tier, and name. */
export const fallen = (
  rules: Rules,
  pass: Pick<Records['passes'], 'tier' | 'negative' | 'falls' | 'badFrom'>,
  { negative, from }: { negative: bigint; from: bigint },
): Pick<Records['passes'], 'falls' | 'badFrom'> => ({
  falls: fallsWith(rules, pass, { negative, from }),
  badFrom: pass.badFrom ?? (isBad(rules, negative) ? from : undefined),
})

/** As much of an amount as a budget leaves. */
export const within = (budget: bigint, spent: bigint, amount: bigint): bigint => {
  const left = budget > spent ? budget - spent : 0n
  return amount < left ? amount : left
}

/** A sum that stops at its maximum. */
export const saturated = (sum: bigint): bigint => (sum > scoreMax ? scoreMax : sum)
