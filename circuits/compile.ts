/**
 * From the Circom sources to constraints (`r1cs`), the names of signals (`sym`) and the program that computes witnesses
 * (`wasm`). The compiler sees nothing but a folder with our sources and circomlib's, so that what it makes is the same
 * on every machine.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Circuit } from '../protocol/statement.ts'

/** What compiling one circuit leaves: paths of files. */
export type Compiled = { readonly r1cs: string; readonly sym: string; readonly wasm: string }

/** Where compiled circuits are kept; not in git. */
export const buildFolder = join(import.meta.dirname, 'build')

/**
 * How constraints are simplified. `released` is what keys are made for. It does away with linear constraints, and the old
 * heuristics do it with other signals: as many constraints, but 40 % fewer numbers in them, and proving keys a third
 * smaller. `written` leaves every constraint and every signal as the source has it, by which tests name them.
 */
const simplifications = { released: ['--O2', '--use_old_simplification_heuristics'], written: ['--O0'] } as const

/** The text of a source, given its path among the sources (`renew.circom`, `circomlib/circuits/bitify.circom`). */
export type Edit = (path: string, text: string) => string

/**
 * Compile one circuit, or find it compiled: the folder is named by a hash over all sources and flags. `edit` changes
 * sources before they are compiled (tests do that, to make witnesses that no honest person would).
 */
export async function compile(
  circuit: Circuit,
  {
    simplified = 'released',
    edit = (_path, text) => text,
  }: { simplified?: keyof typeof simplifications; edit?: Edit } = {},
): Promise<Compiled> {
  const flags = ['--r1cs', '--sym', '--wasm', ...simplifications[simplified]]
  const sources = readSources(edit)
  const hash = createHash('sha256').update(JSON.stringify([compilerVersion, flags, sources]))
  const folder = join(buildFolder, `${circuit}-${hash.digest('hex').slice(0, 16)}`)
  if (!existsSync(folder)) await compileInto(folder, circuit, { flags, sources })
  return { r1cs: join(folder, 'r1cs'), sym: join(folder, 'sym'), wasm: join(folder, 'wasm') }
}

const require = createRequire(import.meta.url)
const compilerVersion: string = require('circom2/package.json').version
const library = join(dirname(require.resolve('circomlib/package.json')), 'circuits')

function readSources(edit: Edit): [path: string, text: string][] {
  const ours = ['', 'main/'].flatMap((folder) => circomFiles(join(import.meta.dirname, folder), folder))
  return [...ours, ...circomFiles(library, 'circomlib/circuits/')].map(([path, text]) => [path, edit(path, text)])
}

const circomFiles = (folder: string, prefix: string): [path: string, text: string][] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.circom'))
    .sort()
    .map((name) => [`${prefix}${name}`, readFileSync(join(folder, name), 'utf8')])

/** The result appears under its name only when it is whole, so that two that compile at once do not disturb each other. */
async function compileInto(
  folder: string,
  circuit: Circuit,
  { flags, sources }: { flags: readonly string[]; sources: readonly [path: string, text: string][] },
): Promise<void> {
  mkdirSync(buildFolder, { recursive: true })
  const stage = mkdtempSync(join(buildFolder, 'stage-'))
  try {
    for (const [path, text] of sources) {
      mkdirSync(dirname(join(stage, path)), { recursive: true })
      writeFileSync(join(stage, path), text)
    }
    const compiler = join(dirname(require.resolve('circom2/package.json')), 'cli.js')
    await promisify(execFile)(process.execPath, [compiler, `main/${circuit}.circom`, ...flags, '-l', '.'], {
      cwd: stage,
    })
    const made = join(stage, 'made')
    mkdirSync(made)
    renameSync(join(stage, `${circuit}.r1cs`), join(made, 'r1cs'))
    renameSync(join(stage, `${circuit}.sym`), join(made, 'sym'))
    renameSync(join(stage, `${circuit}_js`, `${circuit}.wasm`), join(made, 'wasm'))
    renameSync(made, folder)
  } catch (cause) {
    // Somebody else who compiled the same was first.
    if (existsSync(folder)) return
    throw new Error(`The compiler refused circuits/main/${circuit}.circom.`, { cause })
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** How many constraints an r1cs file has, and the names of its public signals in their order, by the compiler's list of names. */
export function circuitFacts(r1cs: Buffer, sym: string): { constraints: number; publics: string[] } {
  // The header is the section of type 1: 4 bytes of size, the modulus, then counts.
  let at = 12
  while (r1cs.readUInt32LE(at) !== 1) at += 12 + Number(r1cs.readBigUInt64LE(at + 4))
  const counts = at + 16 + r1cs.readUInt32LE(at + 12)
  const publicCount = r1cs.readUInt32LE(counts + 4) + r1cs.readUInt32LE(counts + 8)
  const publics = sym
    .split('\n', publicCount)
    .map((line) => line.split(','))
    .map(([, wire, , name], index) => {
      if (Number(wire) !== index + 1 || !name) throw new Error('The compiler names public signals in another order.')
      return name.replace(/^main\./, '')
    })
  return { constraints: r1cs.readUInt32LE(counts + 24), publics }
}
