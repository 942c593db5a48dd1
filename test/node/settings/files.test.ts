/** Whatever stands where a home has a small file: it is read, told with a sentence, and never waited for. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { readHome } from '../../../node/daemon/home-contents.ts'
import { keepNetworkFile } from '../../../node/daemon/home-files.ts'
import { repairHome } from '../../../node/daemon/repair.ts'
import { ensureSecret, readSecret, secretNames, secretPath } from '../../../node/daemon/secrets.ts'
import { createKeystore, sealKeystore } from '../../../node/keys/keystore.ts'
import { diskPath, openDisk } from '../../../node/ledger/disk.ts'
import { createStore } from '../../../node/ledger/store.ts'
import type { Finding } from '../../../node/service.ts'
import { loadConfig, writeConfig } from '../../../node/settings/config.ts'
import { smallFile } from '../../../node/settings/files.ts'
import { pathsOf, readApiFile, writeApiFile } from '../../../node/settings/home.ts'
import { formatNetworkFile } from '../../../node/settings/network-file.ts'
import { systemRandom } from '../../../node/system-random.ts'
import { ownSetUp } from '../../../node/proofs/set-up.ts'
import { genesis, rules as plainRules } from '../../kit/fixtures.ts'

const rules = { ...plainRules, identity: { ...plainRules.identity, setUp: ownSetUp } }
const passphrase = 'long enough'

/** What may stand in a file's place, and what is said of it. */
const kinds: Readonly<Record<string, { readonly put: (path: string) => void; readonly said: RegExp }>> = {
  folder: { put: (path) => mkdirSync(path), said: /is a folder, and no file\. Move it away/ },
  pipe: { put: (path) => execFileSync('mkfifo', ['-m', '600', path]), said: /is a pipe or a device, and no file/ },
  device: { put: (path) => symlinkSync('/dev/zero', path), said: /is a pipe or a device, and no file/ },
  'lost link': { put: (path) => symlinkSync('nowhere', path), said: /is a link that leads nowhere\. Mount or restore/ },
  'link to itself': { put: (path) => symlinkSync(path, path), said: /cannot be read \(ELOOP\)/ },
  'huge file': {
    put(path) {
      writeFileSync(path, '', { mode: 0o600 })
      truncateSync(path, 3 * 1024 ** 3)
    },
    said: /has 3221225472 bytes, and what belongs there never has more/,
  },
}

/** A person's home, with a database that has a copy of the network's file. */
async function personsHome(t: Test): Promise<string> {
  const home = join(t.testdir({}), 'home')
  mkdirSync(home, { mode: 0o700 })
  writeConfig(home, { role: 'personal', peers: [] })
  writeFileSync(pathsOf(home).network, formatNetworkFile({ rules, genesis }))
  const kdf = { memoryKib: 64, passes: 1, lanes: 1 }
  const keystore = await createKeystore({ random: systemRandom, passphrase, realm: genesis.salt, kdf })
  writeFileSync(pathsOf(home).keystore, sealKeystore(systemRandom, keystore), { mode: 0o600 })
  ensureSecret(home, 'peer', systemRandom)
  return home
}

const look = (home: string, how: 'look' | 'mend' = 'look') => repairHome({ home, how, told: () => undefined })
const sentences = (findings: readonly Finding[]): string =>
  findings.flatMap(({ ok, detail }) => (ok ? [] : [detail])).join('\n')

test('a folder, a pipe, a device, a link or a huge file in place of each small file', async (t) => {
  const home = await personsHome(t)
  const { config, network, keystore, api } = pathsOf(home)
  const paths = [config, network, keystore, api, ...secretNames.map((name) => secretPath(home, name))]
  for (const [kind, { put, said }] of Object.entries(kinds))
    for (const path of paths) {
      const kept = existsSync(path) ? readFileSync(path) : undefined
      rmSync(path, { force: true })
      put(path)
      const what = `${kind} in place of ${path.slice(home.length + 1)}`
      t.throws(() => smallFile(path), { name: 'UnreadableError', message: said }, what)
      t.equal(readApiFile(home), undefined)
      if (path === config) await t.rejects(loadConfig({ home, env: {} }), said)
      else if (path !== api) t.match(sentences(await look(home)), said, `${what}, to the doctor`)
      const isRead = path === network || path === keystore || secretPath(home, 'host') === path
      if (isRead) await t.rejects(readHome({ home, role: 'personal' }, passphrase), said, `${what}, at the start`)
      rmSync(path, { recursive: true })
      if (kept) writeFileSync(path, kept, { mode: 0o600 })
    }
  t.equal(sentences(await look(home)), '', 'and all is well again')
})

test('a peer.key that is past mending is set aside for a person, and not for whoever is known by it', async (t) => {
  const home = await personsHome(t)
  const path = secretPath(home, 'peer')
  for (const damage of [() => writeFileSync(path, 'not a key', { mode: 0o600 }), () => mkdirSync(path)]) {
    rmSync(path, { recursive: true })
    damage()
    t.match(await look(home), [{ check: 'keys', ok: false, mendable: true }])
    t.throws(() => readSecret(home, 'peer'))
    const [finding] = await look(home, 'mend')
    t.match(finding, { check: 'keys', ok: true, detail: /kept as .*peer\.key\.damaged-.*another one.*new id/ })
    t.ok(ensureSecret(home, 'peer', systemRandom), 'the next start makes another')
    for (const name of readdirSync(home).filter((one) => one.includes('.damaged-')))
      rmSync(join(home, name), { recursive: true })
  }
  ensureSecret(home, 'host', systemRandom)
  writeFileSync(path, 'not a key', { mode: 0o600 })
  t.match(await look(home, 'mend'), [
    { check: 'keys', ok: false, mendable: false, detail: /restore it from a back-up/ },
  ])
  t.equal(readFileSync(path, 'utf8'), 'not a key')
})

test('a start with a network file that cannot be used says what mends it', async (t) => {
  const home = await personsHome(t)
  const { network } = pathsOf(home)
  const start = () => readHome({ home, role: 'personal' }, passphrase)
  writeFileSync(network, '{ "rules":')
  await t.rejects(start(), { name: 'NetworkFileError', message: /not JSON/ })
  const disk = await openDisk(home)
  await keepNetworkFile(createStore(disk), { rules, genesis })
  await disk.close()
  await t.rejects(
    start(),
    { message: /not JSON.*Get it again from whoever runs the network/ },
    'no batch says which it is',
  )
})

test('what stands where the database belongs, and is none', async (t) => {
  const home = await personsHome(t)
  const path = diskPath(home)
  for (const [put, said] of [
    [() => writeFileSync(path, 'hello'), /data is no folder/],
    [() => symlinkSync('/nowhere/at/all', path), /data is a link that leads nowhere/],
  ] as const) {
    put()
    for (const how of ['look', 'mend'] as const) t.match(sentences(await look(home, how)), said)
    await t.rejects(openDisk(home), said)
    rmSync(path)
  }
  await (await openDisk(home)).close()
  const names = readdirSync(path).filter((name) => /^(CURRENT|MANIFEST-\d+|\d+\.log)$/.test(name))
  t.equal(names.length, 3)
  for (const kind of ['folder', 'pipe', 'lost link'])
    for (const name of names) {
      const copy = `${home}-${kind}-${name}`.replaceAll(' ', '-')
      cpSync(home, copy, { recursive: true })
      chmodSync(copy, 0o700)
      const file = join(diskPath(copy), name)
      rmSync(file)
      kinds[kind]!.put(file)
      const what = `${kind} in place of ${name}`
      await t.rejects(openDisk(copy), { name: 'DamageError' }, what)
      t.match(await look(copy), [{ check: 'keys' }, { check: 'files', ok: false, mendable: true }], what)
      await look(copy, 'mend')
      await (await openDisk(copy)).close()
    }
})

test('the note of a daemon is not that of a copy of its home', async (t) => {
  const home = await personsHome(t)
  const note = { host: '127.0.0.1', port: 4_000, token: 'a token', pid: 17 }
  writeApiFile(home, note)
  t.same(readApiFile(home), note)
  const copy = `${home}-copy`
  cpSync(home, copy, { recursive: true })
  t.equal(readApiFile(copy), undefined, 'or `bmail down` there would stop the daemon here')
  rmSync(copy, { recursive: true })
  symlinkSync(home, copy)
  t.same(readApiFile(copy), note, 'and another name of the same folder is no copy')
})
