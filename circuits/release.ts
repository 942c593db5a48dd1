/** From a closed ceremony to what is released: programs, keys and the record of the set-up, in one folder. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { zKey } from 'snarkjs'
import type { SetUp } from '../node/proofs/set-up-record.ts'
import type { Circuit } from '../protocol/statement.ts'
import { circuitFacts } from './compile.ts'
import { type Ceremony, keyFile, progressOf } from './phase-two.ts'
import { fileOf, hashFile, writeSetUp } from './set-up.ts'

/** Write the artifacts of a closed ceremony into a folder. */
export async function release(ceremony: Ceremony, to: string): Promise<SetUp> {
  const { transcript } = await progressOf(ceremony)
  const [powers, last] = [transcript[0]!, transcript.at(-1)!]
  if (powers.kind !== 'powers' || last.kind !== 'beacon')
    throw new Error('The ceremony is not closed. Close it with: beacon')
  mkdirSync(to, { recursive: true })
  const entry = async (circuit: Circuit): Promise<SetUp['circuits'][Circuit]> => {
    const { r1cs, sym, wasm } = ceremony.parts[circuit]
    const key = keyFile(ceremony.folder, circuit, transcript.length - 1)
    copyFileSync(wasm, fileOf(to, circuit, 'wasm'))
    copyFileSync(key, fileOf(to, circuit, 'zkey'))
    writeFileSync(fileOf(to, circuit, 'vkey'), await verificationKey(key, ceremony.say.logger))
    const [r1csHash, wasmHash, zkeyHash, vkeyHash] = await Promise.all(
      [r1cs, wasm, key, fileOf(to, circuit, 'vkey')].map((file) => hashFile(file, 'sha256')),
    )
    return {
      ...circuitFacts(readFileSync(r1cs), readFileSync(sym, 'utf8')),
      r1cs: r1csHash!,
      wasm: wasmHash!,
      zkey: zkeyHash!,
      vkey: vkeyHash!,
    }
  }
  const entries = { pass: await entry('pass'), renew: await entry('renew'), stamp: await entry('stamp') }
  return writeSetUp(to, { circuits: entries, ptau: powers.blake2b, transcript })
}

/** The verification key inside a proving key, as the text of its file. */
export const verificationKey = async (
  zkey: string,
  logger: Parameters<typeof zKey.exportVerificationKey>[1],
): Promise<string> => `${JSON.stringify(await zKey.exportVerificationKey(zkey, logger), null, 1)}\n`
