/** What anybody can check of a set-up: that its keys are those of these sources, and that the transcript says how they came about. */
import { existsSync, readFileSync } from 'node:fs'
import { zKey } from 'snarkjs'
import { circuits } from '../node/proofs/artifacts.ts'
import { type SetUp, setUpId } from '../node/proofs/set-up-record.ts'
import type { Circuit } from '../protocol/statement.ts'
import { verifyPowers } from './phase-one.ts'
import type { Parts, Progress } from './phase-two.ts'
import { verificationKey } from './release.ts'
import type { Say } from './say.ts'
import { fileKinds, fileOf, hashFile, readSetUp, type Step } from './set-up.ts'

/** What is wrong with released files, as sentences: with the record itself, and with each file that it names by hash. */
export async function faultsOfFiles(folder: string, parts: Parts): Promise<string[]> {
  const setUp = readSetUp(folder)
  const faults: string[] = []
  if (setUpId(setUp) !== setUp.id) faults.push('set-up.json was changed: its id is not the hash of what it names.')
  for (const circuit of circuits) {
    const [compiled, entry] = [parts[circuit], setUp.circuits[circuit]]
    if ((await hashFile(compiled.r1cs, 'sha256')) !== entry.r1cs)
      faults.push(
        `The sources of ${circuit} compile to other constraints than its keys are made for. ` +
          'Undo the change to the sources, or make a new set-up with npm run ceremony; that is another network.',
      )
    if ((await hashFile(compiled.wasm, 'sha256')) !== entry.wasm)
      faults.push(`The sources of ${circuit} compile to another ${circuit}.wasm than was released.`)
    for (const kind of fileKinds) {
      const file = fileOf(folder, circuit, kind)
      if (!existsSync(file)) faults.push(`${file} is missing. Get it again: git checkout`)
      else if ((await hashFile(file, 'sha256')) !== entry[kind])
        faults.push(`${file} is not the one that set-up.json names. Get it again: git checkout`)
    }
  }
  return faults
}

/** What is wrong with the keys of a release, from the powers of tau on. Takes minutes. */
export async function faultsOfKeys(
  folder: string,
  { parts, powers, say }: { parts: Parts; powers: string; say: Say },
): Promise<string[]> {
  const setUp = readSetUp(folder)
  const faults = await faultsOfPowers(setUp, powers, say)
  if (faults.length > 0) return faults
  for (const circuit of circuits) {
    const { r1cs } = parts[circuit]
    const zkey = fileOf(folder, circuit, 'zkey')
    faults.push(...(await faultsOfChain(circuit, { r1cs, powers, zkey, transcript: setUp.transcript, say })))
    if ((await verificationKey(zkey, say.logger)) !== readFileSync(fileOf(folder, circuit, 'vkey'), 'utf8'))
      faults.push(`The verification key of ${circuit} is not the one in its proving key.`)
  }
  return faults
}

/** What is wrong with a ceremony that is under way: its powers, and the last key of each circuit. */
export async function faultsOfProgress(
  { transcript }: Progress,
  { parts, powers, zkeyOf, say }: { parts: Parts; powers: string; zkeyOf: (circuit: Circuit) => string; say: Say },
): Promise<string[]> {
  const first = transcript[0]!
  const faults = await faultsOfPowers({ ptau: first.kind === 'powers' ? first.blake2b : '' }, powers, say)
  if (faults.length > 0) return faults
  for (const circuit of circuits)
    faults.push(
      ...(await faultsOfChain(circuit, { r1cs: parts[circuit].r1cs, powers, zkey: zkeyOf(circuit), transcript, say })),
    )
  return faults
}

async function faultsOfPowers({ ptau }: Pick<SetUp, 'ptau'>, powers: string, say: Say): Promise<string[]> {
  if ((await hashFile(powers, 'blake2b512')) !== ptau)
    return [`${powers} is not the file of powers that this set-up was made from: its BLAKE2b is not ${ptau}.`]
  await verifyPowers(powers, say)
  return []
}

/** A key must follow from constraints and powers by contributions that are, one by one, those of the transcript. */
async function faultsOfChain(
  circuit: Circuit,
  {
    r1cs,
    powers,
    zkey,
    transcript,
    say,
  }: { r1cs: string; powers: string; zkey: string; transcript: readonly Step[]; say: Say },
): Promise<string[]> {
  say.step(`Verifying the key of ${circuit}, and every contribution to it`)
  const follows = await zKey.verifyFromR1cs(r1cs, powers, zkey, say.logger).catch((error: Error) => {
    say.logger.error(error.message)
    return false
  })
  if (!follows)
    return [`The proving key of ${circuit} does not follow from its constraints and contributions: ${say.complaint()}`]
  const found = contributionsIn(say.told())
  const written = transcript.flatMap((step) => (step.kind === 'powers' ? [] : [describe(step, step.hashes[circuit])]))
  if (JSON.stringify(found) === JSON.stringify(written)) return []
  return [`The transcript does not say what is in the proving key of ${circuit}, which has: ${found.join('; ')}`]
}

const describe = (step: Exclude<Step, { kind: 'powers' }>, hash = 'nothing'): string =>
  step.kind === 'beacon' ? `${step.name} ${hash} ${step.value} ${step.iterations}` : `${step.name} ${hash}`

/** snarkjs tells its logger what it found in a key: each contribution, the last one first, and a beacon's number after it. */
function contributionsIn(told: readonly string[]): string[] {
  const found: string[] = []
  for (const message of told) {
    const contribution = /^contribution #\d+ ([^\n]*):\n([0-9a-f\s]+)$/.exec(message)
    if (contribution) found.push(`${contribution[1]} ${contribution[2]!.replace(/\s/g, '')}`)
    const beacon = /^Beacon (?:generator|iterations Exp): (.*)$/.exec(message)
    if (beacon) found[found.length - 1] += ` ${beacon[1]}`
  }
  return found.reverse()
}
