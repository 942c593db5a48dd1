/** What the pages beside the sources say that can be held against something: links, commands, versions. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { commands } from '../cli/commands.ts'
import { settings } from '../node/settings/config.ts'
import { severities } from '../node/troubles.ts'
import { Hello, LogRequest, ReleasesRequest, SetUpRequest, ShardRequest } from '../protocol/gossip.ts'
import { wireVersion } from '../protocol/version.ts'

const root = join(import.meta.dirname, '..')

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = readdirSync(root, { encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .concat('protocol/README.md', 'protocol/prices.md', 'circuits/README.md', 'test/vectors/README.md')

const { version, scripts } = JSON.parse(read('package.json')) as { version: string; scripts: Record<string, string> }

test('documents: every link leads to something', async (t) => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => ({ page, link: link! })),
  )
  t.ok(links.length > 10)
  t.strictSame(
    links.filter(({ page, link }) => !existsSync(join(root, dirname(page), link))),
    [],
  )
})

test('documents: every script of npm that is named is there, and every one that is there is named', async (t) => {
  const named = new Set(
    pages.flatMap((page) => [...read(page).matchAll(/\bnpm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name!)),
  )
  t.strictSame(
    [...named].filter((name) => !(name in scripts)),
    [],
  )
  t.strictSame(
    Object.keys(scripts).filter((name) => name !== 'test' && !named.has(name)),
    [],
  )
})

test('documents: the page on security is about this version, and names commands that there are', async (t) => {
  const page = read('SECURITY.md')
  t.match(page, `version ${version}, on wire ${wireVersion};`)
  t.match(page, /“Report a vulnerability”/)
  t.notMatch(page, /\w@\w+\.\w/, 'nobody has an address for this')
  const called = [...page.matchAll(/`bmail (\w+)/g)].map(([, name]) => name!)
  t.ok(called.length > 2)
  t.strictSame(
    called.filter((name) => !commands.some((command) => command.name === name)),
    [],
  )
})

test('documents: the table of settings has every one that there is', async (t) => {
  const [table] = /^\| setting \|[\s\S]*?\n\n/m.exec(read('README.md'))!
  const named = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  )
  t.strictSame(named, Object.keys(settings))
})

test('documents: the map says how large the messages are whose size is fixed', async (t) => {
  const rows = new Map(
    [...read('ARCHITECTURE.md').matchAll(/^\| `([\w-]+)`(?:, asked)? \| (\d+) \|/gm)].map(([, name, bytes]) => [
      name,
      bytes,
    ]),
  )
  for (const [name, codec] of Object.entries({
    hello: Hello,
    log: LogRequest,
    shard: ShardRequest,
    releases: ReleasesRequest,
    'set-up': SetUpRequest,
  }))
    t.equal(rows.get(name), `${codec.size}`, name)
})

test('documents: the table of troubles has every one that the program knows, as it is, and what brings it about', async (t) => {
  const rows = [
    ...read('README.md').matchAll(/^\| `([\w-]+)` \| (\w+) \| “([^”]+)” \| [^|]+ \| \[[\w-]+\]\(([^)]+)\) \|$/gm),
  ]
  t.strictSame(
    rows.map(([, name, severity]) => [name, severity]),
    Object.entries(severities),
    'each trouble, the worst first',
  )
  const folders = ['node/daemon', 'node/ledger', 'node/peers']
  const sources = folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => read(`${folder}/${name}`)))
  for (const [, name, , said, file] of rows) {
    t.ok(
      sources.some((source) => source.includes(said!)),
      `${name} is said like that`,
    )
    t.ok(read(file!).includes(`'${name}'`), `${file} brings ${name} about`)
  }
})
