/** Passes: that a pseudonym stands at some tier in an epoch, and the epoch key that verdicts on its messages accrue to. */
import { checkpointOf, isEpochKey, proven } from './checkpoint.ts'
import { equalBytes } from './codec.ts'
import type { Context } from './context.ts'
import { numberOf20 } from './field.ts'
import { networkField } from './identity.ts'
import { no, type Result, yes } from './reason.ts'
import { effectiveTier, scoreOne, type Standing } from './reputation.ts'
import type { Rules } from './rules.ts'
import { type Draft, epochKeyKey, type Meta, metaKey, metaOf, type Records, type View } from './state.ts'
import { type Statement, sumMax } from './statement.ts'
import { verdictKeysMax } from './verdicts.ts'
import type { ActionOf, Op } from './wire.ts'

/** What the proof of a pass shows. Refuses: tier-unknown, checkpoint-unknown. */
export function passStatement(
  view: View,
  { network, rules }: Context,
  { pseudonym, ...pass }: ActionOf<'pass'> & { readonly pseudonym: Uint8Array },
): Result<Statement> {
  if (pass.tier > rules.reputation.scores.length) return no('tier-unknown')
  const checkpoint = checkpointOf(view, pass)
  if (!checkpoint.ok) return checkpoint
  const { scoreMin, negativeMax } = demandsOf(rules, pass.tier)
  const signals = [
    checkpoint.value.identitiesRoot,
    networkField(network),
    BigInt(pass.epoch),
    numberOf20(pass.epochKey),
    scoreMin,
    negativeMax,
    numberOf20(pseudonym),
  ]
  return yes({ circuit: 'pass', signals, proof: pass.proof })
}

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

/**
 * Take a pass for the current epoch. Refuses: tier-unknown, pass-repeated (one a pseudonym and epoch), epoch-key-used,
 * epoch-full, checkpoint-unknown, unproven.
 */
export function applyPass(draft: Draft, context: Context, op: Op, pass: ActionOf<'pass'>): Result<void> {
  const meta = metaOf(draft)
  const { epoch } = meta
  const { epochKey, tier, checkpoint } = pass
  if (tier > context.rules.reputation.scores.length) return no('tier-unknown')
  if (draft.read('passOf', op.account)?.epoch === epoch) return no('pass-repeated')
  if (!isEpochKey(epochKey) || draft.read('passes', epochKey)) return no('epoch-key-used')
  if (meta.passes >= verdictKeysMax) return no('epoch-full')
  const statement = passStatement(draft, context, { ...pass, pseudonym: op.account })
  if (!statement.ok) return statement
  const shown = proven(context, statement.value)
  if (!shown.ok) return shown
  draft.write('meta', metaKey, { ...meta, passes: meta.passes + 1 })
  draft.write('epochKeys', epochKeyKey(epoch, epochKey), { tier, checkpoint })
  draft.write('passOf', op.account, { epoch, epochKey })
  draft.write('passes', epochKey, {
    pseudonym: op.account,
    epoch,
    tier,
    positive: 0n,
    negative: 0n,
    valueSpent: 0n,
    flagSpent: 0n,
  })
  return yes(undefined)
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
