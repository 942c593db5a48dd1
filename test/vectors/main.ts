/**
 * `npm run vectors`: whether this program makes the very bytes that are committed in `*.json`. `-- --write` writes what is
 * new, and what is other only under a raised version; `-- --mutate` shows that changes of bytes are caught.
 */
import assert from 'node:assert'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wireVersion } from '../../protocol/version.ts'
import { files, made } from './make/files.ts'
import type { Json } from './make/plain.ts'
import { mutate } from './mutate.ts'

/** Differences that are named one by one. */
const shownMax = 5

const { values } = parseArgs({ options: { write: { type: 'boolean' }, mutate: { type: 'boolean' } } })
const problems = values.mutate ? await mutate() : values.write ? write() : check()
if (problems.length > 0) {
  for (const problem of problems) console.error(problem)
  process.exitCode = 1
}

/** Compare what is made with what is committed; a sentence for every value that differs. */
function check(): string[] {
  const problems: string[] = []
  let count = 0
  for (const name of Object.keys(files)) {
    const { same, added, changed } = compare(name)
    count += same
    problems.push(...changed, ...added)
  }
  console.log(`${count} values as committed, in ${Object.keys(files).length} files of version ${wireVersion}.`)
  if (problems.length === 0) return []
  return [
    ...firstOf(problems),
    'New vectors are written by `npm run vectors -- --write`. Where bytes should change, raise `wireVersion` in protocol/version.ts first.',
  ]
}

/** Write the files. What is committed stays as it is while the version does. */
function write(): string[] {
  const kept: string[] = []
  for (const name of Object.keys(files)) {
    const { changed } = compare(name)
    if (changed.length > 0 && versionOf(read(name)) === wireVersion) kept.push(...changed)
    else writeFileSync(pathOf(name), `${JSON.stringify(made(name), null, 1)}\n`)
  }
  if (kept.length === 0) return []
  return [
    ...firstOf(kept),
    `These files are left as they are: what is committed for version ${wireVersion} does not change. Raise \`wireVersion\` in protocol/version.ts.`,
  ]
}

/** What of a file is as committed, and a sentence for each value that is not. */
function compare(name: string): { same: number; added: string[]; changed: string[] } {
  const was = leavesOf(read(name))
  const is = leavesOf(made(name))
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
