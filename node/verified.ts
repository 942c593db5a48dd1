/** Signatures and proofs that were found good: what was verified in gossip is not verified again in its batch. */
import { type Signed, verifySignature } from '../protocol/signature.ts'
import type { Statement } from '../protocol/statement.ts'
import type { Proofs } from './seams.ts'

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

/** Looks up what was found of each statement, for an `apply` that cannot wait. What was not looked at is not believed. */
export async function provenIn(
  proofs: Pick<Proofs, 'verify'>,
  statements: readonly Statement[],
): Promise<(statement: Statement) => boolean> {
  if (statements.length === 0) return believesNone
  const answers = await proofs.verify(statements)
  const holds = new Set(statements.filter((_, at) => answers[at]).map(nameOf))
  return (statement) => holds.has(nameOf(statement))
}

/** Where no proofs are looked at. */
export const believesNone = (): boolean => false

const nameOf = ({ circuit, signals, proof }: Statement): string => `${circuit} ${signals.join(' ')} ${text(proof)}`
