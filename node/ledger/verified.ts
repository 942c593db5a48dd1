/** Signatures and proofs that were found good: what was verified in gossip is not verified again in its batch. */
import type { Context } from '../../protocol/context.ts'
import { type Opening, openBatch, statementOf } from '../../protocol/ledger.ts'
import { type Signed, verifySignature } from '../../protocol/signature.ts'
import { createDraft, type View } from '../../protocol/state.ts'
import type { Statement } from '../../protocol/statement.ts'
import { carriesProof, type Op } from '../../protocol/wire.ts'
import type { Proofs } from '../seams.ts'

const rememberedMax = 50_000

/** A verifier with a memory. Only good ones are remembered, so what it says is what `verifySignature` says. */
export function createVerifier(): (signed: Signed) => boolean {
  const good = new Set<string>()
  return (signed) => {
    const name = [signed.digest, signed.signature, signed.key].map(text).join('')
    if (good.has(name)) return true
    if (!verifySignature(signed)) return false
    good.add(name)
    // A set lists its members in the order in which they were added.
    if (good.size > rememberedMax) for (const oldest of good) return good.delete(oldest)
    return true
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

/**
 * The context in which a batch's proofs were looked at: beforehand and together, because `apply` never waits. What was not
 * looked at is not believed. The view is that of the batch.
 */
export async function provenWithin(
  proofs: Pick<Proofs, 'verify'>,
  batch: {
    readonly view: View
    readonly context: Context
    readonly opening: Opening
    readonly ops: readonly { readonly op: Op | undefined }[]
  },
): Promise<Context> {
  const { view, context, opening, ops } = batch
  if (!ops.some(({ op }) => op && carriesProof(op.action))) return { ...context, verifyProof: believesNone }
  const draft = createDraft(view)
  openBatch(draft, context, opening)
  const statements = ops.flatMap(({ op }) => (op && statementOf(draft, context, op)) ?? [])
  const answers = await proofs.verify(statements)
  const holds = new Set(statements.filter((_, at) => answers[at]).map(nameOf))
  return { ...context, verifyProof: (statement) => holds.has(nameOf(statement)) }
}

/** Where no proofs are looked at. */
export const believesNone = (): boolean => false

const nameOf = ({ circuit, signals, proof }: Statement): string => `${circuit} ${signals.join(' ')} ${text(proof)}`
