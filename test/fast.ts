/**
 * `npm run test:fast`: the tests for the working day. Left out is what runs programs, and what compiles, calculates or
 * proves with the circuits, as the imports of a test show; and what lives long, which a test says itself in a first line
 * that begins with `// Slow:`. So a new test is in, or out by what it does. What is left out is told first, and why.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readSource } from './kit/source.ts'

const root = join(import.meta.dirname, '..')

/** Modules that make slow whoever brings them in, and how. */
const slowWith: readonly (readonly [why: string, module: RegExp])[] = [
  ['it runs programs', /^node:child_process$/],
  ['it compiles circuits', /^circuits\/compile\.ts$/],
  ['it calculates with circuits', /^test\/circuits\/calculator\.ts$/],
  ['it works on proofs', /^snarkjs$|^node\/proofs\/(prover|verify)\.ts$/],
]

/** Why a test is left out; undefined where it is not. */
function slowness(path: string): string | undefined {
  const [, said] = /^\/\/ Slow: (.*?)\.?\n/.exec(readFileSync(join(root, path), 'utf8')) ?? []
  const modules = [...reached(path)]
  return said ?? slowWith.find(([, module]) => modules.some((name) => module.test(name)))?.[0]
}

/** All that a file of `test` brings in, in whatever way, itself or through others of `test`: files by their paths from here, packages by name. */
function reached(path: string, known = new Set<string>()): Set<string> {
  if (known.has(path)) return known
  known.add(path)
  if (!/^test\/.*\.[jt]s$/.test(path)) return known
  for (const name of readSource(readFileSync(join(root, path), 'utf8')).modules)
    reached(name.startsWith('.') ? relative(root, join(root, dirname(path), name)) : name, known)
  return known
}

const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => join('test', path))
  .sort()
const slow = Map.groupBy(tests, slowness)
const fast = slow.get(undefined) ?? []
slow.delete(undefined)
for (const [why, paths] of slow) console.log(`left out, because ${why}: ${paths.join(', ')}`)
const { status } = spawnSync('tap', ['run', ...fast], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
