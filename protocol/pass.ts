/** Passes: that a pseudonym stands at some tier in an epoch, and what a standing asks for. */
import { equalBytes } from './codec.ts'
import { askedAt, type Held } from './firm.ts'
import { no, type Result, type Shortcoming, yes } from './reason.ts'
import { scoreOne, type Standing, tierAt } from './reputation.ts'
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

/** What a pass burns that is taken by `at`, as far as it is known now: no more is asked until then, whoever takes one. */
export const passFeeAt = (rules: Rules, meta: Held, at: bigint): bigint =>
  passFee(rules, askedAt(rules, meta, at).passes)

/** A pass that is this pseudonym's and is good at a time, which is the view's unless said otherwise. */
export function goodPass(
  view: View,
  rules: Rules,
  { epochKey, pseudonym }: { epochKey: Uint8Array; pseudonym: Uint8Array },
  at: bigint = metaOf(view).time,
): Records['passes'] | undefined {
  const pass = view.read('passes', epochKey)
  if (!pass || !equalBytes(pass.pseudonym, pseudonym)) return undefined
  const ends = passEnds(rules, pass, metaOf(view))
  return ends !== undefined && at < ends ? pass : undefined
}

/** What prices go by: a standing, and whether its name is bad; and the standing that was proven, before any flag. */
type Name = { readonly standing: Standing; readonly hasBadName: boolean; readonly proven: Standing }

/** What prices go by under an epoch key, or under none, at a time. Refuses: pass-unknown. */
export function nameUnder(
  view: View,
  rules: Rules,
  { epochKey, pseudonym }: { epochKey: Uint8Array | undefined; pseudonym: Uint8Array },
  at: bigint,
): Result<Name, Shortcoming> {
  if (!epochKey) return yes({ standing: undefined, hasBadName: false, proven: undefined })
  const pass = goodPass(view, rules, { epochKey, pseudonym }, at)
  if (!pass) return no('pass-unknown')
  const hasBadName = pass.badFrom !== undefined && at >= pass.badFrom
  return yes({ standing: tierAt(pass, at), hasBadName, proven: pass.tier })
}

/**
 * Until when a pass is good at least, that time not included; nothing where it is good no longer. Yesterday's stays good
 * for a while, so that nobody stands without one while today's is being proven; never beyond the epoch that it reaches
 * into, and that while is no longer than an epoch (`faults.ts`), so today's outlives the close of its epoch by all of it.
 */
export function passEnds(
  { reputation }: Rules,
  { epoch }: Records['passes'],
  now: Pick<Meta, 'epoch' | 'epochStart' | 'epochEnd'>,
): bigint | undefined {
  const graceMs = BigInt(reputation.passGraceMs)
  if (epoch === now.epoch) return now.epochEnd + graceMs
  if (epoch !== now.epoch - 1) return undefined
  const graceEnds = now.epochStart + graceMs
  return graceEnds < now.epochEnd ? graceEnds : now.epochEnd
}
