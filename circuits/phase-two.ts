/**
 * The second phase of a set-up: proving keys of each circuit, handed from one contributor to the next in a folder. Each
 * mixes in a secret and forgets it; one honest one is enough. A beacon that nobody could choose closes it.
 *
 * The folder holds `transcript.json`, the powers of tau, and after each step n the keys `<circuit>.<n>.zkey`. Whatever is
 * interrupted goes on where it stopped: a file gets its name when it is whole, and the transcript says what is done.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zKey } from 'snarkjs'
import { circuits } from '../node/proofs/artifacts.ts'
import { plainName } from '../node/proofs/set-up-record.ts'
import type { Circuit } from '../protocol/statement.ts'
import type { Compiled } from './compile.ts'
import { powersFile } from './phase-one.ts'
import { publishedLines } from './published.ts'
import type { Say } from './say.ts'
import { hashFile, type Hashes, type Step } from './set-up.ts'
import { refuseTorn } from './torn.ts'

/** What a set-up is made for. */
export type Parts = Readonly<Record<Circuit, Compiled>>

/** What `transcript.json` holds. `r1cs` are SHA-256; the last step may still lack some circuits. */
export type Progress = { readonly r1cs: Hashes; readonly transcript: readonly Step[] }

export type Ceremony = { readonly folder: string; readonly parts: Parts; readonly say: Say }

/** Begin: the keys that everybody can compute from the powers, which step 1 is made from. */
export async function begin({ folder, parts, say }: Ceremony, powers: () => Promise<Step>): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const written = readProgress(folder)
  const transcript = written?.transcript ?? [await powers()]
  if (transcript.length > 1) throw new Error(`The ceremony in ${folder} has begun already. Go on with: contribute`)
  const r1cs: Partial<Record<Circuit, string>> = {}
  for (const circuit of circuits) r1cs[circuit] = await hashFile(parts[circuit].r1cs, 'sha256')
  writeProgress(folder, { r1cs, transcript })
  for (const circuit of circuits) {
    const key = keyFile(folder, circuit, 0)
    if (existsSync(key)) continue
    say.step(`Making the first key of ${circuit}; nothing in it is secret yet`)
    await whole(key, async (part) => {
      if ((await zKey.newZKey(parts[circuit].r1cs, powersFile(folder), part, say.logger)) === -1)
        throw new Error(`The powers of tau do not serve ${circuit}: ${say.complaint()}`)
    })
  }
}

/** What somebody does to the keys: mix in randomness of this machine and what they typed, or a public number. */
type Deed =
  | { readonly kind: 'contribution'; readonly name: string; readonly entropy: string }
  | { readonly kind: 'beacon'; readonly name: string; readonly value: string; readonly iterations: number }

/** Do the next step, or finish the same one that was interrupted. Gives the hashes to publish. */
export async function doStep(ceremony: Ceremony, deed: Deed): Promise<Hashes> {
  const { folder, say } = ceremony
  const progress = await progressOf(ceremony)
  const last = progress.transcript.at(-1)!
  const isSame = last.kind !== 'powers' && JSON.stringify(stepOf(deed, last.hashes)) === JSON.stringify(last)
  const isOpen = last.kind !== 'powers' && circuits.some((circuit) => !last.hashes[circuit])
  if (isSame && last.kind === 'beacon' && !isOpen) return last.hashes
  if (!isOpen || !isSame) refuse(deed, { transcript: progress.transcript, isInterrupted: isOpen })

  const done = isOpen ? progress.transcript.slice(0, -1) : progress.transcript
  let hashes: Hashes = isOpen ? last.hashes : {}
  for (const circuit of circuits) {
    if (hashes[circuit]) continue
    say.step(`${deed.kind === 'beacon' ? 'Closing' : 'Contributing to'} the key of ${circuit}`)
    const from = keyFile(folder, circuit, done.length - 1)
    if (!existsSync(from)) throw new Error(`${from} is missing. Get the folder again, whole, from whoever gave it.`)
    const hash = await whole(keyFile(folder, circuit, done.length), (part) => apply(from, part, deed, say))
    hashes = { ...hashes, [circuit]: Buffer.from(hash).toString('hex') }
    writeProgress(folder, { ...progress, transcript: [...done, stepOf(deed, hashes)] })
  }
  return hashes
}

/** Throw a sentence where it is not the time for a deed. */
function refuse(
  deed: Deed,
  { transcript, isInterrupted }: { transcript: readonly Step[]; isInterrupted: boolean },
): void {
  const last = transcript.at(-1)!
  if (isInterrupted) throw new Error(interruptedText(last))
  if (last.kind === 'beacon' && deed.kind === 'contribution')
    throw new Error('The ceremony is closed: nothing can be added after its beacon.')
  if (last.kind !== 'beacon') refuseName(deed.name, transcript)
  if (deed.kind === 'contribution') return
  if (last.kind === 'beacon') throw new Error('The ceremony is closed, by another beacon.')
  const { value, iterations } = deed
  if (!/^([0-9a-f]{2}){16,255}$/.test(value) || !(Number.isInteger(iterations) && iterations >= 10 && iterations < 64))
    throw new Error('A beacon is 16 to 255 bytes in hexadecimal, hashed 2^10 to 2^63 times.')
  if (!transcript.some(({ kind }) => kind === 'contribution'))
    throw new Error('Nobody has contributed, and a beacon is no secret. Contribute first.')
}

/** The sentence about a step that lacks some circuits. */
export const interruptedText = (step: Step): string =>
  step.kind === 'powers'
    ? ''
    : `The ${step.kind} of ${step.name} was interrupted. Run it again as it was, and it goes on.`

/** snarkjs keeps so much of a name, and everybody must find the whole of it in the keys. */
const nameMax = 64

/** Throw a sentence where a name could not stand in the lines that people publish, or stands there already. */
function refuseName(name: string, transcript: readonly Step[]): void {
  const isPlain = name === name.trim().replaceAll(/\s+/g, ' ') && !/\p{C}/u.test(name) && !name.startsWith('#')
  if (!isPlain || name === '' || name.length > nameMax)
    throw new Error(
      `A name has 1 to ${nameMax} characters, is one line without blanks around it, and does not begin with #: it stands in the lines that are published.`,
    )
  for (const [at, step] of transcript.entries())
    if (step.kind !== 'powers' && plainName(step.name) === plainName(name))
      throw new Error(
        `${step.name} has contributed already, in step ${at}. If that was you, it is done, and you publish:\n` +
          `${publishedLines(step.name, step.hashes).join('\n')}\nIf you are somebody else, take another name.`,
      )
}

/** How far a ceremony is. Throws where it has not begun, or was begun for other constraints. */
export async function progressOf({ folder, parts }: Ceremony): Promise<Progress> {
  const progress = readProgress(folder)
  if (!progress) throw new Error(`No ceremony has begun in ${folder}. Begin one with: new`)
  for (const circuit of circuits)
    if (progress.r1cs[circuit] !== (await hashFile(parts[circuit].r1cs, 'sha256')))
      throw new Error(`The ceremony in ${folder} is for other constraints of ${circuit} than these sources have.`)
  return progress
}

/** The keys after a step; step 0 are those that begin it. */
export const keyFile = (folder: string, circuit: Circuit, step: number): string =>
  join(folder, `${circuit}.${step}.zkey`)

async function apply(from: string, to: string, deed: Deed, { logger, complaint }: Say): Promise<Uint8Array> {
  if (deed.kind === 'contribution') return zKey.contribute(from, to, deed.name, deed.entropy, logger)
  const hash = await zKey.beacon(from, to, deed.name, deed.value, deed.iterations, logger)
  if (hash === false) throw new Error(`The beacon is refused: ${complaint()}`)
  return hash
}

const stepOf = (deed: Deed, hashes: Hashes): Step =>
  deed.kind === 'contribution'
    ? { kind: deed.kind, name: deed.name, hashes }
    : { kind: deed.kind, name: deed.name, value: deed.value, iterations: deed.iterations, hashes }

const progressFile = (folder: string): string => join(folder, 'transcript.json')

/** How far a ceremony was when it was written down last; nothing where it has not begun. Throws where that cannot be read. */
export function readProgress(folder: string): Progress | undefined {
  const path = progressFile(folder)
  if (!existsSync(path)) return undefined
  try {
    const progress: Progress = JSON.parse(readFileSync(path, 'utf8'))
    if (progress.transcript[0]!.kind !== 'powers') throw new Error('it does not begin with powers of tau')
    return progress
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${(cause as Error).message}. Get the folder again from whoever gave it.`, {
      cause,
    })
  }
}

function writeProgress(folder: string, progress: Progress): void {
  writeFileSync(`${progressFile(folder)}.part`, `${JSON.stringify(progress, null, 2)}\n`)
  renameSync(`${progressFile(folder)}.part`, progressFile(folder))
}

/** Make a file under another name, and give it its own when it is whole. */
async function whole<T>(path: string, make: (part: string) => Promise<T>): Promise<T> {
  const made = await make(`${path}.part`)
  refuseTorn(`${path}.part`)
  renameSync(`${path}.part`, path)
  return made
}
