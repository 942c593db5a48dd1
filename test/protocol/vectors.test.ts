/** The vectors: what is committed is what is made, changes of it are noticed, and it only changes under another version. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { wireVersion } from '../../protocol/version.ts'
import '../kit/patience.ts'
import '../kit/patience.ts'
import { copyTo, mutations, nameOf, sampleOf, survivorsOf } from '../vectors/mutate.ts'

const repository = join(import.meta.dirname, '../..')
const vectors = join(repository, 'test/vectors')

test('vectors: this program makes what is committed', async (t) => {
  t.strictSame(run(repository), { status: 0, stderr: '' })
})

test('vectors: a change of every kind is noticed', async (t) => {
  for (const [kind, list] of Object.entries(mutations())) t.ok(list.length > 1, `${kind} are found`)
  const survivors = await survivorsOf(sampleOf(1), () => {})
  t.strictSame(survivors.map(nameOf), [])
})

test('vectors: what is committed changes only under another version', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'bmail-written-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  copyTo(copy)
  const [committed, version] = ['test/vectors/hashes.json', 'protocol/version.ts'].map((file) => join(copy, file))
  const was = readFileSync(committed!, 'utf8')
  const tampered = was.replace(/(?<="hash": ")[0-9a-f]{8}/, '01234567')
  t.not(tampered, was)
  writeFileSync(committed!, tampered)
  t.equal(run(copy).status, 1, 'the check notices')
  const refused = run(copy, '--write')
  t.equal(refused.status, 1, 'nothing is written')
  t.match(refused.stderr, /hashes\.json: tags\[\w+\]\.hash is .*, and was 01234567/)
  t.equal(readFileSync(committed!, 'utf8'), tampered)
  const text = readFileSync(version!, 'utf8')
  writeFileSync(version!, text.replace(/(?<=wireVersion = )\d+/, String(wireVersion + 1)))
  t.strictSame(run(copy, '--write'), { status: 0, stderr: '' }, 'under another version it is')
  t.equal(JSON.parse(readFileSync(committed!, 'utf8')).wire, wireVersion + 1)
  t.strictSame(run(copy), { status: 0, stderr: '' })
})

test('vectors: what is new is written beside what is committed', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'bmail-written-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  copyTo(copy)
  const file = join(copy, 'test/vectors/hashes.json')
  const was = readFileSync(file, 'utf8')
  const { tags, ...others } = JSON.parse(was)
  writeFileSync(file, JSON.stringify({ ...others, tags: tags.slice(1) }))
  t.equal(run(copy).status, 1, 'the check misses it')
  t.strictSame(run(copy, '--write'), { status: 0, stderr: '' })
  t.equal(readFileSync(file, 'utf8'), was)
})

test('vectors: what has no example is named, with the file for it', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'bmail-written-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  copyTo(copy)
  for (const [name, file, pattern] of [
    ['revoke', 'test/vectors/make/operations.ts', / {2}revoke: \[.*\],\n/],
    ['enrolments', 'test/vectors/make/records.ts', / {2}enrolments: \[.*\],\n/],
  ] as const) {
    const path = join(copy, file)
    const was = readFileSync(path, 'utf8')
    t.match(was, pattern)
    writeFileSync(path, was.replace(pattern, ''))
    t.strictSame(run(copy), { status: 1, stderr: `\`${name}\` has no example in ${file}.\n` })
    writeFileSync(path, was)
  }
})

const python = spawnSync('python3', ['--version']).status === 0
test('vectors: a reader in another language agrees', { skip: !python && 'there is no python3 here' }, async (t) => {
  const { status, stderr } = spawnSync('python3', [join(repository, 'test/vectors/read.py')], { encoding: 'utf8' })
  t.strictSame({ status, stderr }, { status: 0, stderr: '' })
})

test('vectors: that reader says what it does not know yet', {
  skip: !python && 'there is no python3 here',
}, async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'bmail-read-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  for (const file of globSync('*.json', { cwd: vectors })) cpSync(join(vectors, file), join(copy, file))
  const lists = readFileSync(join(copy, 'lists.json'), 'utf8')
  writeFileSync(
    join(copy, 'lists.json'),
    lists.replace('13 stampRedeem', '$&, 99 claim').replace('17 notes', '$&, 98 claims'),
  )
  const { status, stderr } = spawnSync('python3', [join(vectors, 'read.py'), copy], { encoding: 'utf8' })
  t.equal(status, 1)
  for (const sentence of [
    '`claim` is not in OPERATIONS of read.py: add ',
    '`claim` is not in SETTLES of read.py: add ',
    '`claims` is not in TABLES of read.py: add ',
  ])
    t.ok(stderr.includes(sentence), sentence)
})

function run(folder: string, ...options: string[]): { status: number | null; stderr: string } {
  const { TAP: _, ...env } = process.env
  const args = [join(folder, 'test/vectors/main.ts'), ...options]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
  return { status, stderr }
}
