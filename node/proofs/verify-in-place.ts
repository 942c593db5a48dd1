/** Verification on the thread of whoever asks, for what must run from a seed. */
import { type Artifacts, keyFilesOf } from './artifacts.ts'
import { startCurve } from './curve.ts'
import { readKeys, verifyEach } from './groth16.ts'
import type { Random } from '../seams.ts'
import { gatherProofs, type ProofLimits, type ProofVerifier } from './verify.ts'

/** A verifier without a thread, for tests that run from a seed. Whoever can foresee `random` can fool it, so a seed is for simulations only. */
export async function createProofVerifierInPlace({
  artifacts,
  random,
  limits,
}: {
  artifacts: Artifacts
  random: Random
  limits?: Partial<ProofLimits>
}): Promise<ProofVerifier> {
  await startCurve()
  const keys = readKeys(keyFilesOf(artifacts))
  const engine = {
    verifyEach: async (statements: Parameters<typeof verifyEach>[1]) => verifyEach(keys, statements, random),
    close: async () => {},
    restarts: 0,
  }
  return gatherProofs(engine, { artifacts, limits })
}
