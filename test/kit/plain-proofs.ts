/** Proofs for tests that need none: a proof is good where it is `goodProof`, and verdict trees are built in place. */
import type { Proofs } from '../../node/seams.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { proofBytes } from '../../protocol/statement.ts'
import { verdictTree } from '../../protocol/verdict-tree.ts'

/** What tests take for a proof that holds; no other does. */
export const goodProof = new Uint8Array(proofBytes).fill(1)

export const plainProofs: Proofs = {
  verify: async (statements) => statements.map(({ proof }) => equalBytes(proof, goodProof)),
  verdictRoot: async (gathered) => verdictTree(gathered).root,
  verdictRows: async (gathered, keys) => keys.map(verdictTree(gathered).show),
  prove: async () => goodProof,
}
