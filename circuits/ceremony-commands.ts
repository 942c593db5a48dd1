/** What `npm run ceremony` does: one command at a time, in a folder that goes from one contributor to the next. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { artifactsFolder, circuits } from '../node/proofs/artifacts.ts'
import { publishedPowers, worthOf } from '../node/proofs/set-up-record.ts'
import type { Circuit } from '../protocol/statement.ts'
import { buildFolder, circuitFacts } from './compile.ts'
import { faultsOfPublished, publishedLines } from './published.ts'
import { madeHere, makePowers, powersFile, refuseOtherPower, takePowers } from './phase-one.ts'
import {
  begin,
  type Ceremony,
  doStep,
  interruptedText,
  keyFile,
  type Parts,
  progressOf,
  readProgress,
} from './phase-two.ts'
import { release } from './release.ts'
import type { Say } from './say.ts'
import { type Hashes, readSetUp, type Step } from './set-up.ts'
import { faultsOfFiles, faultsOfKeys, faultsOfProgress } from './verify-set-up.ts'

const help = `npm run ceremony -- COMMAND [OPTIONS]

  new --ptau FILE                    begin, from a public file of powers of tau: its name says which BLAKE2b it must have,
                                     for ${Object.keys(publishedPowers).join(' and ')};
                                     for another (2^15 or more, prepared for phase 2) give --blake2b HEX as it was
                                     published, asked for in two places, and tell with --origin TEXT where it comes from
  new --power 15                     begin, from powers made here: for development, since they have one contributor
  contribute --name NAME             mix in a secret of this machine, and --entropy TEXT if you like; then forget it
  beacon --name NAME --value HEX     close with a number that nobody could know when it was announced,
                                     such as the hash of a block to come; writes the keys to --out
  verify [--ptau FILE]               check a ceremony that is under way, or else the released keys;
                                     for those, the powers are needed again to check more than hashes.
                                     --expect FILE holds what people published against the transcript:
                                     lines of NAME CIRCUIT HASH, as contribute and beacon print them

  --folder FOLDER       of the ceremony; circuits/build/ceremony otherwise, and then
  --out FOLDER          of the released keys is circuits/artifacts where it is not given
  --iterations N        the beacon is hashed 2^N times; 10 otherwise

Whatever is interrupted goes on when it is run again.`

const options = {
  folder: { type: 'string' },
  out: { type: 'string' },
  ptau: { type: 'string' },
  blake2b: { type: 'string' },
  origin: { type: 'string' },
  power: { type: 'string' },
  name: { type: 'string' },
  entropy: { type: 'string', default: '' },
  value: { type: 'string' },
  iterations: { type: 'string', default: '10' },
  expect: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

const parsed = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options })
type Values = ReturnType<typeof parsed>['values']

/** Where a command does its work. `parts` are the compiled circuits, which it asks for only when it needs them. */
type Place = { readonly parts: () => Promise<Parts>; readonly say: Say; readonly print: (text: string) => void }

/** Run one command by its words. Throws a sentence where it cannot be done; false where there is no such command. */
export async function runCeremony(args: readonly string[], { parts, say, print }: Place): Promise<boolean> {
  const { positionals, values } = parsed(args)
  const command = commands[positionals[0] ?? '']
  if (!command || values.help) {
    print(help)
    return values.help
  }
  await command({ folder: values.folder ?? ownFolder, parts: await parts(), say }, values, print)
  return true
}

/** Where the program's own set-up is made. */
const ownFolder = join(buildFolder, 'ceremony')

/** Where the keys of a ceremony go: those of the program's own where they belong, and all others only where it is said. */
const outOf = ({ folder, out }: Values): string => out ?? (folder === undefined ? artifactsFolder : given(out, '--out'))

type Run = (ceremony: Ceremony, values: Values, print: (text: string) => void) => Promise<void>

const commands: Readonly<Record<string, Run>> = {
  async new(ceremony, { ptau, blake2b, origin, power }) {
    const { folder, say } = ceremony
    if ((ptau === undefined) === (power === undefined)) throw new Error('Give one of --ptau FILE and --power N.')
    const begun = readProgress(folder)?.transcript[0]
    if (ptau === undefined) {
      const size = powerOf(power!, ceremony.parts)
      if (begun?.kind === 'powers' && begun.origin !== madeHere) throw new Error(otherPowers(folder, begun.origin))
      if (begun) refuseOtherPower(powersFile(folder), size)
      await begin(ceremony, () => makePowers(folder, { power: size, say }))
    } else {
      const wanted = whichPowers(ptau, { blake2b, origin })
      if (begun?.kind === 'powers' && begun.blake2b !== wanted.blake2b.toLowerCase())
        throw new Error(otherPowers(folder, begun.origin))
      await begin(ceremony, () => takePowers(folder, { file: ptau, ...wanted, say }))
    }
    say.step(`Begun in ${folder}. Give the folder to the first contributor.`)
  },
  async contribute(ceremony, values, print) {
    const name = given(values.name, '--name')
    publish(await doStep(ceremony, { kind: 'contribution', name, entropy: `${values.entropy}.` }), { name, print })
  },
  async beacon(ceremony, values, print) {
    const [name, value] = [given(values.name, '--name'), given(values.value, '--value').toLowerCase()]
    const out = outOf(values)
    const deed = { kind: 'beacon', name, value, iterations: Number(values.iterations) } as const
    publish(await doStep(ceremony, deed), { name, print })
    const { id, transcript } = await release(ceremony, out)
    ceremony.say.step(`Closed. Set-up ${id}: ${worthOf(transcript).text}.\nKeys are in ${out}.`)
  },
  async verify(ceremony, values, print) {
    const { folder, parts, say } = ceremony
    const { expect } = values
    const progress = readProgress(folder) && (await progressOf(ceremony))
    if (!progress && values.folder !== undefined)
      throw new Error(`No ceremony has begun in ${folder}: is it another folder?`)
    const powers = values.ptau ?? (existsSync(powersFile(folder)) ? powersFile(folder) : undefined)
    const last = progress?.transcript.at(-1)
    if (last && last.kind !== 'powers' && circuits.some((circuit) => !last.hashes[circuit]))
      throw new Error(interruptedText(last))
    const isOpen = progress && last?.kind !== 'beacon'
    const transcript = isOpen ? progress.transcript : readSetUp(outOf(values)).transcript
    const faults = expect === undefined ? [] : faultsOfPublished(transcript, listIn(expect), expect)
    if (isOpen) {
      const zkeyOf = (circuit: Circuit) => keyFile(folder, circuit, transcript.length - 1)
      faults.push(...(await faultsOfProgress(progress, { parts, powers: given(powers, '--ptau'), zkeyOf, say })))
    } else {
      const out = outOf(values)
      if (values.folder !== undefined && JSON.stringify(progress!.transcript) !== JSON.stringify(transcript))
        faults.push(`The keys in ${out} are of another ceremony than the one in ${folder}.`)
      faults.push(...(await faultsOfFiles(out, parts)))
      if (powers) faults.push(...(await faultsOfKeys(out, { parts, powers, say })))
      if (faults.length === 0) say.step(`Set-up ${readSetUp(out).id}: ${worthOf(transcript).text}.`)
    }
    if (faults.length > 0) throw new Error(faults.join('\n'))
    if (expect) say.step(`The transcript has just the contributions that ${expect} lists.`)
    if (powers) say.step('Everything follows: sources, powers, contributions, keys.')
    else say.step('Files are as the record says. Give --ptau FILE to check that the keys follow from the powers.')
    for (const line of toJudge(transcript)) print(line)
  },
}

/** What no file can say of a transcript, and who verifies has to find out. */
function toJudge(transcript: readonly Step[]): string[] {
  const names = transcript.flatMap((step) => (step.kind === 'contribution' ? [step.name] : []))
  const beacon = transcript.find((step) => step.kind === 'beacon')
  const people =
    names.length === 0
      ? 'Nobody has contributed yet.'
      : `Contributed, by their own words: ${names.join(', ')}. Ask them; that they are so many people no file can say.`
  if (beacon?.kind !== 'beacon') return [people]
  const { name, value, iterations } = beacon
  return [
    people,
    `Closed with ${name}: ${value}, hashed 2^${iterations} times. See that this is that number, and that it was announced before anybody could know it.`,
  ]
}

const otherPowers = (folder: string, origin: string): string =>
  `The ceremony in ${folder} has begun with other powers of tau (${origin}). Name another --folder.`

/** The largest number of powers that snarkjs knows. */
const powerMax = 28

/** How many powers to make, as a power of two: as many as the largest circuit needs, or more. */
function powerOf(text: string, parts: Parts): number {
  const needed = Math.max(
    ...circuits.map((circuit) => {
      const { r1cs, sym } = parts[circuit]
      const { constraints, publics } = circuitFacts(readFileSync(r1cs), readFileSync(sym, 'utf8'))
      return Math.floor(Math.log2(constraints + publics.length)) + 1
    }),
  )
  const power = Number(text)
  if (Number.isInteger(power) && power >= needed && power <= powerMax) return power
  throw new Error(
    `--power is a whole number from ${needed}, which these circuits need, to ${powerMax}. Each more doubles the time.`,
  )
}

function listIn(path: string): string {
  if (!existsSync(path)) throw new Error(`There is no ${path}. Put the lines into it that contributors published.`)
  return readFileSync(path, 'utf8')
}

/** Which BLAKE2b a file of powers must have: the one that is published for its name, or the one that is given. */
function whichPowers(
  file: string,
  { blake2b, origin }: { readonly blake2b: string | undefined; readonly origin: string | undefined },
): { blake2b: string; origin: string } {
  const name = basename(file)
  const published = publishedPowers[name]
  if (published === undefined && blake2b === undefined)
    throw new Error(
      `No BLAKE2b is known for a file called ${name}, only for ${Object.keys(publishedPowers).join(' and ')}. ` +
        'Give the one that was published for it: --blake2b HEX.',
    )
  if (published !== undefined && blake2b !== undefined && blake2b.toLowerCase() !== published)
    throw new Error(`The BLAKE2b that you gave is not the one that was published for ${name}: ${published}.`)
  return { blake2b: published ?? blake2b!, origin: origin ?? (published ? name : 'given by its BLAKE2b') }
}

function given(value: string | undefined, option: string): string {
  if (!value) throw new Error(`Give ${option}; --help says what it is.`)
  return value
}

function publish(hashes: Hashes, { name, print }: { name: string; print: (text: string) => void }): void {
  print('Publish these lines where the others find them, so that nobody can take your step out again:')
  for (const line of publishedLines(name, hashes)) print(line)
}
