/** The format of a store, on databases on disk: what is older is brought forward a step at a time, what is newer refused. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { type Migration, migrate, migrations } from '../../../node/daemon/migrations.ts'
import { diskPath, openDisk } from '../../../node/ledger/disk.ts'
import { createStore, formatOf, formatWrite, keyIn, rangeOf, spaces, storeFormat } from '../../../node/ledger/store.ts'
import { createCabinet } from '../../../node/mailbox/cabinet.ts'
import { createRecords, cursorName } from '../../../node/mailbox/records.ts'
import { writesOfKept } from '../../../node/envelopes/envelope-records.ts'
import type { Disk } from '../../../node/seams.ts'
import { systemRandom } from '../../../node/system-random.ts'
import { U64 } from '../../../protocol/codec.ts'
import { wireVersion } from '../../../protocol/version.ts'
import { openReplica } from '../../kit/half-epoch.ts'
import { memoryStore } from '../../kit/memory.ts'
import { madeUp, mailboxKey } from '../../kit/halfway.ts'

type Test = { teardown(end: () => Promise<void>): void }

/** The database of a folder that begins with genesis, some missing envelopes and some mail. */
async function filled(t: Test): Promise<{ disk: Disk; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-format-'))
  const disk = await openDisk(folder)
  t.teardown(async () => {
    await disk.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const store = createStore(disk)
  await openReplica(store)
  await store.write(
    Array.from({ length: 500 }, (_, at) => Uint8Array.of(at >> 8, at & 255, 9)).flatMap((name) => [
      ...[keyIn('missing'), keyIn('shard', Uint8Array.of(0))].map((space) => ({
        key: Buffer.concat([space, new Uint8Array(8 + 29), name]),
        value: Uint8Array.of(),
      })),
      { key: keyIn('mailbox', name), value: name },
    ]),
  )
  return { disk, folder }
}

/** Everything but the number itself. */
const contents = async (disk: Disk): Promise<string[]> =>
  (await disk.iterator().all())
    .filter(([key]) => key[0] !== spaces.format)
    .map(([key, value]) => `${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`)

/** As a program of before the number left it. */
const forget = (disk: Disk): Promise<void> => disk.del(keyIn('format'))

/** Bring a database forward; what was told. */
async function forward(disk: Disk, rows: readonly Migration[], key?: Uint8Array): Promise<string[]> {
  const heard: string[] = []
  await migrate({ disk, mailboxKey: key, random: systemRandom }, { rows, told: (sentence) => heard.push(sentence) })
  return heard
}

const saidOf = (rows: readonly Migration[]) => rows.map(({ sentence }) => sentence)

test('format: steps follow from each other, and lead to the format of this program', async (t) => {
  t.strictSame(
    migrations.map(({ from }) => from),
    Array.from({ length: storeFormat - 1 }, (_, at) => at + 1),
  )
})

test('format: it is written with genesis, and an empty store has none', async (t) => {
  const store = memoryStore()
  t.equal(await formatOf(store.disk), undefined)
  t.strictSame(await forward(store.disk, migrations), [])
  t.strictSame(await store.disk.keys().all(), [], 'bringing it forward writes nothing')
  await openReplica(store)
  t.equal(await formatOf(store.disk), storeFormat)
  t.strictSame(await forward(store.disk, migrations), [], 'nothing is to be done')
})

test('format: a store of before the number is of format 1, and is brought forward', async (t) => {
  const { disk } = await filled(t)
  const before = await contents(disk)
  await forget(disk)
  t.equal(await formatOf(disk), 1)
  await t.rejects(
    createStore(disk).head(),
    new RegExp(`format 1.*format ${storeFormat}.*bmail up`, 's'),
    'nobody reads it as it is',
  )
  t.strictSame(await forward(disk, migrations), saidOf(migrations))
  t.equal(await formatOf(disk), storeFormat)
  t.strictSame(await contents(disk), before)
  t.ok(await createStore(disk).head())
})

test('format: a newer store is refused with what, why and what to do, and nothing of it is touched', async (t) => {
  const { disk } = await filled(t)
  await createStore(disk).write([formatWrite(storeFormat + 1)])
  const before = await contents(disk)
  const sentence = new RegExp(
    `newer bmail.*format ${storeFormat + 1}.*none above ${storeFormat}\\. Install the newer version`,
    's',
  )
  await t.rejects(createStore(disk).head(), sentence)
  await t.rejects(openReplica(createStore(disk)), sentence)
  await t.rejects(forward(disk, migrations), sentence)
  t.strictSame(await contents(disk), before)
})

test('format: another wire is told first, whatever the number says', async (t) => {
  const { disk } = await filled(t)
  const head = (await disk.get(keyIn('head')))!.slice()
  head[0] = wireVersion - 1
  const otherWire = new RegExp(`version ${wireVersion - 1} of the wire.*empty home`, 's')
  for (const write of [formatWrite(1), formatWrite(storeFormat + 1), { key: keyIn('format'), value: undefined }]) {
    await createStore(disk).write([{ key: keyIn('head'), value: head }, write])
    await t.rejects(createStore(disk).head(), otherWire)
    await t.rejects(forward(disk, migrations), otherWire)
  }
})

test('format: every step is made once, from wherever a store is', async (t) => {
  const last = storeFormat + madeUp.length - migrations.length
  const { disk: oldest } = await filled(t)
  const before = await contents(oldest)
  await forget(oldest)
  t.strictSame(await forward(oldest, madeUp, mailboxKey), saidOf(madeUp))
  const { disk: later } = await filled(t)
  t.strictSame(await forward(later, madeUp, mailboxKey), saidOf(madeUp.slice(migrations.length)))
  t.strictSame(await contents(oldest), await contents(later))
  t.notSame(await contents(later), before, 'the steps do something')
  t.equal(await formatOf(later, last), last)
  t.strictSame(await forward(later, madeUp, mailboxKey), [], 'and nothing is done twice')
})

test('format: a mailbox waits for its daemon, a relay does not', async (t) => {
  const { disk } = await filled(t)
  const missing = await disk.keys(rangeOf('missing')).all()
  await t.rejects(forward(disk, madeUp), /only its daemon has the key.*bmail up/s)
  t.equal(await formatOf(disk, storeFormat + 1), storeFormat + 1, 'what needs no key was done')
  t.notSame(await disk.keys(rangeOf('missing')).all(), missing)
  t.strictSame(await forward(disk, madeUp, mailboxKey), saidOf(madeUp.slice(-1)))
  const { disk: relay } = await filled(t)
  await relay.clear(rangeOf('mailbox'))
  t.strictSame(await forward(relay, madeUp), saidOf(madeUp.slice(migrations.length)))
})

for (const when of ['before', 'while'] as const)
  test(`format: killed ${when} a step is written`, async (t) => {
    const { disk, folder } = await filled(t)
    await forget(disk)
    await disk.close()
    const program = join(import.meta.dirname, '../../kit/halfway.ts')
    const died = spawnSync(process.execPath, [program, folder, when], { encoding: 'utf8' })
    t.equal(died.signal, 'SIGKILL', died.stderr)
    await disk.open()
    const format = (await formatOf(disk, storeFormat + 2))!
    const mail = await disk.iterator(rangeOf('mailbox')).all()
    const isSealedAnew = mail.map(([key, value]) => value[0] !== key[1])
    if (when === 'before') t.equal(format, storeFormat + 1, 'the steps before it were made')
    t.equal(mail.length, 500)
    t.ok(
      isSealedAnew.every((is) => is === (format === storeFormat + 2)),
      'all of a step is there, or nothing',
    )
    t.strictSame(await forward(disk, madeUp, mailboxKey), saidOf(madeUp.slice(format - 1)), 'the rest is made')
    const { disk: whole } = await filled(t)
    await forward(whole, madeUp, mailboxKey)
    t.strictSame(await contents(disk), await contents(whole), 'and comes to the same')
  })

/** A mailbox as a program of before format 4 left it, on a database on disk: records named by what they are about. */
async function openlyNamed(t: Test) {
  const { disk, folder } = await filled(t)
  await disk.clear(rangeOf('mailbox'))
  const store = createStore(disk)
  const records = createRecords({ key: mailboxKey, random: systemRandom })
  const about = Array.from({ length: 300 }, () => systemRandom(32))
  const own = systemRandom(20)
  const served = systemRandom(32)
  const inOpen = (letter: string, ...parts: Uint8Array[]) => keyIn('mailbox', Buffer.from(letter), ...parts)
  await store.write([
    ...about.flatMap((id, at) => [
      records.seal(inOpen('z', id), Uint8Array.of(at & 255)),
      records.seal(inOpen('b', id), systemRandom(20_000)),
      records.seal(inOpen('l', id, own), Uint8Array.of(1)),
    ]),
    records.seal(inOpen('c'), Uint8Array.of(0, 0)),
    records.seal(inOpen('r', Uint8Array.of(0, 0, 0, 5)), Uint8Array.of(2)),
    records.seal(cursorName, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9)),
    { key: inOpen('l', own, own), value: systemRandom(50) },
    // A letter of a shard that is followed, and one that was kept because it was sent from here.
    ...writesOfKept({ height: 1n, message: served }, { shards: [2], keptUntil: 9n, bytes: served }),
    ...writesOfKept({ height: 1n, message: about[0]! }, { shards: [], keptUntil: 9n, bytes: served }),
    { key: keyIn('closed', U64.encode(1n), about[0]!), value: Uint8Array.of() },
    { key: keyIn('lockKey', U64.encode(1n), about[1]!), value: systemRandom(32) },
    formatWrite(3),
  ])
  return { disk, folder, about, own, records, served }
}

const fromFormat3 = migrations.slice(2)

test('format 4: the mailbox’s records are named anew, and nothing of the old names stays in a file', async (t) => {
  const { disk, folder, about, own, records, served } = await openlyNamed(t)
  const count = async () => (await disk.keys(rangeOf('mailbox')).all()).length
  const before = await count()
  await t.rejects(forward(disk, migrations), /only its daemon has the key.*bmail up/s)
  t.strictSame(await forward(disk, migrations, mailboxKey), saidOf(fromFormat3))
  t.equal(await count(), before, 'none is lost, and what was damaged is still there to be told')
  const cabinet = createCabinet({ store: createStore(disk), key: mailboxKey, random: systemRandom })
  t.strictSame(await cabinet.condition(), { count: before, damaged: 1 })
  t.equal(await cabinet.cursor(), 9n)
  t.strictSame(await cabinet.contacts(), new Map())
  for (const [at, id] of about.entries()) {
    const name = records.nameOf('packed', id)
    t.strictSame(records.open(name, (await disk.get(name))!), Uint8Array.of(at & 255))
  }
  t.ok(await disk.get(keyIn('envelope', served)), 'what any node of the shard has stays')
  t.equal((await disk.keys(rangeOf('keptUntil')).all()).length, 1)
  await disk.close()
  for (const file of readdirSync(diskPath(folder))) {
    const bytes = readFileSync(join(diskPath(folder), file))
    t.notOk(
      [own, ...about].some((part) => bytes.includes(Buffer.from(part))),
      file,
    )
  }
  await disk.open()
})

test('format 4: begun and not finished, it is gone on with', async (t) => {
  const { disk, records, about } = await openlyNamed(t)
  const [row] = fromFormat3 as [Migration]
  const halves: Migration = {
    ...row,
    async *ahead(older) {
      for await (const part of row.ahead!(older)) {
        yield part
        throw new Error('stopped')
      }
    },
  }
  await t.rejects(forward(disk, [...migrations.slice(0, 2), halves, ...migrations.slice(3)], mailboxKey), /stopped/)
  t.equal(await formatOf(disk), 3)
  const names = await disk.keys(rangeOf('mailbox')).all()
  t.ok(names.some(({ length }) => length === 18) && names.some(({ length }) => length > 18), 'half of it is made')
  await forward(disk, migrations, mailboxKey)
  t.equal(await formatOf(disk), storeFormat)
  for (const id of about) t.ok(await disk.get(records.nameOf('unpacked', id)))
  t.notOk((await disk.keys(rangeOf('mailbox')).all()).some(({ length }) => length > 18))
})
