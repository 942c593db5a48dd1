/**
 * `npm run circuits`: compile the circuits, say how large they are, and hold what is committed in `circuits/artifacts` against
 * the sources. Compiling needs nothing but this repository and its packages, and comes to the same bytes everywhere.
 */
import { readFileSync } from 'node:fs'
import { artifactsFolder, circuits } from '../node/proofs/artifacts.ts'
import { worthOf } from '../node/proofs/set-up-record.ts'
import { circuitFacts, compile } from './compile.ts'
import { hashFile, readSetUp } from './set-up.ts'
import { faultsOfFiles } from './verify-set-up.ts'

/** At 2^15 constraints the time of a proof doubles. */
const constraintsMax = 2 ** 15

const parts = { pass: await compile('pass'), renew: await compile('renew'), stamp: await compile('stamp') }
for (const circuit of circuits) {
  const compiled = parts[circuit]
  const { constraints, publics } = circuitFacts(readFileSync(compiled.r1cs), readFileSync(compiled.sym, 'utf8'))
  console.log(
    `${circuit.padEnd(5)}  ${String(constraints).padStart(6)} constraints of at most ${constraintsMax - 1}; ` +
      `r1cs ${await hashFile(compiled.r1cs, 'sha256')}\n       public: ${publics.join(', ')}`,
  )
  if (constraints >= constraintsMax) throw new Error(`${circuit} is too large: a proof would take twice as long.`)
}

const faults = await faultsOfFiles(artifactsFolder, parts)
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
else {
  const { id, transcript } = readSetUp(artifactsFolder)
  console.log(`The committed artifacts are of these sources. Set-up ${id}: ${worthOf(transcript).text}.`)
}
