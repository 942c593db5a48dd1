/** The format of a store, on databases on disk: what is older is brought forward a step at a time, what is newer refused. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { type Migration, migrate, migrations } from '../../../node/daemon/migrations.ts'
import { openDisk } from '../../../node/ledger/disk.ts'
import { createStore, formatOf, formatWrite, keyIn, rangeOf, spaces, storeFormat } from '../../../node/ledger/store.ts'
import type { Disk } from '../../../node/seams.ts'
import { wireVersion } from '../../../protocol/version.ts'
import { memoryStore, openReplica } from '../../kit/half-epoch.ts'
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
      { key: keyIn('missing', name), value: Uint8Array.of() },
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
  await migrate({ disk, mailboxKey: key }, { rows, told: (sentence) => heard.push(sentence) })
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
