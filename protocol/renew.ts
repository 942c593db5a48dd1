/** Renewal: a hidden state gets its successor, and perhaps gives some of its score to somebody's epoch key. */
import { appendTo, checkpointOf, proven } from './checkpoint.ts'
import type { Context } from './context.ts'
import { numberOf20 } from './field.ts'
import { networkField } from './identity.ts'
import { no, type Result, yes } from './reason.ts'
import { saturated, scoreOne } from './reputation.ts'
import { type Draft, fieldKey, metaOf, type View } from './state.ts'
import type { Statement } from './statement.ts'
import type { ActionOf } from './wire.ts'

type Renew = ActionOf<'renew'>

/** What the proof of a renewal shows. Refuses: checkpoint-unknown. */
export function renewStatement(view: View, { network, rules }: Context, renew: Renew): Result<Statement> {
  const checkpoint = checkpointOf(view, renew)
  if (!checkpoint.ok) return checkpoint
  const { identitiesRoot, historyRoot } = checkpoint.value
  const { epoch, nullifier, leaf, endorsement, proof } = renew
  const signals = [
    identitiesRoot,
    historyRoot,
    networkField(network),
    BigInt(epoch),
    nullifier,
    leaf,
    (endorsement?.amount ?? 0n) * scoreOne,
    endorsement ? numberOf20(endorsement.target) : 0n,
    rules.identity.endorsementReserve * scoreOne,
  ]
  return yes({ circuit: 'renew', signals, proof })
}

/** Replace a hidden state. Refuses: nullifier-used, denomination-unknown, target-unknown, checkpoint-unknown, unproven. */
export function applyRenew(draft: Draft, context: Context, renew: Renew): Result<void> {
  const { rules } = context
  const { nullifier, leaf, endorsement } = renew
  if (draft.read('nullifiers', fieldKey(nullifier))) return no('nullifier-used')
  const { epoch, height } = metaOf(draft)
  const target = endorsement && draft.read('passes', endorsement.target)
  if (endorsement && !rules.identity.endorsements.includes(endorsement.amount)) return no('denomination-unknown')
  // What a pass gathers is summed up at the close of its window.
  if (endorsement && !(target && epoch <= target.epoch + rules.ackWindowEpochs)) return no('target-unknown')
  const statement = renewStatement(draft, context, renew)
  if (!statement.ok) return statement
  const shown = proven(context, statement.value)
  if (!shown.ok) return shown
  if (endorsement && target) {
    const positive = saturated(target.positive + (endorsement.amount * scoreOne) / 2n)
    draft.write('passes', endorsement.target, { ...target, positive })
  }
  draft.write('nullifiers', fieldKey(nullifier), {
    epoch,
    height,
    leaf: appendTo(draft, 'identities', leaf),
    endorsed: endorsement?.amount ?? 0n,
  })
  return yes(undefined)
}
