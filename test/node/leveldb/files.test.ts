/** The files of real databases, a byte turned anywhere: it is noticed and put right, or LevelDB does not believe it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { type Test, test } from 'tap'
import { crc32c, turnedByte } from '../../../node/leveldb/crc32c.ts'
import { checkOf, currentIn } from '../../../node/leveldb/files.ts'
import { tablesIn } from '../../../node/leveldb/list.ts'
import { decompress } from '../../../node/leveldb/snappy.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'

type Database = { readonly path: string; readonly records: ReadonlyMap<string, string> }

const open = (path: string) =>
  new Level<string, Uint8Array>(path, { valueEncoding: 'view', writeBufferSize: 256 * 1024 })

/** A database with tables, packed and not, and records in its log, some longer than a block of it. */
async function filled(t: Test): Promise<Database> {
  const path = mkdtempSync(join(tmpdir(), 'bmail-leveldb-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  const random = seededRandom(new Uint8Array([7]), 'leveldb')
  const level = open(path)
  const records = new Map<string, string>()
  for (let at = 0; at < 300; at++) {
    const value = at % 3 === 0 ? new Uint8Array(900).fill(at) : random(at % 20 === 1 ? 40_000 : 700)
    const key = Buffer.from(random(8)).toString('hex')
    await level.put(key, value)
    records.set(key, Buffer.from(value).toString('hex'))
  }
  await level.close()
  return { path, records }
}

async function recordsIn(path: string): Promise<Map<string, string>> {
  const level = open(path)
  try {
    const all = await level.iterator().all()
    return new Map(all.map(([key, value]) => [key, Buffer.from(value).toString('hex')]))
  } finally {
    await level.close()
  }
}

const checkable = (path: string): string[] => readdirSync(path).filter((name) => checkOf(name))

test('leveldb: what LevelDB writes is good, to the last file', async (t) => {
  const { path } = await filled(t)
  const names = checkable(path)
  for (const kind of [/\.ldb$/, /\.log$/, /^MANIFEST/])
    t.ok(
      names.some((name) => kind.test(name)),
      String(kind),
    )
  for (const name of names) {
    const bytes = readFileSync(join(path, name))
    const checked = checkOf(name)!(bytes)
    t.strictSame(checked.faults, [], name)
    t.ok(Buffer.from(checked.bytes).equals(bytes))
  }
  t.equal(currentIn(readdirSync(path)), readFileSync(join(path, 'CURRENT'), 'latin1'))
})

test('leveldb: one byte turned is put right, wherever it stood', async (t) => {
  const { path } = await filled(t)
  const random = seededRandom(new Uint8Array([11]), 'leveldb')
  for (const name of checkable(path)) {
    const bytes = readFileSync(join(path, name))
    const last = bytes.length - 1
    const places = [...Array.from({ length: 60 }, () => Buffer.from(random(4)).readUInt32BE() % bytes.length)]
    for (const at of [0, 4, 5, 6, 7, ...places, last - 47, last - 30, last - 8, last]) {
      const turned = Buffer.from(bytes)
      turned[at]! ^= (random(1)[0]! % 255) + 1
      const { faults, bytes: mended } = checkOf(name)!(turned)
      t.strictSame(
        faults.map(({ isMended }) => isMended),
        [true],
        `${name}, byte ${at} of ${bytes.length}: ${faults[0]?.what}`,
      )
      t.ok(Buffer.from(mended).equals(bytes), 'it is as it was written')
    }
  }
})

test('leveldb: of what cannot be put right, the rest is read, and nothing else', async (t) => {
  const { path, records } = await filled(t)
  for (const name of checkable(path).filter((name) => !name.startsWith('MANIFEST'))) {
    const bytes = readFileSync(join(path, name))
    const at = Math.floor(bytes.length / 3)
    bytes.fill(0x5a, at, at + 512)
    const checked = checkOf(name)!(bytes)
    t.ok(
      checked.faults.some(({ isMended }) => !isMended),
      `${name}: ${checked.faults.map(({ what }) => what)}`,
    )
    writeFileSync(join(path, name), checked.bytes)
  }
  await (Level as unknown as { repair(path: string): Promise<void> }).repair(path)
  const read = await recordsIn(path)
  t.ok(read.size > records.size / 2 && read.size < records.size, `${read.size} of ${records.size} are left`)
  for (const [key, value] of read) if (records.get(key) !== value) t.fail(`${key} is not what was written`)
})

test('leveldb: a log that was torn at its end is no fault', async (t) => {
  const { path } = await filled(t)
  const [log] = checkable(path).filter((name) => name.endsWith('.log'))
  const bytes = readFileSync(join(path, log!))
  t.strictSame(checkOf(log!)!(bytes.subarray(0, -1)).faults, [])
  for (const kept of [bytes.length - 400, Math.floor(bytes.length / 2), 8, 3, 0]) {
    t.strictSame(checkOf(log!)!(bytes.subarray(0, kept)).faults, [], `${kept} of ${bytes.length}`)
    t.strictSame(checkOf(log!)!(Buffer.concat([bytes.subarray(0, kept), Buffer.alloc(5_000)])).faults, [])
  }
})

test('leveldb: the checksum is that of RFC 3720, and says which byte is wrong', async (t) => {
  const counting = Uint8Array.from({ length: 32 }, (_, at) => at)
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  t.equal(crc32c(counting), 0x46dd794e)
  t.strictSame(turnedByte(counting.with(5, 5 ^ 0x81), crc32c(counting)), { at: 5, by: 0x81 })
  t.equal(turnedByte(counting.with(5, 0).with(19, 0), crc32c(counting)), undefined, 'two are not guessed')
})

test('leveldb: rubbish is no packed block, and no program dies of it', async (t) => {
  const random = seededRandom(new Uint8Array([3]), 'leveldb')
  for (let at = 0; at < 2_000; at++) {
    const bytes = random(1 + (at % 90))
    for (const name of ['000001.ldb', '000002.log', 'MANIFEST-000003'])
      t.doesNotThrow(() => checkOf(name)!(bytes), Buffer.from(bytes).toString('hex'))
    try {
      decompress(bytes)
    } catch (error) {
      if (!(error instanceof RangeError)) t.fail(String(error))
    }
  }
})

test('leveldb: the list names the tables in use, whatever became of it, and none where it is damaged', async (t) => {
  const { path } = await filled(t)
  const numbersIn = () =>
    new Set(
      readdirSync(path)
        .filter((name) => /\.ldb$/.test(name))
        .map((name) => Number.parseInt(name, 10)),
    )
  const list = () => readFileSync(join(path, readFileSync(join(path, 'CURRENT'), 'latin1').trim()))
  /** A table that was being written when the database was closed is not in the list, and goes when it is opened again. */
  async function agree(what: string): Promise<void> {
    const [named, there] = [tablesIn(list())!, numbersIn()]
    t.ok(
      [...named].every((table) => there.has(table)),
      what,
    )
    await recordsIn(path)
    // What is written then may take the number of what went: the list names it by now.
    const [namedNow, now] = [tablesIn(list())!, numbersIn()]
    const left = [...there].filter((table) => !named.has(table) && now.has(table) && !namedNow.has(table))
    t.strictSame(left, [], `${what}: no other was of use`)
  }
  t.ok(numbersIn().size > 1)
  await agree('as it was filled')
  const level = open(path)
  await level.open()
  await (level as unknown as { compactRange(from: string, to: string): Promise<void> }).compactRange('', 'g')
  await level.close()
  await agree('when some came and others went')
  const bytes = list()
  const namesOf = (given: Uint8Array) => String([...(tablesIn(given) ?? ['damaged'])].sort())
  // As LevelDB reads it: what was written last may have reached the disk in part.
  const states = new Set(Array.from(bytes, (_, at) => namesOf(bytes.subarray(0, at))).concat(namesOf(bytes), 'damaged'))
  for (let at = 0; at + 12 < bytes.length; at += 3) {
    const turned = new Uint8Array(bytes)
    for (const near of [0, 5, 12]) turned[at + near]! ^= 0x55
    t.ok(states.has(namesOf(turned)), `byte ${at}`)
  }
})
