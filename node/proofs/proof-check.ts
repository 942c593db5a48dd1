/**
 * A check at the start that this node can tell a true proof from a false one. `samples.json`, beside the keys, has one true
 * statement of each circuit with its proof, made together with the keys.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexToBytes } from '@noble/hashes/utils.js'
import type { Statement } from '../../protocol/statement.ts'
import { ArtifactsError, artifactsFolder, circuits, restoreOf } from './artifacts.ts'
import type { ProofVerifier } from './verify.ts'

/** The samples, one a circuit. Throws ArtifactsError where they cannot be read. */
export function loadSamples(folder = artifactsFolder): Statement[] {
  const path = join(folder, 'samples.json')
  try {
    const samples = JSON.parse(readFileSync(path, 'utf8'))
    return circuits.map((circuit) => ({
      circuit,
      signals: samples[circuit].signals.map(BigInt),
      proof: hexToBytes(samples[circuit].proof),
    }))
  } catch (cause) {
    throw new ArtifactsError(`${path} cannot be read. ${restoreOf(folder)}`, { cause })
  }
}

/** Verify each sample, and that it does not show anything else. Throws ArtifactsError where either goes wrong. */
export async function checkProofs(
  verifier: Pick<ProofVerifier, 'verify'>,
  samples: readonly Statement[],
): Promise<void> {
  const others = samples.map((sample) => ({ ...sample, signals: [...sample.signals.slice(0, -1), 1n] }))
  const answers = await verifier.verify([...samples, ...others])
  for (const [at, { circuit }] of samples.entries()) {
    if (!answers[at])
      throw new ArtifactsError(`The sample proof of ${circuit} does not hold under this program's keys.`)
    if (answers[samples.length + at]) throw new ArtifactsError(`A wrong proof of ${circuit} was believed.`)
  }
}
