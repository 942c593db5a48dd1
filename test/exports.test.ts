/**
 * What a file exports somebody else uses: the rest is its own affair, or of no use. Types are asked the same, because one
 * that is exported for nobody looks as if somebody relied on it; where it is only inferred elsewhere, it needs no export.
 *
 * Tests are users like others of what a file needs itself too, and of the protocol, which is there for strangers. What in
 * `node`, `cli` or `circuits` tests alone need, and its own file does not, says so in its comment.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { test } from 'tap'
import { readSource } from './kit/source.ts'

const root = join(import.meta.dirname, '..')

/** Texts of files by their paths. */
type Sources = ReadonlyMap<string, string>

/** What one file takes from another; all of its words, where that is not said by names. */
type Use = { readonly user: string; readonly of: string; readonly names: ReadonlySet<string> }

/** Every command is loaded by its row of the table, and called by this name. */
const calledByTable = { folder: 'cli', name: 'configure' }

const sources: Sources = new Map(
  ['protocol', 'node', 'cli', 'circuits', 'test'].flatMap(filesUnder).map((path) => [path, read(path)]),
)

test('exports: each is used by another file', async (t) => {
  t.ok(sources.size > 200, 'there is something to look at')
  t.strictSame(unused(sources).nobody, [], 'remove the export, or what it exports')
})

test('exports: what only tests need says so', async (t) => {
  t.strictSame(unused(sources).testsAlone, [], 'say in its comment that it is for tests, or remove it')
})

test('exports: each way of using one is seen, and one that nobody uses is too', async (t) => {
  const file = '/** A. */\nexport const a = 1\n\n/** B. */\nexport type B = string\n'
  const door = 'export const door = { row: () => import("./file.ts") }'
  // Quotes of the other kind, so that nothing here looks like an import of this file's.
  const seen = (user: string, code: string, text = file) =>
    unused(
      new Map(
        Object.entries({ 'node/x/file.ts': text, 'node/x/door.ts': door, [user]: code }).map(([path, written]) => [
          path,
          written.replaceAll('"', "'"),
        ]),
      ),
    )
  const both = ['node/x/file.ts: a', 'node/x/file.ts: B']
  for (const [text, nobody] of [
    ['const a = 1', both],
    ['// import { a } from "./file.ts"\nconst x = "a"', both],
    ['import { a } from "./other.ts"', both],
    ['import { a } from "./file.ts"', [both[1]]],
    ['import { a as b, type B } from "./file.ts"', []],
    ['import type {\n  B,\n} from "./file.ts"', [both[0]]],
    ['import * as all from "./file.ts"\nall.a', [both[1]]],
    ['import * as all from "./file.ts"\nall.c("a") // a', both],
    ['const { c } = await import("./file.ts")\nc("a")', both],
    ['const { a } = await import("./file.ts")', [both[1]]],
    ['import { door } from "./door.ts"\nconst { a } = await door.row()', [both[1]]],
    ['import { door } from "./door.ts"\nconst { a } = await door.other()', both],
    ['type X = typeof import("./file.ts")["a"]', [both[1]]],
  ] as const) {
    const { nobody: found } = seen('node/x/user.ts', text)
    t.strictSame(
      found.filter((name) => name !== 'node/x/door.ts: door'),
      nobody,
      text,
    )
  }
  const tested = 'import { a, type B } from "../node/x/file.ts"'
  t.strictSame(seen('test/user.ts', tested).testsAlone, both)
  t.strictSame(seen('test/user.ts', tested, `${file}const own: B = a`).testsAlone, [], 'its own file needs it too')
  t.strictSame(seen('test/user.ts', tested, file.replaceAll('. */', ', for tests. */')).testsAlone, [], 'it says so')
})

/** Names of exports that no other file uses, and of those that only tests use where they are not made for tests. */
function unused(files: Sources): { nobody: string[]; testsAlone: string[] } {
  const users = new Map<string, Use[]>()
  for (const use of usesIn(files)) users.set(use.of, [...(users.get(use.of) ?? []), use])
  const [nobody, testsAlone]: [string[], string[]] = [[], []]
  for (const [path, text] of files)
    for (const { name, comment } of exportsIn(text)) {
      if (folderOf(path) === calledByTable.folder && name === calledByTable.name) continue
      const by = (users.get(path) ?? []).filter(({ user, names }) => user !== path && names.has(name))
      const isOwn = [...readSource(text).code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1
      if (by.length === 0) nobody.push(`${path}: ${name}`)
      else if (['node', 'cli', 'circuits'].includes(folderOf(path)) && !isOwn)
        if (by.every(({ user }) => folderOf(user) === 'test') && !/\btests\b/i.test(comment))
          testsAlone.push(`${path}: ${name}`)
    }
  return { nobody, testsAlone }
}

/** Every export of a file, with the comment above it, or above the lines that it stands among. */
function exportsIn(text: string): { name: string; comment: string }[] {
  const found = new Map<string, string>()
  const declared =
    /^export (?:declare )?(?:async )?(?:abstract )?(?:const|function\*?|class|type|interface) (\w+|[[{][^\]}]*)/gm
  for (const { index, 1: names } of text.matchAll(declared)) {
    const [comment = ''] = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/(?:\n[^\n]+)*\n$/.exec(text.slice(0, index)) ?? []
    // A codec and its type share a name, and one line of use.
    for (const [name] of names!.matchAll(/\w+/g)) found.set(name, (found.get(name) ?? '') + comment)
  }
  return [...found].map(([name, comment]) => ({ name, comment }))
}

/** What every file takes from others: by names in braces, and by a door's rows and dynamic imports any of its words. */
function* usesIn(files: Sources): Generator<Use> {
  const rows = new Map<string, string>()
  for (const [path, text] of files)
    if (path.endsWith('/door.ts'))
      for (const [, row, name] of withoutComments(text).matchAll(/(\w+): \(\) => import\('([^']+)'\)/g))
        rows.set(row!, join(dirname(path), name!))
  for (const [user, written] of files) {
    const text = withoutComments(written)
    const target = (name: string) => join(dirname(user), name).split(sep).join('/')
    for (const [, braces, name] of text.matchAll(/\bimport\s+(?:type\s+)?\{([^}]*)\}\s*from\s*'(\.[^']+)'/g))
      yield { user, of: target(name!), names: new Set(braces!.split(',').map(importedName)) }
    if (user.endsWith('/door.ts')) continue
    const words = new Set(readSource(written).code.match(/\w+/g))
    for (const [, star, called] of text.matchAll(/\*\s+as\s+\w+\s+from\s*'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'/g))
      yield { user, of: target((star ?? called)!), names: words }
    for (const [, row] of text.matchAll(/\bdoor\.(\w+)\(/g))
      if (rows.has(row!)) yield { user, of: rows.get(row!)!, names: words }
  }
}

function importedName(clause: string): string {
  return /^\s*(?:type\s+)?(\w*)/.exec(clause)![1]!
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.d)\.(ts|js)$/.test(file) && !/(^|[\\/])(node_modules|build|\.tap)[\\/]/.test(file))
    .map((file) => join(folder, file).split(sep).join('/'))
    .sort()
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function folderOf(path: string): string {
  return path.split('/')[0]!
}

/** Strings are kept as they are, so that a `//` in one is no comment; what imports say stands in strings. */
function withoutComments(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    (part) => (part.startsWith('/') ? ' ' : part),
  )
}
