/** Which way arrows run, and that every one of them can be seen: what a file brings in, in whatever way. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { test } from 'tap'
import { type Reading, readSource } from './kit/source.ts'

const root = join(import.meta.dirname, '..')

/** From where each folder may import; tests import everything. Of circuits, nodes have the artifacts and nobody the sources. */
const arrows: Readonly<Record<string, readonly RegExp[]>> = {
  protocol: [],
  node: [/^protocol\//],
  cli: [/^node\//, /^protocol\//],
  circuits: [/^node\/proofs\/(artifacts|set-up-record)\.ts$/, /^protocol\//],
  test: [/^(protocol|node|cli|circuits)\//],
}

/** What is no TypeScript in the folders with code, and why it is there. */
const otherFiles: readonly RegExp[] = [
  /^cli\/bmail\.js$/, // older Nodes start it, which cannot strip types
  /^node\/api\/openapi\.json$/, // made by `npm run openapi`
  /^node\/evm\/Custody\.(sol|json)$/, // what a chain executes, and what `npm run contract` makes of it
  /^protocol\/(README|prices)\.md$/,
  /^circuits\/(README\.md|main\/|lib\/|artifacts\/|build\/|[\w-]+\.circom$)/,
]

/** Files that name modules in a way that cannot be read, each with what it brings in. */
const unclear: Readonly<Record<string, readonly string[]>> = {
  'cli/simulate.ts': ['import(href'], // the attack that its caller names
  'circuits/compile.ts': ["require('circom2/package.json'", 'createRequire', 'cli.js'],
}

/** What the package has inside, or does without until somebody installs it: it is installed with a checkout alone. */
const notInstalled: Readonly<Record<string, string>> = {
  'node/proofs/make-proof.ts': 'snarkjs', // .ci/package.ts puts it into the child that proves
  'node/simulation/report.ts': 'echarts', // `bmail simulate --out` says so where it is missing
}

type Source = Reading & { readonly path: string }

const files = Object.keys(arrows).flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path).split(sep).join('/'))
    .filter((path) => !/(^|\/)(node_modules|circuits\/build|\.tap)(\/|$)/.test(path)),
)
const sources: readonly Source[] = files
  .filter((path) => /\.[cm]?[jt]s$/.test(path))
  .map((path) => ({ path, ...readSource(readFileSync(join(root, path), 'utf8')) }))

test('imports: arrows run from cli to node to protocol', async (t) => {
  t.ok(sources.flatMap(({ modules }) => modules).length > 1_000, 'there is something to look at')
  const wrong = sources.flatMap(({ path, modules, urls }) =>
    modules
      .filter((name) => name.startsWith('.'))
      .map((name) => ({ name, target: targetOf(path, name) }))
      .filter(({ target }) => folderOf(target) !== folderOf(path))
      // A file that is read is no import; a program that is started is one.
      .filter(({ name, target }) => !(urls.includes(name) && !/\.[cm]?[jt]s$/.test(target)))
      .filter(({ target }) => !arrows[folderOf(path)]!.some((allowed) => allowed.test(target)))
      .map(({ target }) => `${path} → ${target}`),
  )
  t.strictSame(wrong, [])
})

test('imports: each names a file of ours by its whole name, a part of Node, or a package that package.json has', async (t) => {
  const { dependencies, devDependencies, imports, exports } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  t.strictSame([imports, exports], [undefined, undefined], 'and there are no other names for our files')
  const wrong = sources.flatMap(({ path, modules, urls }) =>
    modules
      .filter((name) => !urls.includes(name))
      .filter((name) => {
        if (name.startsWith('.')) return !files.includes(targetOf(path, name))
        if (isBuiltin(name)) return !name.startsWith('node:')
        const [, wanted] = /^((?:@[^/]+\/)?[^/]+)/.exec(name) ?? []
        const isDevelopers = /^(circuits|test)\//.test(path) || notInstalled[path] === wanted
        return !(wanted! in dependencies || (isDevelopers && wanted! in devDependencies))
      })
      .map((name) => `${path} → ${name}`),
  )
  t.strictSame(wrong, [])
})

test('imports: all that a file brings in can be seen by reading it', async (t) => {
  const found = sources
    .filter(({ path, unclear }) => folderOf(path) !== 'test' && unclear.length > 0)
    .map(({ path, unclear }) => [path, unclear])
  t.strictSame(Object.fromEntries(found), unclear)
})

test('imports: code is TypeScript in files of its own', async (t) => {
  const here = realpathSync(root)
  t.strictSame(
    files.filter((path) => realpathSync(join(root, path)) !== join(here, path)),
    [],
    'nothing is a link',
  )
  t.strictSame(
    files
      .filter((path) => folderOf(path) !== 'test' && statSync(join(root, path)).isFile() && !path.endsWith('.ts'))
      .filter((path) => !otherFiles.some((allowed) => allowed.test(path))),
    [],
  )
})

test('imports: every way of bringing something in is seen', async (t) => {
  for (const text of [
    "import { a } from '../x.ts'",
    "import type { A } from '../x.ts'",
    'import { a } from "../x.ts"',
    "import{a}from'../x.ts'",
    "import '../x.ts'",
    "import all, * as other from '../x.ts'",
    "export * from '../x.ts'",
    "export type { A } from '../x.ts'",
    "const a = await import('../x.ts')",
    'const a = await import(`../x.ts`)',
    'const a = `#{(await import("../x.ts")).a}`',
    "const a = import(/* why */ '../x.ts', { with: {} })",
    "type A = typeof import('../x.ts')",
    "new Worker(new URL('../x.ts', import.meta.url))",
    "const a = /'/.test(b); import '../x.ts'",
  ])
    t.strictSame(read(text), { ...read(text), modules: ['../x.ts'], unclear: [] }, text)
  for (const text of [
    "// import '../x.ts'",
    "/* import '../x.ts' */",
    'const a = "import \'../x.js\'"',
    "const a = b.from('../x')",
    'const a = `import #{b}`',
  ])
    t.strictSame(read(text).modules, [], text)
  for (const text of [
    'import(name)',
    'import(`../#{room}/x.ts`)',
    "import('../x' + '.ts')",
    'const require = createRequire(import.meta.url)',
    "require('../x.cjs')",
    "new Worker('./node/x.ts')",
    "fork(join(import.meta.dirname, '../x.ts'))",
    "fork(import.meta.dirname + '/../x.js')",
    'new URL(name, import.meta.url)',
    "import.meta.resolve('../x')",
    "import a = require('../x.cjs')",
    '/// <reference path="../x.d.ts" />',
  ])
    t.not(read(text).unclear.length, 0, text)
})

test('imports: code is told from what stands in strings, templates and comments', async (t) => {
  for (const [text, code] of [
    ["a('Date') // Date", "a('')  "],
    ['`Date #{Date.now()} Date`', '`#{Date.now()}`'],
    ['`a #{{ b: `c #{d}` }.b} e` + f', '`#{{ b: `#{d}` }.b}` + f'],
    ["globalThis['Date']", "globalThis['Date']"],
    ["/'/.test(a) ? Date : b / c / 'd'", "/ /.test(a) ? Date : b / c / ''"],
    ["'it\\'s' + Date", "'' + Date"],
  ] as const)
    t.equal(read(text).code, code.replaceAll('#{', '${'), text)
})

/** Read a sample, in which `#{` stands for what opens a calculation in a template. */
function read(sample: string): Reading {
  return readSource(sample.replaceAll('#{', '${'))
}

function targetOf(path: string, name: string): string {
  return relative(root, join(root, dirname(path), name))
    .split(sep)
    .join('/')
}

function folderOf(path: string): string {
  return path.split('/')[0]!
}
