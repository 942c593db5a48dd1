/** Makes `samples.json` beside the keys of a set-up: a proof of each circuit, by which a node finds out that it can verify. `npm run samples -- [FOLDER]`, once the keys are there. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex } from '@noble/hashes/utils.js'
import { artifactsFolder, circuits, loadArtifacts } from '../../node/proofs/artifacts.ts'
import { checkProofs, loadSamples } from '../../node/proofs/proof-check.ts'
import { createProver } from '../../node/proofs/prover.ts'
import { createProofVerifier } from '../../node/proofs/verify.ts'
import { provable } from './statements.ts'

const folder = process.argv[2] ?? artifactsFolder
const artifacts = loadArtifacts({ folder })
const verifier = createProofVerifier({ artifacts })
const prover = createProver({ artifacts, verifier })
const samples: Record<string, { readonly signals: readonly string[]; readonly proof: string }> = {}
for (const circuit of circuits) {
  const { inputs, signals } = provable[circuit](0)
  const proof = await prover.prove({ circuit, inputs })
  samples[circuit] = { signals: signals.map(String), proof: bytesToHex(proof) }
}
writeFileSync(join(folder, 'samples.json'), `${JSON.stringify(samples, null, 2)}\n`)
await checkProofs(verifier, loadSamples(folder))
await verifier.close()
