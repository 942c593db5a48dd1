/** What a reader relies on without looking: who does what alone, the shapes that there are, and that words are honest. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { test } from 'tap'
import { wireVersion } from '../protocol/version.ts'
import { type Reading, readSource } from './kit/source.ts'

const root = join(import.meta.dirname, '..')
/** The folders of the code, and what makes the package of it. */
const folders = ['protocol', 'node', 'cli', 'circuits', 'test', '.ci']

type Source = Reading & { readonly path: string; readonly text: string; readonly imports: readonly string[] }

const sources = folders.flatMap(filesUnder).map(read)
const typescript = sources.filter(({ path }) => path.endsWith('.ts'))
const protocol = typescript.filter(({ path }) => folderOf(path) === 'protocol')

test('style: there is something to look at', async (t) => {
  for (const folder of ['protocol', 'node', 'test'])
    t.ok(typescript.filter(({ path }) => folderOf(path) === folder).length > 10, folder)
  t.ok(typescript.flatMap(({ imports }) => imports).length > 100, 'imports are found')
})

test('style: no operation is asked for by its name where a row of the table answers', async (t) => {
  t.strictSame(
    typescript.filter(({ path, code }) => folderOf(path) !== 'test' && /\bswitch\b/.test(code)).map(({ path }) => path),
    [],
    'a switch has a default that somebody forgets',
  )
  const named = protocol.filter(({ code }) => /\.TAG\b/.test(code)).map(({ path }) => path)
  t.strictSame(named, [], 'the protocol knows operations by their rows')
})

test('style: foreign bytes become an operation in the doorway alone', async (t) => {
  const named = (path: string): boolean =>
    /\b(?:Signed(?:Op|Part)|readMoney)\b/.test(typescript.find((file) => file.path === path)!.code)
  t.strictSame(
    protocol.map(({ path }) => path).filter(named),
    ['protocol/doorway.ts', 'protocol/money.ts', 'protocol/wire.ts'],
    'in the protocol',
  )
  // Elsewhere it reads back what came through the doorway and was kept on this node's own disk.
  const others = typescript.filter(({ path }) => ['node', 'cli', 'circuits'].includes(folderOf(path)))
  t.strictSame(
    others.filter(({ code }) => /\bdecodeStrict\(\s*Signed(?:Op|Part)\b/.test(code)).map(({ path }) => path),
    [],
    'nobody else reads one strictly, as foreign bytes are read',
  )
  const whereForeignBytesArrive = /^node\/(peers|envelopes|network|ledger|api|letter|seal|proofs)\//
  t.strictSame(
    others.map(({ path }) => path).filter((path) => whereForeignBytesArrive.test(path) && named(path)),
    [],
    'and where foreign bytes arrive nobody reads one at all',
  )
})

test('style: gossipsub is handled in one file, and those that stand beside it', async (t) => {
  const users = typescript.filter(
    ({ path, imports }) =>
      folderOf(path) !== 'test' && imports.some((name) => name.startsWith('@chainsafe/libp2p-gossipsub')),
  )
  t.strictSame(
    users.map(({ path }) => path),
    ['gossip-repairs', 'gossip-settings', 'gossip-watch', 'gossipsub'].map((name) => `node/network/${name}.ts`),
  )
})

test('style: the map names files that there are', async (t) => {
  const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const isThere = (name: string): boolean =>
    sources.some(({ path }) => path === name || path.endsWith(`/${name}`)) || existsSync(join(root, name))
  const named = [...map.matchAll(/`([\w./-]+\.(?:ts|md|py))`/g)].map(([, name]) => name!)
  t.ok(named.length > 50)
  t.strictSame(
    named.filter((name) => !isThere(name)),
    [],
  )
  const [tests] = /^## Tests$[\s\S]*?^## /m.exec(map)!
  const rows = [...tests.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!),
  )
  t.ok(rows.length > 20)
  t.strictSame(
    rows.filter((name) => !isThere(`${name}.test.ts`) && !existsSync(join(root, 'test', name))),
    [],
    'tests, too',
  )
})

const shapes: Readonly<Record<string, RegExp>> = {
  'a default export': /\bexport\s+default\b|\bas\s+default\b/,
  'an enum': /^\s*(export\s+)?(declare\s+)?(const\s+)?enum\s/m,
  'a namespace': /^\s*(export\s+)?(declare\s+)?namespace\s/m,
  'the type that switches types off': /(?<![.\w])an[y]\b(?!\w|\()/,
  'a barrel': /\bexport\s+(type\s+)?\*/,
  'an export that does not stand with what it exports, or that can change': /\bexport\s+(?:(?:type\s+)?\{|let\b|var\b)/,
  'a parameter property': /\bconstructor\([^)]*\b(private|public|protected|readonly)\s/,
}

test('style: none of the shapes that we do without', async (t) => {
  for (const [what, pattern] of Object.entries(shapes))
    t.strictSame(
      typescript.filter(({ code }) => pattern.test(code)).map(({ path }) => path),
      [],
      what,
    )
})

test('style: no file is a drawer for odds and ends, and none is too long to read', async (t) => {
  const drawers = /^(utils?|helpers?|common|misc|shared|lib|index)\.ts$/
  t.strictSame(
    typescript.filter(({ path }) => drawers.test(basename(path))).map(({ path }) => path),
    [],
  )
  t.strictSame(
    // A page has tables of many short rows.
    sources
      .filter(({ path, text }) => text.split('\n').length > (path.endsWith('.md') ? 541 : 401))
      .map(({ path }) => path),
    [],
  )
})

test('style: no promises in place of work', async (t) => {
  // Put together here, so that this file does not hold them itself.
  const words = [
    ['TO', 'DO'],
    ['FIX', 'ME'],
    ['XX', 'X'],
    ['HA', 'CK'],
    ['place', 'holder'],
    ['not ', 'implemented'],
    ['lorem ', 'ipsum'],
    ['ts-', 'ignore'],
    ['ts-', 'nocheck'],
  ]
  const pattern = new RegExp(words.map((parts) => `\\b${parts.join('')}\\b`).join('|'), 'i')
  t.strictSame(
    sources.filter(({ text }) => pattern.test(text)).map(({ path, text }) => `${path}: ${pattern.exec(text)}`),
    [],
  )
})

test('style: no path of anybody’s machine', async (t) => {
  const pattern = /['"`](?:file:\/\/)?\/(home|root|work|Users|tmp)\//
  t.strictSame(
    sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path),
    [],
  )
})

test('style: every file begins by saying what it is', async (t) => {
  t.strictSame(
    typescript.filter(({ path, text }) => folderOf(path) !== 'test' && !text.startsWith('/**')).map(({ path }) => path),
    [],
  )
})

test('style: the changelog says what is other in this wire', async (t) => {
  const log = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  t.match(log, new RegExp(`^### Wire ${wireVersion}$`, 'm'))
  t.notMatch(log, /Say here what/)
})

test('style: every circuit begins with prose', async (t) => {
  const circom = sources.filter(({ path }) => path.endsWith('.circom') && folderOf(path) === 'circuits')
  t.ok(circom.length > 8)
  t.strictSame(
    circom.filter(({ text }) => !text.startsWith('// ')).map(({ path }) => path),
    [],
  )
})

test('style: everything that the protocol exports says what it is', async (t) => {
  t.strictSame(
    protocol.flatMap(({ path, text }) => undocumented(text).map((name) => `${path}: ${name}`)),
    [],
  )
})

/** Exports without a docstring above them, or above the lines that they stand among, or on a value of the same name. */
function undocumented(text: string): string[] {
  const documented = new Set<string>()
  const missing = new Set<string>()
  for (const paragraph of text.split(/\n\s*\n/)) {
    const lines = paragraph.split('\n')
    for (const [index, line] of lines.entries()) {
      const name = /^export (?:async )?(?:const|function\*?|class|type|interface) (\w+)/.exec(line)?.[1]
      if (!name) continue
      if (lines.slice(0, index).some((above) => above.endsWith('*/'))) documented.add(name)
      else missing.add(name)
    }
  }
  return [...missing].filter((name) => !documented.has(name))
}

function filesUnder(folder: string): string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|md|sh|yaml|circom)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !/(^|\/)(node_modules|circuits\/build)\//.test(file))
    .sort()
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const reading = readSource(/\.[jt]s$/.test(path) ? text : '')
  return { ...reading, path, text, imports: reading.modules.filter((name) => !reading.urls.includes(name)) }
}

function folderOf(path: string): string {
  return path.split(/[\\/]/)[0]!
}
