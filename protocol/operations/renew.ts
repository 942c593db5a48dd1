/** Renewal: a hidden state gets its successor, and perhaps gives some of its score to somebody's epoch key. */
import * as P from 'micro-packed'
import { appendTo, checkpointOf, CheckpointName, hasRoom, proven } from '../checkpoint.ts'
import { EpochKey, optional, Proof, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { Field, numberOf20 } from '../field.ts'
import { networkField } from '../identity.ts'
import { type Asked, burnsNothing, noLines, none, type Operation, type OpHead, readMail } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { saturated, scoreOne } from '../reputation.ts'
import { checkpointKey, type Draft, fieldKey, metaOf, treeKey, type View } from '../state.ts'
import type { Statement } from '../statement.ts'

/**
 * Verdicts folded, sums decayed, and perhaps a part of the score given away in favour of somebody's epoch key (`amount` in
 * whole scores; the key gets half). Nobody signs it, so nobody is linked to it.
 */
const Renew = P.struct({
  ...CheckpointName,
  nullifier: Field,
  leaf: Field,
  endorsement: optional(P.struct({ target: EpochKey, amount: U64 })),
  proof: Proof,
})
type Renew = P.UnwrapCoder<typeof Renew>

/** What the proof of a renewal shows. Refuses: checkpoint-unknown. */
function statement(
  view: View,
  { network, rules }: Context,
  _head: OpHead,
  renew: Renew,
): Result<Statement, Shortcoming> {
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

/**
 * Replace a hidden state. Refuses: nullifier-used, denomination-unknown, target-unknown, tree-full, checkpoint-unknown,
 * unproven.
 */
function apply(draft: Draft, context: Context, head: OpHead, renew: Renew): Result<Asked, Shortcoming> {
  const { rules } = context
  const { nullifier, leaf, endorsement } = renew
  if (draft.read('nullifiers', fieldKey(nullifier))) return no('nullifier-used')
  const { epoch, height } = metaOf(draft)
  const target = endorsement && draft.read('passes', endorsement.target)
  if (endorsement && !rules.identity.endorsements.includes(endorsement.amount)) return no('denomination-unknown')
  // What a pass gathers is summed up at the close of its window.
  if (endorsement && !(target && epoch <= target.epoch + rules.ackWindowEpochs)) return no('target-unknown')
  if (!hasRoom(draft, 'identities')) return no('tree-full')
  const stated = statement(draft, context, head, renew)
  if (!stated.ok) return stated
  const shown = proven(context, stated.value)
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
  return yes({})
}

/** The row of `renew`. */
export const renew: Operation<Renew> = {
  number: 11,
  mail: Renew,
  deed: none,
  lines: noLines,
  read: readMail,
  burns: burnsNothing,
  author: { kind: 'nobody', nullifier: ({ nullifier }) => nullifier },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, _head, data) => [
    { table: 'nullifiers', key: fieldKey(data.nullifier) },
    { table: 'trees', key: treeKey('identities') },
    { table: 'checkpoints', key: checkpointKey(data) },
    ...(data.endorsement ? [{ table: 'passes', key: data.endorsement.target } as const] : []),
  ],
  apply,
  statement,
  epoch: ({ epoch }) => epoch,
  message: none,
  endsWith: none,
}
