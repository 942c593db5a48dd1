// Slow: it runs a whole network by its commands.
/** A home and what is in it are its owner’s alone: by whatever umask a command was run, and before a daemon starts. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { unlockKeystore } from '../../node/keys/keystore.ts'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { exposures, guardFile } from '../../node/settings/modes.ts'
import { bmail, upPatiently } from '../kit/command.ts'

// The most careless shell there is; everything that is run below inherits it.
process.umask(0)

/** Everything in a folder, and the folder, that others could read, write or enter. */
function openIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
  return [folder, ...paths].filter((path) => (statSync(path).mode & 0o077) !== 0)
}

/** One relay, which hosts and keeps, and a person. */
async function network(t: Test): Promise<{ folder: string; relay: string; alice: string }> {
  const folder = join(t.testdir({}), 'net')
  const made = await bmail(['testnet', '--out', folder, '--relays', '1', '--people', '1'])
  t.equal(made.code, 0, made.stderr)
  return { folder, relay: join(folder, 'relay1'), alice: join(folder, 'alice') }
}

test('whatever the umask, nobody else can read what a daemon and its commands write', async (t) => {
  const { folder, relay, alice } = await network(t)
  for (const home of [relay, alice]) {
    t.teardown(() => bmail(['down'], { home }))
    const up = await bmail(upPatiently, { home })
    t.equal(up.code, 0, up.stderr)
    const { pid } = readApiFile(home)!
    const status = `/proc/${pid}/status`
    if (existsSync(status)) t.match(readFileSync(status, 'utf8'), /^Umask:\s+0077$/m)
  }
  const card = await bmail(['whoami', '--json'], { home: alice })
  const [{ address }] = card.json() as [{ address: string }]
  t.match(address, /^bm1/)
  t.ok(existsSync(join(alice, 'data', 'CURRENT')))
  for (const home of [relay, alice]) t.strictSame(openIn(home), [], home)
  for (const home of [alice, relay]) t.equal((await bmail(['down'], { home })).code, 0)

  // What an older version left behind is put right; the folder that nobody else could enter kept it safe meanwhile.
  chmodSync(join(relay, 'data'), 0o777)
  // Together: a host that has begun already is ready only where somebody is connected to it.
  const ups = await Promise.all([relay, alice].map((home) => bmail(upPatiently, { home })))
  for (const { code, stderr } of ups) t.equal(code, 0, stderr)
  t.equal(statSync(join(relay, 'data')).mode & 0o777, 0o700)
  for (const home of [alice, relay]) t.equal((await bmail(['down'], { home })).code, 0)

  const files = ['keystore.json', 'peer.key']
  const cases: [path: string, mode: number, sentence: RegExp][] = [
    [alice, 0o755, /^Others can enter .*alice \(mode 755\).*`chmod 700 .*alice`\. Nothing was started\.$/],
    ...files.map((name): [string, number, RegExp] => [
      join(alice, name),
      0o644,
      new RegExp(`^Others can read .*${name} \\(mode 644\\).*chmod 600 .*${name}`),
    ]),
    [join(alice, 'passphrase'), 0o644, /^Others can read .*passphrase \(mode 644\).*chmod 600 .*passphrase`\.$/],
  ]
  for (const [path, mode, sentence] of cases) {
    const before = statSync(path).mode & 0o777
    chmodSync(path, mode)
    for (const command of ['up', 'daemon']) {
      const refused = await bmail([command, '--json'], { home: alice })
      t.equal(refused.code, 1, `${command} with ${path}`)
      t.match(refused.json(), { error: { code: 'exposed', sentence } })
    }
    const findings = (await bmail(['doctor', '--json'], { home: alice })).json() as { check: string; ok: boolean }[]
    const isTold = path.endsWith('passphrase') || findings.some(({ check, ok }) => check === 'permissions' && !ok)
    t.ok(isTold, `the doctor tells of ${path}`)
    chmodSync(path, before)
  }
  t.ok(existsSync(folder))
})

test('a secret of root’s may be for a group, and one that an engine mounts is as it is', async (t) => {
  const folder = t.testdir({ secret: 'words' })
  const secret = join(folder, 'secret')
  const isRoot = statSync(secret).uid === 0
  const modes: [mode: number, refused: boolean][] = [
    [0o400, false],
    [0o600, false],
    [0o640, !isRoot],
    [0o644, true],
    [0o620, true],
  ]
  for (const [mode, refused] of modes) {
    chmodSync(secret, mode)
    if (refused) t.throws(() => guardFile(secret), { name: 'ExposedError' }, mode.toString(8))
    else t.doesNotThrow(() => guardFile(secret), mode.toString(8))
  }
  const home = join(folder, "it's a home")
  mkdirSync(home, { mode: 0o711 })
  t.match(exposures(home), [/mode 711.*`chmod 700 '.*it'\\''s a home'`/])
})

test('who founds a network is told what a letter costs there in its coin', async (t) => {
  const folder = t.testdir()
  const [home, club] = [join(folder, 'founder'), join(folder, 'club.json')]
  const coin = ['--coin', 'bean', '--decimals', '9']
  const founding = ['network', 'new', '--name', 'club', '--out', club, ...coin]
  const founded = await bmail(founding, { home, env: { BMAIL_PASSPHRASE: 'long enough' } })
  const [, costs] = /\nA first letter (costs 0\.00000765 bean .*); `bmail network /.exec(founded.stdout) ?? []
  t.ok(costs, founded.stdout)
  const shown = await bmail(['network', club], { home })
  t.match(shown.stdout, new RegExp(`\na first letter +${costs}\n`), 'as the network says it')
})

test('a passphrase comes from a flag, else the environment, else bmail.toml, and what cannot be seen in it is named', async (t) => {
  const folder = t.testdir({ flagged: 'by the flag\n', named: 'by the variable\n', stored: 'by the file\r\n' })
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o600)
  const club = join(folder, 'club.json')
  const founding = ['network', 'new', '--name', 'club', '--out', club]
  await bmail(founding, { home: join(folder, 'founder'), env: { BMAIL_PASSPHRASE: 'by the founder' } })
  const flag = ['--passphrase-file', join(folder, 'flagged')]
  const file = { BMAIL_PASSPHRASE_FILE: join(folder, 'named') }
  const words = { BMAIL_PASSPHRASE: 'by the words ' }
  const cases: [args: string[], env: Record<string, string>, used: string][] = [
    [flag, { ...file, ...words }, 'by the flag'],
    [[], { ...file, ...words }, 'by the words '],
    [[], file, 'by the variable'],
    [[], words, 'by the words '],
    [[], {}, 'by the file'],
  ]
  for (const [index, [args, env, used]] of cases.entries()) {
    for (const command of [
      ['init', '--network', club],
      ['network', 'new', '--name', 'other', '--out', join(folder, `other${index}.json`)],
    ]) {
      const home = join(folder, `${command[0]}${index}`)
      mkdirSync(home, { mode: 0o700 })
      writeFileSync(pathsOf(home).config, 'passphraseFile = "../stored"\n')
      const made = await bmail([...command, ...args, '--json'], { home, env })
      t.equal(made.code, 0, `${command[0]} ${index}: ${made.stdout}`)
      await t.resolves(unlockKeystore(readFileSync(pathsOf(home).keystore), used), used)
    }
  }
  const flaws: [bytes: Buffer, sentence: RegExp][] = [
    [Buffer.from('\ufefflong enough'), /^The passphrase file .*flawed begins with a byte-order mark/],
    [Buffer.from('\ufefflong enough', 'utf16le'), /^The passphrase file .*flawed is no text in UTF-8/],
    [Buffer.from('long enough \n'), /^The passphrase in .*flawed ends with a blank \(U\+0020\)/],
    [Buffer.from('long enough\r'), /^The passphrase in .*flawed ends with a blank \(U\+000D\)/],
    [Buffer.from('\u00a0long enough'), /^The passphrase in .*flawed begins with a blank \(U\+00A0\)/],
    [Buffer.from('\nlong enough'), /^The first line of the passphrase file .*flawed is empty/],
  ]
  const flawed = join(folder, 'flawed')
  for (const [bytes, sentence] of flaws) {
    writeFileSync(flawed, bytes, { mode: 0o600 })
    const refused = await bmail(['init', '--network', club, '--json'], {
      home: join(folder, 'none'),
      env: { BMAIL_PASSPHRASE_FILE: flawed },
    })
    t.match(refused.json(), { error: { sentence } })
  }
  const variables: [text: string, sentence: RegExp][] = [
    ['long enough\r', /^BMAIL_PASSPHRASE holds a line end/],
    ['\ufefflong enough', /^BMAIL_PASSPHRASE holds a byte-order mark/],
  ]
  for (const [text, sentence] of variables) {
    const how = { home: join(folder, 'none'), env: { BMAIL_PASSPHRASE: text } }
    t.match((await bmail(['init', '--network', club, '--json'], how)).json(), { error: { sentence } })
  }
  t.notOk(existsSync(join(folder, 'none')))
})
