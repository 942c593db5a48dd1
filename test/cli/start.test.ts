/** How the command line starts: help, the Node it needs, and the homes it makes. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { commands } from '../../cli/commands.ts'
import { loadConfig } from '../../node/settings/config.ts'
import { pathsOf } from '../../node/settings/home.ts'
import { unlockKeystore } from '../../node/keys/keystore.ts'
import { parseNetworkFile } from '../../node/settings/network-file.ts'
import { bmail, program } from '../kit/command.ts'

test('help lists every command, and each shows an example', async (t) => {
  const { code, stdout } = await bmail(['--help'])
  t.equal(code, 0)
  for (const { name, summary } of commands) t.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'))
  const home = t.testdir({ 'bmail.toml': '' })
  t.equal((await bmail([], { env: { BMAIL_HOME: home } })).stdout, stdout, 'and so does bmail alone')
  const helps = await Promise.all(commands.map(({ name }) => bmail([name, '--help'])))
  for (const [index, { name }] of commands.entries()) {
    const help = helps[index]!
    t.equal(help.code, 0, name)
    t.match(help.stdout, /--json/, `${name} can answer in JSON`)
    t.match(help.stdout, new RegExp(`Examples?:\\n(?: +\\$ .*\\n)*? +\\$ .*bmail ${name}`), `${name} shows an example`)
  }
  t.match((await bmail(['help', 'send'])).stdout, /--refuse-above/)
  t.notMatch((await bmail(['help', 'send'])).stdout, /--max-fee/, 'nothing is a maximum that is signed')
})

test('bmail alone says what to do next where there is no home yet, with commands that there are', async (t) => {
  const home = join(t.testdir({}), 'none')
  const { code, stdout, stderr } = await bmail([], { env: { BMAIL_HOME: home } })
  t.same([code, stderr], [0, ''])
  t.ok(stdout.startsWith(`There is no mailbox in ${home} yet.`))
  t.equal(stdout.match(/\n/g)?.length, 5)
  for (const [, name] of stdout.matchAll(/^ {2}bmail (\w+)/gm)) t.ok(commands.some((command) => command.name === name))
  const json = await bmail(['--json'], { env: { BMAIL_HOME: home } })
  t.same([json.code, json.stderr], [0, ''])
  const told: { commands: readonly { command: string; summary: string }[] } = json.json()
  t.match(told, { home, isThere: false })
  t.equal(
    stdout,
    [
      `There is no mailbox in ${home} yet. What to do next:\n`,
      ...told.commands.map(({ command, summary }) => `  ${command.padEnd(47)}${summary}\n`),
    ].join(''),
    'and the same as JSON',
  )
  t.notOk(existsSync(home))
})

test('where nobody has a home folder one is asked for, and nothing is put where the command runs', async (t) => {
  // The second as in a container that is run under a number that no account has; only root can become one.
  const kinds = { 'an empty HOME': '', 'no account': 'delete process.env.HOME\nprocess.setuid(54321)\n' }
  for (const [what, become] of Object.entries(kinds).slice(0, process.getuid?.() === 0 ? 2 : 1)) {
    const folder = t.testdir({})
    chmodSync(folder, 0o777)
    const preload = join(folder, 'first.mjs')
    writeFileSync(preload, `process.chdir(${JSON.stringify(folder)})\n${become}`)
    const run = (args: readonly string[]) => bmail(args, { env: { HOME: '' }, node: ['--import', preload] })
    const { code, json } = await run(['whoami', '--json'])
    t.equal(code, 1)
    const sentence = /no home folder \(HOME\)\. Name a folder .* --home FOLDER/
    t.match(json(), { error: { code: 'home-unknown', sentence } }, what)
    t.match((await run([])).stderr, /^bmail: Whoever runs this has no home folder/, what)
    t.match((await run(['--help'])).stdout, /^Usage: bmail/, what)
    t.match((await run(['whoami', '--home', join(folder, 'named')])).stderr, /named/, what)
    t.strictSame(readdirSync(folder), ['first.mjs'], what)
  }
})

test('bmail --json alone lists every command where there is a home', async (t) => {
  const home = t.testdir({ 'bmail.toml': '' })
  const { code, stderr, json } = await bmail(['--json'], { env: { BMAIL_HOME: home } })
  t.same([code, stderr], [0, ''])
  const all = commands.map(({ name, summary }) => ({ command: `bmail ${name}`, summary }))
  t.strictSame(json(), { home, isThere: true, commands: all })
  t.match((await bmail(['--json', '--home', home])).json(), {
    error: { code: 'usage', sentence: /^There is no command\. See `bmail / },
  })
})

/** Has a program say, where errors go, which files it loaded. */
const listing = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
  process.on('exit', () => process.stderr.write(JSON.stringify(loaded)))
`)}`

test('help loads almost nothing', async (t) => {
  const { code, stderr } = await bmail(['--help'], { node: ['--import', listing] })
  t.equal(code, 0)
  const project = new URL('../..', import.meta.url).href
  const loaded = (JSON.parse(stderr) as string[]).filter((url) => url.startsWith(project))
  const files = loaded
    .map((url) => url.slice(project.length))
    .filter((file) => !file.startsWith('node_modules/commander/'))
  t.strictSame(files.sort(), [
    'cli/bmail.js',
    'cli/commands.ts',
    'cli/errors.ts',
    'cli/main.ts',
    'cli/print.ts',
    'node/amount.ts',
    'node/daemon/door.ts',
    'node/letter/printable.ts',
    'node/settings/files.ts',
    'node/settings/home.ts',
  ])
})

test('the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../..', 'package.json'), 'utf8'))
  t.equal((await bmail(['--version'])).stdout, `${version}\n`)
})

test('an unknown command is refused, with the one that was meant', async (t) => {
  const { code, stdout, stderr } = await bmail(['sned'])
  t.same([code, stdout], [2, ''])
  t.match(stderr, /^bmail: Unknown command 'sned'\. Did you mean send\?/)
  t.match((await bmail(['sned', '--json'])).json(), { error: { code: 'usage', sentence: /send/ } })
  t.match((await bmail(['read'])).stderr, /'id'\. See `bmail read --help`\.$/m)
})

/** A copy of the launcher alone, and a way to make Node say that it is an older one. */
function oldNode(folder: string) {
  mkdirSync(join(folder, 'cli'))
  copyFileSync(program, join(folder, 'cli', 'bmail.js'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const shim = join(folder, 'old.cjs')
  writeFileSync(shim, "Object.defineProperty(process.versions, 'node', { value: '20.19.0' })")
  return { program: join(folder, 'cli', 'bmail.js'), node: ['--require', shim] }
}

test('on an older Node it says which one it needs', async (t) => {
  const old = oldNode(t.testdir({}))
  const { code, stdout, stderr } = await bmail(['whoami'], old)
  t.same([code, stdout], [1, ''])
  t.match(stderr, /^bmail needs Node 22\.18 or newer, and this is Node 20\.19\.0\. .*npm ci/)
  t.match((await bmail(['whoami', '--json'], old)).json(), { error: { code: 'node-old', sentence: /22\.18/ } })
})

test('on an older Node it goes on under the one that came with the project', async (t) => {
  const folder = t.testdir({})
  const old = oldNode(folder)
  const bin = join(folder, 'node_modules', '.bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  chmodSync(join(bin, 'node'), 0o755)
  const main = 'export const main = async (args) => { console.log(JSON.stringify(args)); return 7 }'
  writeFileSync(join(folder, 'cli', 'main.ts'), main)
  const { code, stdout } = await bmail(['send', '--to', 'a b', '--json'], old)
  t.equal(code, 7)
  t.same(JSON.parse(stdout), ['send', '--to', 'a b', '--json'])
})

const passphrase = 'correct horse battery'
const env = { BMAIL_PASSPHRASE: passphrase }

test('a network is founded, joined, and a mailbox restored from its phrase', async (t) => {
  const folder = t.testdir({ words: `${passphrase}\n` })
  const file = join(folder, 'club.json')
  const founder = join(folder, 'founder')
  const founded = await bmail(['network', 'new', '--name', 'club', '--out', file, '--json'], { home: founder, env })
  t.equal(founded.code, 0, founded.stdout)
  const { address, phrase, id } = founded.json() as { address: string; phrase: string; id: string }
  const network = parseNetworkFile(readFileSync(file, 'utf8'))
  t.equal(network.rules.name, 'club')
  t.equal(phrase.split(' ').length, 24)
  const secrets = ['keystore.json', 'host.key', 'keeper-lock.key', 'keeper-signing.key'].map((name) =>
    join(founder, name),
  )
  for (const path of secrets) t.equal(statSync(path).mode & 0o777, 0o600, path)
  t.notMatch(readFileSync(pathsOf(founder).keystore, 'utf8'), phrase.split(' ')[0]!)
  t.equal(((await bmail(['network', file, '--json'])).json() as { id: string }).id, id)

  const again = join(folder, 'again')
  const restored = await bmail(['init', '--network', file, '--recover', '--json'], {
    home: again,
    env,
    input: `${phrase}\n`,
  })
  t.match(restored.json(), { address, role: 'personal', network: { id } })
  t.notOk('phrase' in (restored.json() as object), 'a phrase that one has is not shown')
  t.same(
    (await unlockKeystore(readFileSync(pathsOf(again).keystore), passphrase)).entropy,
    (await unlockKeystore(readFileSync(pathsOf(founder).keystore), passphrase)).entropy,
  )

  const home = join(folder, 'joined')
  chmodSync(join(folder, 'words'), 0o600)
  const settings = [
    '--peers',
    '/dns4/relay.example/tcp/4420',
    '--mdns',
    'false',
    '--passphrase-file',
    join(folder, 'words'),
  ]
  const joined = await bmail(['init', '--network', file, ...settings], { home })
  t.equal(joined.code, 0, joined.stderr)
  t.match(joined.stdout, /Your address is bm1.* 1 \w+ .*24 \w+.*bmail up/s)
  t.match(await loadConfig({ home, env: {} }), {
    role: 'personal',
    peers: ['/dns4/relay.example/tcp/4420'],
    mdns: false,
    passphraseFile: join(folder, 'words'),
  })
  const twice = await bmail(['init', '--network', file, '--json'], { home, env })
  t.match(twice.json(), { error: { code: 'home-taken', sentence: /already/ } })
  t.equal(twice.code, 1)
})

test('a relay needs no mailbox, and makes the keys that it is asked for', async (t) => {
  const folder = t.testdir({})
  const relay = join(folder, 'relay')
  const keys = await bmail(['network', 'card', '--host', '--keeper', '--json'], { home: relay })
  t.match(keys.json(), { hostKey: /^0[23][0-9a-f]{64}$/, lockKey: /^[0-9a-f]{64}$/, signingKey: /^0[23]/ })
  t.same((await bmail(['network', 'card', '--json'], { home: relay })).json(), keys.json(), 'they stay the same')
  const card = join(folder, 'relay.card')
  writeFileSync(card, keys.stdout)
  const file = join(folder, 'club.json')
  const args = ['network', 'new', '--name', 'club', '--host', card, '--out', file, '--json']
  const founded = await bmail(args, { home: join(folder, 'founder'), env })
  t.match(founded.json(), { hosting: false })
  t.notOk(existsSync(join(folder, 'founder', 'host.key')), 'whoever founds it does not host it')
  const made = await bmail(['init', '--role', 'relay', '--network', file, '--json'], { home: relay })
  t.match(made.json(), { role: 'relay', network: { name: 'club' } })
  t.notOk(existsSync(pathsOf(relay).keystore))
  t.equal((await loadConfig({ home: relay, env: {} })).role, 'relay')
})

test('a testnet is written over nothing', async (t) => {
  const folder = join(t.testdir({}), 'net')
  const made = ['testnet', '--out', folder, '--relays', '1', '--people', '1', '--json']
  t.equal((await bmail(made)).code, 0)
  const shown = await bmail(['testnet', '--out', `${folder}2`, '--relays', '1', '--people', '2'])
  t.match(shown.stdout, /^alice gets the operators’ share of every letter\.$/m)
  const keys = readFileSync(pathsOf(join(folder, 'alice')).keystore, 'utf8')
  t.match((await bmail(made)).json(), { error: { code: 'home-taken', sentence: /relay1 already.*--out/ } })
  t.equal(readFileSync(pathsOf(join(folder, 'alice')).keystore, 'utf8'), keys)
  for (const hosts of ['same,same', 'relay,../alice', 'relay,'])
    t.match((await bmail([...made, '--hosts', hosts])).json(), {
      error: { code: 'usage', sentence: /a name of its own/ },
    })
})

test('a home that cannot be made is refused before anything is written', async (t) => {
  const folder = t.testdir({ 'bad.json': '{}' })
  const home = join(folder, 'home')
  const cases: [args: string[], how: object, error: object][] = [
    [['init'], { env }, { code: 'usage', sentence: /--network/ }],
    [['init', '--network', join(folder, 'none.json')], { env }, { code: 'file' }],
    [['init', '--network', join(folder, 'bad.json')], { env }, { code: 'network-file' }],
    [['init', '--role', 'king'], { env }, { code: 'config', sentence: /^--role must be/ }],
    [['init', '--api-listen', '0.0.0.0:1'], { env }, { code: 'config', sentence: /loopback/ }],
    [['network', 'new', '--name', 'x', '--out', join(folder, 'x')], {}, { code: 'passphrase-missing' }],
    [
      ['network', 'new', '--name', 'x', '--out', join(folder, 'x')],
      { env: { BMAIL_PASSPHRASE: 'short' } },
      { code: 'passphrase-short' },
    ],
    [['up'], { env }, { code: 'no-home' }],
    [['doctor'], { env }, { code: 'no-home' }],
  ]
  const answers = await Promise.all(cases.map(([args, how]) => bmail([...args, '--json'], { home, ...how })))
  for (const [index, [args, , error]] of cases.entries()) t.match(answers[index]!.json(), { error }, args.join(' '))
  t.notOk(existsSync(home))
})
