/** Verifies the samples and leaves the verifier open: a process that must end all the same. */
import { loadArtifacts } from '../node/artifacts.ts'
import { checkProofs } from '../node/proof-check.ts'
import { createProofVerifier } from '../node/verify.ts'

await checkProofs(createProofVerifier({ artifacts: loadArtifacts() }))
console.log('verified')
