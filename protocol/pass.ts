/** Passes: that a pseudonym stands at some tier in an epoch, and what a standing asks for. */
import { equalBytes } from './codec.ts'
import { no, type Result, yes } from './reason.ts'
import { effectiveTier, scoreOne, type Standing } from './reputation.ts'
import type { Rules } from './rules.ts'
import { type Meta, metaOf, type Records, type View } from './state.ts'
import { sumMax } from './statement.ts'

/**
 * What one of the tiers asks of a hidden state, as the circuit compares it: `positive + 2^48 ≥ negative + scoreMin`, so that tier 0,
 * which asks nothing, is one of them; and `negative ≤ negativeMax`.
 */
export function demandsOf({ reputation }: Rules, tier: number): { scoreMin: bigint; negativeMax: bigint } {
  if (tier === 0) return { scoreMin: 0n, negativeMax: sumMax - 1n }
  return {
    scoreMin: sumMax + reputation.scores[tier - 1]! * scoreOne,
    negativeMax: reputation.negatives[tier - 1]! * scoreOne,
  }
}

/** How often the fee of a pass doubles at most, which keeps it below 2^60. */
const doublingsMax = 40

/**
 * What a pass burns in an epoch in which so many were taken before it. It doubles with every `passStep`, so that the room
 * of an epoch, which all have together, cannot be taken up for next to nothing.
 */
export function passFee({ identity }: Rules, taken: number): bigint {
  const doublings = Math.min(Math.floor(taken / identity.passStep), doublingsMax)
  return identity.passFee * 2n ** BigInt(doublings)
}

/** A pass that is good now and is this pseudonym's. */
export function goodPass(
  view: View,
  rules: Rules,
  { epochKey, pseudonym }: { epochKey: Uint8Array; pseudonym: Uint8Array },
): Records['passes'] | undefined {
  const pass = view.read('passes', epochKey)
  return pass && equalBytes(pass.pseudonym, pseudonym) && isGood(rules, pass, metaOf(view)) ? pass : undefined
}

/** The standing under an epoch key, or under none. Nothing where the pass is not good. */
export function standingUnder(
  view: View,
  rules: Rules,
  { epochKey, pseudonym }: { epochKey: Uint8Array | undefined; pseudonym: Uint8Array },
): Result<Standing> {
  if (!epochKey) return yes(undefined)
  const pass = goodPass(view, rules, { epochKey, pseudonym })
  return pass ? yes(effectiveTier(rules, pass)) : no('pass-unknown')
}

/** Yesterday's pass stays good for a while, so that nobody stands without one while today's is being proven. */
const isGood = ({ reputation }: Rules, { epoch }: Records['passes'], now: Meta): boolean =>
  epoch === now.epoch || (epoch === now.epoch - 1 && now.time < now.epochStart + BigInt(reputation.passGraceMs))
