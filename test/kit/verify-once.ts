/** Verifies the samples and leaves the verifier open: a process that must end all the same. */
import { loadArtifacts } from '../../node/proofs/artifacts.ts'
import { checkProofs, loadSamples } from '../../node/proofs/proof-check.ts'
import { createProofVerifier } from '../../node/proofs/verify.ts'

await checkProofs(createProofVerifier({ artifacts: loadArtifacts() }), loadSamples())
console.log('verified')
