/**
 * `npm run vectors -- --mutate`: whether the vectors miss any change that would make another network. Each small change of
 * `mutations.ts`, `arithmetic.ts` and `checks.ts` is made alone, in a copy of what the check needs, and the check runs on it in a child.
 */
import { spawn } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import * as arithmetic from './arithmetic.ts'
import * as checks from './checks.ts'
import { equivalents } from './equivalents.ts'
import * as bytes from './mutations.ts'
import type { Mutation } from './mutations.ts'
import { type Source, sourceOf } from './scan.ts'

const root = join(import.meta.dirname, '../..')
/** A child that the processor works on for so long is lost in a loop, and so it is noticed: what is right takes two or three. */
const secondsMax = 20
/** How many changes there are from one report to the next. */
const betweenReports = 20

/** Every kind of change, and how it is found. */
const kinds = {
  fields: bytes.fields,
  tags: bytes.tags,
  arguments: bytes.args,
  numbers: bytes.numbers,
  widths: bytes.widths,
  bounds: bytes.bounds,
  orders: bytes.orders,
  rounding: arithmetic.rounding,
  comparisons: arithmetic.comparisons,
  ones: arithmetic.ones,
  constants: arithmetic.constants,
  refusals: checks.refusals,
  precedence: checks.precedence,
} satisfies Record<string, (sources: readonly Source[]) => Mutation[]>

/** Every change of the specification, by its kind. */
export function mutations(): Readonly<Record<keyof typeof kinds, readonly Mutation[]>> {
  const paths = globSync('protocol/**/*.ts', { cwd: root }).sort()
  const sources = paths.map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')))
  return Object.fromEntries(Object.entries(kinds).map(([kind, find]) => [kind, find(sources)])) as never
}

/** So many of every kind, one as far from the next as can be; all that are named as equivalent left out. */
export const sampleOf = (ofEach: number): readonly Mutation[] =>
  Object.values(mutations()).flatMap((list) => {
    const open = list.filter((mutation) => reasonOf(mutation) === undefined)
    return Array.from({ length: ofEach }, (_, at) => open[Math.floor(((2 * at + 1) * open.length) / (2 * ofEach))]!)
  })

/** Try all of them, and tell how it goes. A sentence for each that was not noticed, and for each that is named wrongly. */
export async function mutate(): Promise<string[]> {
  const all = Object.values(mutations()).flat()
  const unnoticed = await survivorsOf(all)
  const named = all.filter((mutation) => reasonOf(mutation) !== undefined)
  const survivors = unnoticed.filter((mutation) => !named.includes(mutation))
  const tried = all.length - named.length
  console.log(`${tried} mutations, ${tried - survivors.length} caught, ${named.length} equivalent and named`)
  return [
    ...survivors.map((mutation) => `not noticed: ${nameOf(mutation)}`),
    ...named
      .filter((mutation) => !unnoticed.includes(mutation))
      .map((mutation) => `named as equivalent, and noticed: ${nameOf(mutation)}`),
    ...equivalents
      .filter((known) => !all.some((mutation) => isNamed(known, mutation)))
      .map(({ path, line, change }) => `named as equivalent, and not there: ${path}: ${line}: ${change}`),
  ]
}

/** Which of some changes the check does not notice. */
export async function survivorsOf(
  tried: readonly Mutation[],
  tell: (sentence: string) => void = console.error,
): Promise<readonly Mutation[]> {
  const survivors: Mutation[] = []
  const queue = tried.entries()
  const work = async (): Promise<void> => {
    const copy = mkdtempSync(join(tmpdir(), 'bmail-vectors-'))
    try {
      copyTo(copy)
      if ((await check(copy)) !== 0) throw new Error('the check notices something where nothing was changed')
      for (const [index, mutation] of queue) {
        if (!(await isCaught(copy, mutation))) survivors.push(mutation)
        if ((index + 1) % betweenReports === 0)
          tell(`${index + 1} of ${tried.length} mutations, ${survivors.length} not noticed`)
      }
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4, tried.length) }, work))
  return tried.filter((mutation) => survivors.includes(mutation))
}

/** Change a copy, run the check on it, and change it back. */
async function isCaught(copy: string, { edits }: Mutation): Promise<boolean> {
  const before = new Map(edits.map(({ path }) => [path, readFileSync(join(copy, path), 'utf8')]))
  for (const [path, text] of before) {
    const own = edits.filter((edit) => edit.path === path).sort((a, b) => b.start - a.start)
    writeFileSync(
      join(copy, path),
      own.reduce((changed, edit) => changed.slice(0, edit.start) + edit.text + changed.slice(edit.end), text),
    )
  }
  const code = await check(copy)
  for (const [path, text] of before) writeFileSync(join(copy, path), text)
  return code !== 0
}

/** The check up to its first difference: the code that it ends with, or null where it had to be ended. */
function check(copy: string): Promise<number | null> {
  const limited = `ulimit -t ${secondsMax}; exec "$@"`
  const child = spawn('sh', ['-c', limited, 'sh', process.execPath, 'test/vectors/main.ts', '--first'], {
    cwd: copy,
    env: { ...process.env, NODE_COMPILE_CACHE: join(copy, 'compiled') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (/\bSyntaxError\b/.test(said)) reject(new Error(`a change makes no program: ${said}`))
      else resolve(code)
    })
  })
}

/** Copy what the check needs into a folder: the specification, the vectors, and whatever they import. */
export function copyTo(copy: string): void {
  const needed = new Set<string>()
  const add = (path: string): void => {
    if (needed.has(path)) return
    needed.add(path)
    for (const [, name] of readFileSync(join(root, path), 'utf8').matchAll(/\b(?:from |import\()'(\.[^']+\.ts)'/g))
      add(relative(root, join(root, dirname(path), name!)))
  }
  add('test/vectors/main.ts')
  for (const path of ['package.json', ...globSync('test/vectors/*.json', { cwd: root }), ...needed]) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    cpSync(join(root, path), join(copy, path))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}

/** What a change is called. */
export const nameOf = ({ kind, path, line, change }: Mutation): string => `${kind}: ${path}: ${line}: ${change}`
const isNamed = (known: (typeof equivalents)[number], { path, line, change }: Mutation): boolean =>
  known.path === path && line.includes(known.line) && known.change === change
const reasonOf = (mutation: Mutation): string | undefined =>
  equivalents.find((known) => isNamed(known, mutation))?.reason
