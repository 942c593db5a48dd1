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
import type { Compiled } from './compile.ts'
import { powersFile } from './phase-one.ts'
import type { Say } from './say.ts'
import { hashFile, type Hashes, type Step } from './set-up.ts'

/** What a set-up is made for. */
export type Parts = { readonly [circuit: string]: Compiled }

/** What `transcript.json` holds. `r1cs` are SHA-256; the last step may still lack some circuits. */
export type Progress = { readonly r1cs: Hashes; readonly transcript: readonly Step[] }

export type Ceremony = { readonly folder: string; readonly parts: Parts; readonly say: Say }

/** Begin: the keys that everybody can compute from the powers, which step 1 is made from. */
export async function begin({ folder, parts, say }: Ceremony, powers: () => Promise<Step>): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const written = readProgress(folder)
  const transcript = written?.transcript ?? [await powers()]
  if (transcript.length > 1) throw new Error(`The ceremony in ${folder} has begun already. Go on with: contribute`)
  const r1cs: Record<string, string> = {}
  for (const [circuit, compiled] of Object.entries(parts)) r1cs[circuit] = await hashFile(compiled.r1cs, 'sha256')
  writeProgress(folder, { r1cs, transcript })
  for (const [circuit, compiled] of Object.entries(parts)) {
    const key = keyFile(folder, circuit, 0)
    if (existsSync(key)) continue
    say.step(`Making the first key of ${circuit}; nothing in it is secret yet`)
    await whole(key, async (part) => {
      if ((await zKey.newZKey(compiled.r1cs, powersFile(folder), part, say.logger)) === -1)
        throw new Error(`The powers of tau do not serve ${circuit}: ${say.complaint()}`)
    })
  }
}

/** What somebody does to the keys: mix in randomness of this machine and what they typed, or a public number. */
export type Deed =
  | { readonly kind: 'contribution'; readonly name: string; readonly entropy: string }
  | { readonly kind: 'beacon'; readonly name: string; readonly value: string; readonly iterations: number }

/** Do the next step, or finish the same one that was interrupted. Gives the hashes to publish. */
export async function doStep({ folder, parts, say }: Ceremony, deed: Deed): Promise<Hashes> {
  const progress = await progressOf({ folder, parts, say })
  const { transcript } = progress
  const circuits = Object.keys(parts)
  const last = transcript.at(-1)!
  const isOpen = last.kind !== 'powers' && circuits.some((circuit) => !last.hashes[circuit])
  if (isOpen && (last.kind !== deed.kind || last.name !== deed.name))
    throw new Error(`The ${last.kind} of ${last.name} was interrupted. Run it again with that name, and it goes on.`)
  if (!isOpen && last.kind === 'beacon')
    throw new Error('The ceremony is closed: nothing can be added after its beacon.')
  if (
    deed.kind === 'beacon' &&
    (!/^([0-9a-f]{2}){16,255}$/.test(deed.value) || !(deed.iterations >= 10 && deed.iterations < 64))
  )
    throw new Error('A beacon is 16 to 255 bytes in hexadecimal, hashed 2^10 to 2^63 times.')
  if (deed.kind === 'beacon' && !transcript.some(({ kind }) => kind === 'contribution'))
    throw new Error('Nobody has contributed, and a beacon is no secret. Contribute first.')

  const done = isOpen ? transcript.slice(0, -1) : transcript
  let hashes: Hashes = isOpen ? last.hashes : {}
  for (const circuit of circuits) {
    if (hashes[circuit]) continue
    say.step(`${deed.kind === 'beacon' ? 'Closing' : 'Contributing to'} the key of ${circuit}`)
    const from = keyFile(folder, circuit, done.length - 1)
    const hash = await whole(keyFile(folder, circuit, done.length), (part) => apply(from, part, deed, say))
    hashes = { ...hashes, [circuit]: Buffer.from(hash).toString('hex') }
    writeProgress(folder, { ...progress, transcript: [...done, stepOf(deed, hashes)] })
  }
  return hashes
}

/** How far a ceremony is. Throws where it has not begun, or was begun for other constraints. */
export async function progressOf({ folder, parts }: Ceremony): Promise<Progress> {
  const progress = readProgress(folder)
  if (!progress) throw new Error(`No ceremony has begun in ${folder}. Begin one with: new`)
  for (const [circuit, { r1cs }] of Object.entries(parts))
    if (progress.r1cs[circuit] !== (await hashFile(r1cs, 'sha256')))
      throw new Error(`The ceremony in ${folder} is for other constraints of ${circuit} than these sources have.`)
  return progress
}

/** The keys after a step; step 0 are those that begin it. */
export const keyFile = (folder: string, circuit: string, step: number): string =>
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

const readProgress = (folder: string): Progress | undefined =>
  existsSync(progressFile(folder)) ? JSON.parse(readFileSync(progressFile(folder), 'utf8')) : undefined

function writeProgress(folder: string, progress: Progress): void {
  writeFileSync(`${progressFile(folder)}.part`, `${JSON.stringify(progress, null, 2)}\n`)
  renameSync(`${progressFile(folder)}.part`, progressFile(folder))
}

/** Make a file under another name, and give it its own when it is whole. */
async function whole<T>(path: string, make: (part: string) => Promise<T>): Promise<T> {
  const made = await make(`${path}.part`)
  renameSync(`${path}.part`, path)
  return made
}
