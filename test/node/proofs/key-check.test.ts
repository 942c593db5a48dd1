/** Set-ups that somebody made to harm: under their own ids, so that every hash is right, and what is wrong is what the hashes are of. */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { artifactsFolder, loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { checkKeys } from '../../../node/proofs/key-check.ts'
import { importSetUp } from '../../../node/proofs/set-up-files.ts'
import { parseSetUp, setUpId } from '../../../node/proofs/set-up-record.ts'
import { setUpFiles } from '../../../protocol/gossip.ts'

const own = parseSetUp(readFileSync(join(artifactsFolder, 'set-up.json'), 'utf8'))
/** The program's own, of which somebody else tells: as good as another one. */
const transcript = own.transcript.map((step) => (step.kind === 'contribution' ? { ...step, name: 'Zoe' } : step))
const record = { circuits: own.circuits, ptau: own.ptau, transcript }
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

type Spoil = (bytes: Buffer) => Uint8Array

/** The program's own set-up with some of the files of `stamp` as they should not be, under an id that is the hash of it. */
function madeIn(folder: string, spoilt: Readonly<Partial<Record<'vkey' | 'wasm' | 'zkey', Spoil>>>): string {
  mkdirSync(folder, { recursive: true })
  for (const file of setUpFiles) cpSync(join(artifactsFolder, file), join(folder, file), { dereference: true })
  const hashes: Record<string, string> = {}
  for (const [kind, spoil] of Object.entries(spoilt)) {
    const path = join(folder, kind === 'vkey' ? 'stamp.vkey.json' : `stamp.${kind}`)
    const bytes = spoil(readFileSync(path))
    writeFileSync(path, bytes)
    hashes[kind] = sha256(bytes)
  }
  return recordIn(folder, {
    ...record,
    circuits: { ...record.circuits, stamp: { ...record.circuits.stamp, ...hashes } },
  })
}

function recordIn(folder: string, made: typeof record): string {
  const id = setUpId(made)
  writeFileSync(join(folder, 'set-up.json'), JSON.stringify({ ...made, id }))
  return id
}

/** Where points stand in the header of a proving key: 64 bytes in the first group, 128 in the second. */
const [alpha1, delta1, delta2] = [124, 508, 572] as const

const zeroed =
  (from: number, length: number): Spoil =>
  (bytes) =>
    bytes.fill(0, from, from + length)
const edited =
  (change: (key: ReturnType<typeof JSON.parse>) => unknown): Spoil =>
  (bytes) => {
    const key = JSON.parse(bytes.toString())
    return Buffer.from(JSON.stringify(change(key) ?? key))
  }

test('keys: those of the program are sound', async (t) => {
  await checkKeys(loadArtifacts())
  const root = t.testdir({})
  madeIn(join(root, 'source'), {})
  t.ok(await importSetUp({ from: join(root, 'source'), setUps: join(root, 'set-ups') }))
})

test('keys: a proving key that would not blind its proofs is refused, and so is each that is not of its verification key', async (t) => {
  const root = t.testdir({})
  const refused: Readonly<Record<string, Parameters<typeof madeIn>[1]>> = {
    'no blinding of A': { zkey: zeroed(delta1, 64) },
    'no blinding of B': { zkey: zeroed(delta2, 128) },
    'a point of another curve, whose double is zero': { zkey: zeroed(delta1 + 32, 32) },
    'a blinding larger than the modulus': { zkey: (bytes) => bytes.fill(0xff, delta1, delta1 + 64) },
    'another key': { zkey: zeroed(alpha1, 64) },
    'that of another circuit': { zkey: () => readFileSync(join(artifactsFolder, 'pass.zkey')) },
    'no key': { zkey: () => Buffer.from('soon') },
    'a header cut off': { zkey: (bytes) => bytes.subarray(0, 600) },
    'over another curve': { zkey: (bytes) => bytes.fill(1, 44, 76) },
    'by another method': { zkey: (bytes) => bytes.fill(2, 24, 25) },
    'no JSON': { vkey: () => Buffer.from('soon') },
    nothing: { vkey: () => Buffer.from('null') },
    'a number': { vkey: () => Buffer.from('7') },
    'no points': { vkey: edited((key) => void delete key.IC) },
    'a point off the curve': { vkey: edited((key) => void (key.vk_alpha_1[0] = '1')) },
    'a point that is no number': { vkey: edited((key) => void (key.vk_delta_2[0][1] = 'x')) },
    'a δ of zero': {
      vkey: edited(
        (key) =>
          void (key.vk_delta_2 = [
            ['0', '0'],
            ['1', '0'],
            ['0', '0'],
          ]),
      ),
    },
    'both swapped for those of another circuit': {
      vkey: () => readFileSync(join(artifactsFolder, 'pass.vkey.json')),
      zkey: () => readFileSync(join(artifactsFolder, 'pass.zkey')),
    },
  }
  for (const [name, spoilt] of Object.entries(refused)) {
    const from = join(root, name)
    madeIn(from, spoilt)
    await t.rejects(
      importSetUp({ from, setUps: join(root, 'set-ups') }),
      { name: 'ArtifactsError', message: /stamp/ },
      name,
    )
    rmSync(from, { recursive: true })
  }
  t.strictSame(readdirSync(join(root, 'set-ups')), [], 'and nothing of them stays')
})

test('keys: those of other constraints are told, whatever the transcript says', async (t) => {
  const folder = join(t.testdir({}), 'source')
  madeIn(folder, {})
  const { circuits } = record
  recordIn(folder, { ...record, circuits: { ...circuits, pass: { ...circuits.pass, r1cs: '07'.repeat(32) } } })
  const { worth } = loadArtifacts({ folder })
  t.ok(worth.isForgeable)
  t.match(worth.text, /other constraints of pass than this program has, so nobody here knows what its proofs show/)
})

test('keys: files in a folder that are none, too large or links are no way around it', async (t) => {
  const root = t.testdir({})
  const setUps = join(root, 'set-ups')
  const spoilt = async (name: string, spoil: (path: string) => unknown, file: string) => {
    const from = join(root, name)
    madeIn(from, {})
    spoil(join(from, file))
    await t.rejects(importSetUp({ from, setUps }), { name: 'ArtifactsError', message: file }, name)
  }
  const folder = (path: string) => {
    rmSync(path)
    mkdirSync(path)
  }
  const link = (to: string) => (path: string) => {
    rmSync(path)
    symlinkSync(to, path)
  }
  await spoilt('long record', (path) => truncateSync(path, 3e9), 'set-up.json')
  await spoilt('long samples', (path) => truncateSync(path, 3e9), 'samples.json')
  await spoilt('long key', (path) => truncateSync(path, 3e9), 'renew.zkey')
  await spoilt('long program', (path) => truncateSync(path, 3e9), 'pass.wasm')
  await spoilt('no record', folder, 'set-up.json')
  await spoilt('no key', folder, 'stamp.vkey.json')
  await spoilt('no program', folder, 'stamp.wasm')
  await spoilt('endless', link('/dev/zero'), 'pass.zkey')
  await spoilt('endless record', link('/dev/zero'), 'set-up.json')
  await spoilt('nowhere', link(join(root, 'nowhere')), 'renew.wasm')
  await spoilt('itself', link('samples.json'), 'samples.json')

  const source = join(root, 'source')
  const setUp = madeIn(source, {})
  mkdirSync(setUps, { recursive: true })
  symlinkSync(join(root, 'not there'), join(setUps, setUp))
  await t.rejects(importSetUp({ from: source, setUps }), {
    name: 'ArtifactsError',
    message: /in the way of the set-up.*Remove it/,
  })
  rmSync(join(setUps, setUp))
  await importSetUp({ from: source, setUps })
  t.strictSame(readdirSync(setUps), [setUp], 'what was refused left nothing behind')
  t.strictSame(readdirSync(join(setUps, setUp)).sort(), [...setUpFiles].sort())
})
