/** One stored byte turned, in every kind of thing that is stored: the doctor names it, and its cure takes it back. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { startAnew } from '../../../node/daemon/anew.ts'
import { keepNetworkFile } from '../../../node/daemon/home-files.ts'
import { migrations } from '../../../node/daemon/migrations.ts'
import { repairHome } from '../../../node/daemon/repair.ts'
import { diskPath, openDisk } from '../../../node/ledger/disk.ts'
import { examine } from '../../../node/daemon/doctor.ts'
import { rememberHostKey } from '../../../node/daemon/host-key.ts'
import { secretPath, writeSecret } from '../../../node/daemon/secrets.ts'
import { pathsOf } from '../../../node/settings/home.ts'
import { formatNetworkFile } from '../../../node/settings/network-file.ts'
import { createReplica } from '../../../node/ledger/replica.ts'
import { sign } from '../../../node/keys/sign.ts'
import { createStore, formatOf, formatWrite, keyIn, rangeOf, type spaces } from '../../../node/ledger/store.ts'
import { systemClock } from '../../../node/daemon/system.ts'
import { ownSetUp } from '../../../node/proofs/set-up.ts'
import { U64 } from '../../../protocol/codec.ts'
import type { Batch } from '../../../protocol/gossip.ts'
import { networkId } from '../../../protocol/rules.ts'
import {
  action,
  ada,
  bob,
  host,
  signed,
  context as tests,
  genesis as testsGenesis,
  type Wish,
} from '../../kit/fixtures.ts'
import { plainProofs } from '../../kit/plain-proofs.ts'

/** A network whose proofs are those of this program, or it would not open the home. */
const rules = { ...tests.rules, identity: { ...tests.rules.identity, setUp: ownSetUp } }
/** It began an hour ago: the doctor holds the ledger against this machine’s clock. */
const hourMs = 3_600_000
const genesis = { ...testsGenesis, time: BigInt(systemClock.now() - hourMs) }
const context = { ...tests, rules, network: networkId(rules, genesis) }
const signedHere = (wish: Wish) => signed({ ...wish, expiry: genesis.time + BigInt(hourMs) }, context)

function replicaOf(store: ReturnType<typeof createStore>) {
  const fail = (error: Error): never => {
    throw error
  }
  return createReplica({
    store,
    context,
    genesis,
    clock: { ...systemClock, now: () => Number(genesis.time) },
    proofs: plainProofs,
    writesWith: () => [],
    onDiskFailure: fail,
  })
}

/** A home with a few batches in its database. */
async function filledHome(t: { teardown(end: () => void): void }): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'bmail-doctor-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  writeFileSync(pathsOf(home).network, formatNetworkFile({ rules, genesis }))
  const disk = await openDisk(home)
  const store = createStore(disk)
  const replica = await replicaOf(store)
  const produce = (ops: ReturnType<typeof signed>[]) =>
    replica.produce(genesis.time, ops, (digest) => sign(digest, host.privateKey))
  const register = ({ signingKey, sealKey }: typeof ada) =>
    action('register', { signingKey, sealKey, sponsorship: undefined })
  await produce([ada, bob].map((by) => signedHere({ by, action: register(by) })))
  for (let nonce = 1n; nonce < 4n; nonce++)
    await produce([signedHere({ by: ada, nonce, action: action('transfer', { to: bob.address, amount: nonce }) })])
  await disk.close()
  return home
}

const patientOf = (store: ReturnType<typeof createStore>, now = systemClock.now) => ({
  store,
  context,
  genesis,
  clock: { ...systemClock, now },
  proofs: plainProofs,
  keepsAll: false,
  progress: () => undefined,
})

for (const space of ['state', 'leaf', 'outcomes', 'op', 'batch'] as const satisfies (keyof typeof spaces)[])
  test(`doctor: a byte turned in ${space}`, async (t) => {
    const disk = await openDisk(await filledHome(t))
    t.teardown(() => disk.close())
    const store = createStore(disk)
    t.ok(
      (await examine(patientOf(store))).findings.every(({ ok }) => ok),
      'well before',
    )
    const [key, value] = (await disk.iterator(rangeOf(space)).all()).at(-1)!
    const turned = value.slice()
    turned[turned.length - 1]! ^= 1
    await disk.put(key, turned)
    const { findings, cure } = await examine(patientOf(store))
    const named = findings.filter(({ ok }) => !ok).map(({ check }) => check)
    t.ok(named.includes(space === 'batch' ? 'log' : space), `it says where: ${named}`)
    t.ok(cure.length > 0, 'and has a cure')
    await store.write(cure)
    const again = await examine(patientOf(store))
    t.strictSame(
      again.findings.filter(({ ok }) => !ok),
      [],
      'well after; what is gone of the log is fetched from peers',
    )
  })

test('doctor: a byte turned in a file of the database', async (t) => {
  const home = await filledHome(t)
  const look = { home, how: 'look', told: () => undefined } as const
  t.ok(
    (await repairHome(look)).every(({ ok }) => ok),
    'well before',
  )
  // Everything in one sorted file, so that what is turned is in use.
  const disk = await openDisk(home)
  const level = disk as unknown as { compactRange(from: Uint8Array, to: Uint8Array): Promise<void> }
  await level.compactRange(Uint8Array.of(0), Uint8Array.of(255))
  await disk.close()
  const table = readdirSync(diskPath(home)).find((name) => name.endsWith('.ldb'))!
  t.ok(existsSync(join(diskPath(home), table)))
  const bytes = readFileSync(join(diskPath(home), table))
  bytes[Math.floor(bytes.length / 3)]! ^= 0x40
  writeFileSync(join(diskPath(home), table), bytes)
  const found = await repairHome(look).then(
    (findings) => findings.filter(({ ok }) => !ok).map(({ detail }) => detail),
    (error: Error) => [error.message],
  )
  t.ok(found.length > 0, `it is noticed: ${found[0]}`)
})

test('doctor: a database of an older format is brought forward where it may be mended, and looked at only after that', async (t) => {
  const home = await filledHome(t)
  const before = await openDisk(home)
  await before.del(keyIn('format'))
  await before.close()
  const told: string[] = []
  const asked = { home, told: (sentence: string) => told.push(sentence) }
  await t.rejects(repairHome({ ...asked, how: 'look' }), /format 1.*bmail up/s)
  t.ok((await repairHome({ ...asked, how: 'mend' })).every(({ ok }) => ok))
  t.ok(told.includes(migrations[0]!.sentence), 'it says what it did')
  t.ok((await repairHome({ ...asked, how: 'look' })).every(({ ok }) => ok))
})

test('doctor: a mailbox of an older format waits for its daemon, also in a database made anew, and is no damage', async (t) => {
  const home = await filledHome(t)
  const path = diskPath(home)
  const before = await openDisk(home)
  const older = keyIn('mailbox', Buffer.from('z'), randomBytes(32))
  await createStore(before).write([formatWrite(3), { key: older, value: randomBytes(50) }])
  await before.close()
  const mend = () => repairHome({ home, how: 'mend', told: () => undefined })
  await t.rejects(mend(), /only its daemon has the key.*bmail up/s)
  t.strictSame(
    readdirSync(home).filter((name) => name.includes('damaged')),
    [],
    'nothing is set aside for it',
  )
  await startAnew({ path, aside: `${path}.damaged-then` })
  await t.rejects(mend(), /only its daemon has the key.*bmail up/s)
  const after = await openDisk(home)
  t.equal(await formatOf(after), 3)
  t.ok(await after.get(older))
  await after.close()
})

const well = async (home: string): Promise<boolean> =>
  (await repairHome({ home, how: 'look', told: () => undefined })).every(({ ok }) => ok)

const rootOf = async (home: string): Promise<string> => {
  const disk = await openDisk(home)
  const head = await createStore(disk).head()
  await disk.close()
  return Buffer.from(head!.sealed.header.stateRoot).toString('hex')
}

test('doctor: a replacement that was stopped half way is finished by whoever comes next', async (t) => {
  const home = await filledHome(t)
  const root = await rootOf(home)
  cpSync(diskPath(home), `${diskPath(home)}.mended`, { recursive: true })
  renameSync(diskPath(home), `${diskPath(home)}.damaged-then`)
  t.ok(await well(home))
  t.equal(await rootOf(home), root)
})

test('doctor: a replacement that was stopped before the old database had gone is made again', async (t) => {
  const home = await filledHome(t)
  const [root, path] = [await rootOf(home), diskPath(home)]
  cpSync(path, `${path}.mended`, { recursive: true })
  cpSync(path, `${path}.draft`, { recursive: true })
  await startAnew({ path, aside: `${path}.damaged-then` })
  t.ok((await repairHome({ home, how: 'mend', told: () => undefined })).every(({ ok }) => ok))
  t.equal(await rootOf(home), root)
  t.notOk(existsSync(`${path}.mended`) || existsSync(`${path}.draft`), 'and leaves nothing half made')
})

test('doctor: where there is no room for another database, the one that is there stays', async (t) => {
  const home = await filledHome(t)
  const path = diskPath(home)
  const disk = await openDisk(home)
  // Below the limit as it lies on disk, file by file, and above it as a whole.
  for (let at = 0; at < 20; at++) {
    await disk.put(keyIn('mailbox', Uint8Array.of(at)), randomBytes(4_000))
    await disk.close()
    await disk.open()
  }
  await disk.close()
  const module = JSON.stringify(import.meta.resolve('../../../node/daemon/anew.ts'))
  const where = JSON.stringify({ path, aside: `${path}.damaged-then` })
  const program = `import(${module}).then(({ startAnew }) => startAnew(${where}))`
  await t.rejects(limited(32, program), /File too large/)
  t.notOk(existsSync(`${path}.damaged-then`) || existsSync(`${path}.draft`))
  t.ok((await repairHome({ home, how: 'look', told: () => undefined })).every(({ ok }) => ok))
})

/** Run a program under which no file grows beyond so many KiB, without what a test runner would have it write. */
const limited = (kib: number, program: string) =>
  promisify(execFile)('bash', [
    '-c',
    `unset NODE_OPTIONS && ulimit -f ${kib} && exec "$0" -e "$1"`,
    process.execPath,
    program,
  ])

test('doctor: what the system lacks is no damage, and nothing is set aside for it', async (t) => {
  const home = await filledHome(t)
  const module = JSON.stringify(import.meta.resolve('../../../node/daemon/repair.ts'))
  const asked = `{ home: ${JSON.stringify(home)}, how: 'mend', told() {} }`
  const program = `import(${module}).then(({ repairHome }) => repairHome(${asked}))`
  await t.rejects(limited(0, program), /cannot be opened \(.*File too large\)\. Nothing is damaged; see that/)
  t.strictSame(
    readdirSync(home).filter((name) => /damaged|draft|mended/.test(name)),
    [],
  )
  t.ok(await well(home))
})

test('doctor: a database made anew has the log, and all that follows from it', async (t) => {
  const home = await filledHome(t)
  const root = await rootOf(home)
  const path = diskPath(home)
  await startAnew({ path, aside: `${path}.damaged-then` })
  t.ok((await repairHome({ home, how: 'mend', told: () => undefined })).every(({ ok }) => ok))
  t.equal(await rootOf(home), root)
  t.ok(existsSync(`${path}.damaged-then`))
})

test('doctor: a home without a network file, or with another’s, has it again from its database', async (t) => {
  const home = await filledHome(t)
  const { network } = pathsOf(home)
  const disk = await openDisk(home)
  await keepNetworkFile(createStore(disk), { rules, genesis })
  await disk.close()
  const right = readFileSync(network, 'utf8')
  for (const wrong of [undefined, '{', formatNetworkFile({ rules: { ...rules, name: 'others' }, genesis })]) {
    rmSync(network)
    if (wrong !== undefined) writeFileSync(network, wrong)
    const looked = await repairHome({ home, how: 'look', told: () => undefined })
    t.match(
      looked.find(({ ok }) => !ok),
      { check: 'network file', mendable: true },
    )
    t.ok((await repairHome({ home, how: 'mend', told: () => undefined })).every(({ ok }) => ok))
    t.equal(readFileSync(network, 'utf8'), right)
    for (const name of readdirSync(home).filter((name) => name.includes('.damaged-'))) rmSync(join(home, name))
  }
})

test('doctor: a host that lost a batch signs no height again that it had signed', async (t) => {
  const home = await filledHome(t)
  const disk = await openDisk(home)
  t.teardown(() => disk.close())
  const store = createStore(disk)
  const batches: Batch[] = []
  for await (const batch of store.batches(1n)) batches.push(batch)
  const key = keyIn('batch', U64.encode(2n))
  await disk.put(key, (await disk.get(key))!.with(-1, 0).with(-9, 0))
  await store.write((await examine(patientOf(store))).cure)
  const replica = await replicaOf(store)
  t.equal(replica.head.sealed.header.height, 1n)
  const op = signedHere({ by: ada, nonce: 1n, action: action('transfer', { to: bob.address, amount: 9n }) })
  const produce = () => replica.produce(genesis.time, [op], (digest) => sign(digest, host.privateKey))
  t.equal((await produce()).made, undefined, 'it has signed another batch of that height')
  for (const batch of batches.slice(1)) t.equal(await replica.accept(batch), 'final', 'which comes from peers')
  const next = signedHere({ by: ada, nonce: 4n, action: action('transfer', { to: bob.address, amount: 9n }) })
  const { made } = await replica.produce(genesis.time, [next], (digest) => sign(digest, host.privateKey))
  t.equal(made?.batch.sealed.header.height, BigInt(batches.length) + 1n)
})

test('doctor: a clock that is behind the last batch', async (t) => {
  const disk = await openDisk(await filledHome(t))
  t.teardown(() => disk.close())
  const store = createStore(disk)
  const last = Number((await store.head())!.sealed.header.time)
  const at = async (ms: number) => (await examine(patientOf(store, () => ms))).findings.filter(({ ok }) => !ok)
  t.strictSame(await at(last - rules.clockSkewMs), [], 'within what the rules allow')
  const year = 365 * 24 * hourMs
  for (const ms of [last - rules.clockSkewMs - 1, last - year]) {
    const found = await at(ms)
    t.match(found, [
      { check: 'clock', mendable: false, detail: /clock says .*, and the last batch is of .* Set the clock/ },
    ])
    t.equal(found.length, 1)
  }
  t.strictSame(await at(last + year), [], 'a network may have been quiet for long')
})

test('doctor: the host’s key, lost, damaged, of another network, or moved to another home', async (t) => {
  const home = await filledHome(t)
  const path = secretPath(home, 'host')
  const bad = async () =>
    (await repairHome({ home, how: 'mend', told: () => undefined }))
      .filter(({ ok }) => !ok)
      .map(({ check, detail, mendable }) => ({ check, detail, mendable }))
  /** A start of its daemon, as far as the key goes; `height` is that of the last batch. */
  const start = async (height: bigint) => {
    const disk = await openDisk(home)
    const said = await rememberHostKey(createStore(disk), { home, isHost: existsSync(path), height })
    await disk.close()
    return said
  }
  t.equal(await start(0n), undefined)
  t.strictSame(await bad(), [], 'a relay that never was the host lacks nothing')
  writeSecret(home, 'host', host.privateKey)
  t.equal(await start(4n), undefined)
  t.strictSame(await bad(), [])

  const right = readFileSync(path)
  writeFileSync(path, 'nothing that is left of it')
  t.match(await bad(), [{ check: 'keys', detail: /is damaged: restore it from a back-up.*nobody can sign batches/ }])
  writeSecret(home, 'host', ada.privateKey)
  t.match(await bad(), [{ check: 'host key', detail: /not the key of the host that the network names/ }])

  rmSync(path)
  const lost = {
    check: 'host key',
    detail: /was here and is gone\..*nobody can sign batches.*back-up/,
    mendable: false,
  }
  t.match(await bad(), [lost])
  t.match(await start(4n), /was here and is gone/)
  t.match(await start(4n), /was here and is gone/, 'however often it is started')
  t.match(await bad(), [lost])
  await startAnew({ path: diskPath(home), aside: `${diskPath(home)}.damaged-then` })
  t.match(await bad(), [lost], 'and also in a database made anew')

  writeFileSync(path, right)
  t.equal(await start(4n), undefined)
  t.strictSame(await bad(), [], 'restored')
  rmSync(path)
  t.ok(await start(3n))
  t.equal(await start(4n), undefined, 'another home has it, and signed a batch')
  t.strictSame(await bad(), [])
})

test('doctor: a table that was begun and is in no list is no damage, and nothing is set aside for it', async (t) => {
  const home = await filledHome(t)
  const disk = await openDisk(home)
  await disk.close()
  const path = diskPath(home)
  const table = readdirSync(path).find((name) => name.endsWith('.ldb'))!
  const bytes = readFileSync(join(path, table))
  for (const part of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
    writeFileSync(join(path, '987654.ldb'), bytes.subarray(0, part))
    t.ok(await well(home), `${part} of ${bytes.length} bytes`)
  }
  t.strictSame(
    readdirSync(home).filter((name) => name.includes('damaged')),
    [],
  )
})
