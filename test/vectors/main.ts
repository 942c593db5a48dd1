/**
 * `npm run vectors`: whether this program makes the very bytes that are committed in `*.json`. `--mutate` asks so with `--first`
 * for each change that it makes.
 */
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { flagsOf } from '../../cli/flags.ts'
import { wireVersion } from '../../protocol/version.ts'
import { files, made } from './make/files.ts'
import { type Json, Unexampled } from './make/plain.ts'

/** What stands in the changelog until somebody says it; the style test refuses it. */
const unsaid = 'Say here what is other in it.'
/** Differences that are named one by one. */
const shownMax = 5
/** The files that take longest to make. */
const slow = ['network', 'gossip', 'batches', 'refused', 'ledger', 'trees']

const help = `npm run vectors -- [OPTIONS]

  --write    write what is new, and what is other only under a raised version
  --raise    raise the version of the wire, and write
  --mutate   show that changes of bytes are caught
  --first    compare, and end at the first file that differs

Without any, compare what this program makes with what is committed. Ends with 1 where something differs.`

const { values } = flagsOf(help, {
  options: {
    write: { type: 'boolean' },
    raise: { type: 'boolean' },
    mutate: { type: 'boolean' },
    first: { type: 'boolean' },
  },
})
const problems = await asked().catch((error: unknown) => {
  if (error instanceof Unexampled) return [`${error.message}.`]
  throw error
})
if (problems.length > 0) {
  for (const problem of problems) console.error(problem)
  process.exitCode = 1
}

/** What was asked for; a sentence for everything that is not as it should be. */
async function asked(): Promise<string[]> {
  if (values.mutate) return (await import('./mutate.ts')).mutate()
  if (values.first) return first()
  if (values.raise) return raise()
  return values.write ? write() : check()
}

/** Compare what is made with what is committed; a sentence for every value that differs. */
async function check(): Promise<string[]> {
  const problems: string[] = []
  let count = 0
  for (const name of Object.keys(files)) {
    const { same, added, changed } = await compare(name)
    count += same
    problems.push(...changed, ...added)
  }
  console.log(`${count} values as committed, in ${Object.keys(files).length} files of version ${wireVersion}.`)
  if (problems.length === 0) return []
  return [
    ...firstOf(problems),
    'New vectors are written by `npm run vectors -- --write`. Where bytes should change, `npm run vectors -- --raise`.',
  ]
}

/** The differences of the first file that has any, the quick ones first. */
async function first(): Promise<string[]> {
  const names = [...Object.keys(files).filter((name) => !slow.includes(name)), ...slow]
  for (const name of names) {
    const { added, changed } = await compare(name)
    if (added.length + changed.length > 0) return firstOf([...changed, ...added])
  }
  return []
}

/** Write the files, all or none. What is committed stays as it is while the version does. */
async function write(): Promise<string[]> {
  const names = Object.keys(files)
  const kept: string[] = []
  for (const name of names) if (versionOf(read(name)) === wireVersion) kept.push(...(await compare(name)).changed)
  if (kept.length > 0)
    return [
      ...firstOf(kept),
      `Nothing was written: what is committed for version ${wireVersion} does not change. Where it should, \`npm run vectors -- --raise\`.`,
    ]
  for (const name of names) writeFileSync(pathOf(name), `${JSON.stringify(await made(name), null, 1)}\n`)
  return []
}

/**
 * Raise the version by one wherever it stands, and write the files of it: by a child, because this program is of the
 * version before. What is other in it is to be said in the changelog.
 */
function raise(): string[] {
  const next = wireVersion + 1
  edit('protocol/version.ts', /(?<=wireVersion = )\d+/, String(next))
  edit('protocol/README.md', /(?<=\| wireVersion \| )\d+/, String(next))
  edit('CHANGELOG.md', /(?<=## Unreleased\n\n)/, `### Wire ${next}\n\n- ${unsaid}\n\n`)
  for (const words of [[import.meta.filename, '--write'], [join(import.meta.dirname, 'make/letter.ts')]])
    if (spawnSync(process.execPath, words, { stdio: 'inherit' }).status !== 0)
      return ['The version was raised, and the vectors could not be made under it.']
  console.log(`The wire is of version ${next} now. Say in CHANGELOG.md what is other in it.`)
  return []
}

function edit(file: string, pattern: RegExp, by: string): void {
  const path = join(import.meta.dirname, '../..', file)
  const text = readFileSync(path, 'utf8')
  assert.match(text, pattern, `${file} has a place for the version`)
  writeFileSync(path, text.replace(pattern, by))
}

/** What of a file is as committed, and a sentence for each value that is not. */
async function compare(name: string): Promise<{ same: number; added: string[]; changed: string[] }> {
  const was = leavesOf(read(name))
  const is = leavesOf(await made(name))
  const added = [...is.keys()].filter((path) => !was.has(path)).map((path) => `${name}.json: ${path} is new`)
  const changed = [...was]
    .filter(([path, value]) => is.get(path) !== value)
    .map(([path, value]) => `${name}.json: ${path} is ${short(is.get(path))}, and was ${short(value)}`)
  return { same: was.size - changed.length, added, changed }
}

function firstOf(differences: readonly string[]): string[] {
  const left = differences.length - shownMax
  return left > 0 ? [...differences.slice(0, shownMax), `and ${left} more`] : [...differences]
}

/** Every value under its path; what has a name is found by it, so that another beside it is no change. */
function leavesOf(value: Json, path = '', into = new Map<string, Json>()): Map<string, Json> {
  if (Array.isArray(value)) {
    const isNames = value.length > 0 && value.every(isNamed)
    if (!isNames) into.set(`${path}.length`, value.length)
    else assert.equal(new Set(value.map(({ name }) => name)).size, value.length, `names in ${path} are used once`)
    for (const [index, item] of value.entries()) leavesOf(item, `${path}[${isNamed(item) ? item.name : index}]`, into)
  } else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value)) leavesOf(item, path ? `${path}.${name}` : name, into)
  else into.set(path, value)
  return into
}

function isNamed(value: Json): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && typeof (value as { name?: Json }).name === 'string'
}

/** A committed file; without any values where there is none yet. */
function read(name: string): Json {
  return existsSync(pathOf(name)) ? (JSON.parse(readFileSync(pathOf(name), 'utf8')) as Json) : {}
}

function versionOf(committed: Json): Json | undefined {
  return (committed as { readonly wire?: Json }).wire
}

function pathOf(name: string): string {
  return join(import.meta.dirname, `${name}.json`)
}

function short(value: Json | undefined): string {
  const text = String(value)
  return text.length > 48 ? `${text.slice(0, 40)}… (${text.length} characters)` : text
}
