/** Passes: that a pseudonym stands at some tier in an epoch, and the epoch key that verdicts on its messages accrue to. */
import { equalBytes } from './codec.ts'
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import { effectiveTier, type Standing } from './reputation.ts'
import type { Rules } from './rules.ts'
import { type Draft, type Meta, metaOf, type Records, type View } from './state.ts'
import type { ActionOf, Op } from './wire.ts'

/** Take a pass for the current epoch. Refuses: pass-unproven, pass-repeated (one a pseudonym and epoch), epoch-key-used. */
export function applyPass(draft: Draft, context: Context, op: Op, pass: ActionOf<'pass'>): Result<void> {
  const { epoch } = metaOf(draft)
  const { epochKey, tier } = pass
  if (tier > context.rules.reputation.scores.length) return no('pass-unproven')
  if (draft.read('passOf', op.account)?.epoch === epoch) return no('pass-repeated')
  if (draft.read('passes', epochKey)) return no('epoch-key-used')
  if (!context.verifyPass({ ...pass, pseudonym: op.account, epoch })) return no('pass-unproven')
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
