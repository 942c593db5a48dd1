/** Taking a pass: the proof that, in this epoch, an account belongs to some enrolled identity of at least a tier. */
import * as P from 'micro-packed'
import { checkpointOf, CheckpointName, isEpochKey, proven } from '../checkpoint.ts'
import { EpochKey, Proof } from '../codec.ts'
import type { Context } from '../context.ts'
import { numberOf20 } from '../field.ts'
import { networkField } from '../identity.ts'
import { type Asked, burnsNothing, noLines, none, type Operation, type OpHead, readMail } from '../operation.ts'
import { demandsOf, passFeeAt } from '../pass.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { checkpointKey, type Draft, epochKeyKey, metaKey, metaOf, type View } from '../state.ts'
import type { Statement } from '../statement.ts'
import { verdictKeysMax } from '../verdict-tree.ts'

/** `epochKey` is what verdicts on the account's messages accrue to. */
const Pass = P.struct({ ...CheckpointName, epochKey: EpochKey, tier: P.U8, proof: Proof })
type Pass = P.UnwrapCoder<typeof Pass>

/** What the proof of a pass shows. Refuses: tier-unknown, checkpoint-unknown. */
function statement(
  view: View,
  { network, rules }: Context,
  { account: pseudonym }: OpHead,
  pass: Pass,
): Result<Statement, Shortcoming> {
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
 * Take a pass for the current epoch. Refuses: tier-unknown, pass-repeated (one a pseudonym and epoch), epoch-key-used,
 * epoch-full, checkpoint-unknown, unproven.
 */
function apply(draft: Draft, context: Context, head: OpHead, pass: Pass): Result<Asked, Shortcoming> {
  const meta = metaOf(draft)
  const { epoch } = meta
  const { epochKey, tier, checkpoint } = pass
  if (tier > context.rules.reputation.scores.length) return no('tier-unknown')
  if (draft.read('passOf', head.account)?.epoch === epoch) return no('pass-repeated')
  if (!isEpochKey(epochKey) || draft.read('passes', epochKey)) return no('epoch-key-used')
  if (meta.passes >= verdictKeysMax) return no('epoch-full')
  const stated = statement(draft, context, head, pass)
  if (!stated.ok) return stated
  const shown = proven(context, stated.value)
  if (!shown.ok) return shown
  draft.write('meta', metaKey, { ...meta, passes: meta.passes + 1 })
  draft.write('epochKeys', epochKeyKey(epoch, epochKey), { tier, checkpoint })
  draft.write('passOf', head.account, { epoch, epochKey })
  draft.write('passes', epochKey, {
    pseudonym: head.account,
    epoch,
    tier,
    positive: 0n,
    negative: 0n,
    valueSpent: 0n,
    flagSpent: 0n,
    falls: [],
    badFrom: undefined,
  })
  return yes({ burn: passFeeAt(context.rules, meta, meta.time) })
}

/** The row of `pass`. */
export const pass: Operation<Pass> = {
  number: 9,
  mail: Pass,
  deed: none,
  lines: noLines,
  read: readMail,
  burns: burnsNothing,
  author: { kind: 'account' },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, { account }, data) => [
    { table: 'passes', key: data.epochKey },
    { table: 'passOf', key: account },
    { table: 'epochKeys', key: epochKeyKey(data.epoch, data.epochKey) },
    { table: 'checkpoints', key: checkpointKey(data) },
  ],
  apply,
  statement,
  epoch: ({ epoch }) => epoch,
  message: none,
  endsWith: none,
}
