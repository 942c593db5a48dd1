/** Proofs as a daemon has them: verified and built on threads, made in child processes, by the set-up that the rules name. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Rules } from '../../protocol/rules.ts'
import { artifactsFolder, folderOf, loadArtifacts } from './artifacts.ts'
import { checkProofs, loadSamples } from './proof-check.ts'
import { createProver } from './prover.ts'
import type { Proofs } from '../seams.ts'
import { openVerdictTrees } from './verdict-thread.ts'
import { createProofVerifier, type ProofStats } from './verify.ts'

export type OpenProofs = Proofs & {
  /** Find out that a true proof is believed and a wrong one is not. Throws ArtifactsError where it is otherwise. */
  check(): Promise<void>
  readonly stats: ProofStats
  close(): Promise<void>
}

/**
 * Open what the proofs of a network need; no thread starts before there is work for it. Set-ups other than the program's
 * own are in the folder `setUps`. Throws ArtifactsError.
 */
export function openProofs({ identity }: Pick<Rules, 'identity'>, { setUps }: { setUps?: string } = {}): OpenProofs {
  const setUp = bytesToHex(identity.setUp)
  const folder = setUps === undefined ? artifactsFolder : folderOf({ setUp, setUps })
  const artifacts = loadArtifacts({ folder, setUp })
  const verifier = createProofVerifier({ artifacts })
  const prover = createProver({ artifacts, verifier })
  const trees = openVerdictTrees()
  return {
    verify: (statements) => verifier.verify(statements),
    verdictRoot: async (gathered) => (await trees.build(gathered, [])).root,
    verdictRows: async (gathered, keys) => (await trees.build(gathered, keys)).shown,
    prove: (circuit, inputs, { signal }) => prover.prove({ circuit, inputs }, { signal }),
    check: async () => checkProofs(verifier, loadSamples(folder)),
    get stats() {
      return verifier.stats
    },
    async close() {
      await verifier.close()
      await trees.close()
    },
  }
}
