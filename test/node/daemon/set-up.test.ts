/** Fetching a set-up from peers, of whom some have nothing, some break off and some lie: each of them costs only themselves. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ensureSetUp } from '../../../node/daemon/set-up.ts'
import { systemClock } from '../../../node/daemon/system.ts'
import { type ReadSetUp, type SetUpFile, setUpAnswer } from '../../../node/peers/set-up-files.ts'
import { artifactsFolder, loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { importSetUp, readSetUpFile } from '../../../node/proofs/set-up-files.ts'
import { parseSetUp, setUpId } from '../../../node/proofs/set-up-record.ts'
import type { Network } from '../../../node/seams.ts'
import { decodeStrict } from '../../../protocol/codec.ts'
import { SetUpRequest, setUpFiles } from '../../../protocol/gossip.ts'
import { until } from '../../kit/patience.ts'

const record = parseSetUp(readFileSync(join(artifactsFolder, 'set-up.json'), 'utf8'))

/** A set-up with the program's own keys, of which somebody else tells: as good as another one. */
function anotherIn(folder: string): string {
  mkdirSync(folder, { recursive: true })
  for (const file of setUpFiles) cpSync(join(artifactsFolder, file), join(folder, file), { dereference: true })
  const transcript = record.transcript.map((step) => (step.kind === 'contribution' ? { ...step, name: 'Zoe' } : step))
  const id = setUpId({ ...record, transcript })
  writeFileSync(join(folder, 'set-up.json'), JSON.stringify({ ...record, id, transcript }))
  return id
}

type Served = { readonly read: ReadSetUp; readonly breaksAt?: (file: SetUpFile, from: number) => boolean }

let count = 0

/** A node without a set-up among peers by name; what was asked of them, and who was hung up on. */
function among(folder: string, setUp: string, peers: Readonly<Record<string, Served>>) {
  const setUps = join(folder, `set-ups-${++count}`)
  const there = new Set(Object.keys(peers))
  const asked: string[] = []
  const hungUp: Record<string, string> = {}
  const told: string[] = []
  const hear = (_: object, sentence: string) => void told.push(sentence)
  const network: Pick<Network, 'disconnect' | 'peers' | 'request'> = {
    peers: () => [...there],
    async *request(peer, _protocol, bytes) {
      const { read, breaksAt } = peers[peer]!
      const request = decodeStrict(SetUpRequest, bytes)
      if (!request.ok) throw new Error('malformed')
      const file = setUpFiles[request.value.file]!
      asked.push(`${peer} ${file} ${request.value.from}`)
      for await (const piece of setUpAnswer(read, request.value, () => undefined)) {
        yield piece
        if (breaksAt?.(file, request.value.from)) throw new Error('the connection was lost')
      }
    },
    async disconnect(peer, { why }) {
      there.delete(peer)
      hungUp[peer] = why
    },
  }
  const abort = new AbortController()
  const run = () =>
    ensureSetUp({
      ...{ setUp, setUps, network, clock: systemClock, signal: abort.signal },
      id: new Uint8Array(32),
      // Peers are asked in the order of their names.
      random: (length) => Uint8Array.from({ length }, (_, at) => at),
      logger: { debug: () => undefined, info: hear, warn: hear },
    })
  return { run, abort, setUps, there, asked, hungUp, told, folder: join(setUps, setUp) }
}

test('set-up: what peers lie about is found, costs them, and the next one is asked', async (t) => {
  const root = t.testdir({})
  const source = join(root, 'source')
  const setUp = anotherIn(source)
  const honest: ReadSetUp = (file, from) => readSetUpFile(source, file, from)
  const lying = (about: SetUpFile, bytes: (right: Uint8Array) => Uint8Array): Served => ({
    async *read(file, from) {
      if (file !== about) yield* honest(file, from)
      else yield bytes(new Uint8Array(readFileSync(join(source, file)))).subarray(from)
    },
  })
  const turned = (bytes: Uint8Array) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1)
  const own = new Uint8Array(readFileSync(join(artifactsFolder, 'set-up.json')))
  const samples = JSON.parse(readFileSync(join(source, 'samples.json'), 'utf8'))
  const otherSamples = Buffer.from(
    JSON.stringify({ ...samples, pass: { ...samples.pass, signals: samples.pass.signals.toReversed() } }),
  )
  const node = among(root, setUp, {
    '1 has nothing': { async *read() {} },
    '2 has another': lying('set-up.json', () => own),
    '3 edited it': lying('set-up.json', (bytes) => Buffer.from(Buffer.from(bytes).toString().replace('Zoe', 'Eve'))),
    '4 turned a bit': lying('pass.vkey.json', turned),
    '5 goes on for ever': lying('pass.wasm', () => new Uint8Array(65 * 1024 * 1024)),
    '6 cannot prove': lying('samples.json', () => otherSamples),
    '7 is honest': { read: honest },
  })
  await node.run()
  t.match(node.hungUp, {
    '2 has another': /another set-up\.json/,
    '3 edited it': /another set-up\.json/,
    '4 turned a bit': /another pass\.vkey\.json/,
    '5 goes on for ever': /more of pass\.wasm than a set-up has/,
    '6 cannot prove': /proofs that do not hold/,
  })
  t.strictSame([...node.there], ['1 has nothing', '7 is honest'])
  t.equal(loadArtifacts({ folder: node.folder, setUp }).id, setUp)
  t.strictSame(readdirSync(node.folder).sort(), [...setUpFiles].sort(), 'and nothing else lies there')
  t.strictSame(readdirSync(node.setUps), [setUp])
  t.match(node.told.join('\n'), /fetching the set-up: renew\.zkey, file 7 of 11/)
})

test('set-up: neither who spoils a beginning, nor who gives a byte at a time, holds up the next one', async (t) => {
  const root = t.testdir({})
  const source = join(root, 'source')
  const setUp = anotherIn(source)
  const read: ReadSetUp = (file, from) => readSetUpFile(source, file, from)
  const spoiling = (about: SetUpFile): Served => ({
    async *read(file, from) {
      if (file === about) yield new Uint8Array(10)
      else yield* read(file, from)
    },
    breaksAt: (file) => file === about,
  })
  const dripping: ReadSetUp = async function* (file, from) {
    for await (const bytes of read(file, from)) return yield bytes.subarray(0, 1)
  }
  const node = among(root, setUp, {
    '1 spoils the record': spoiling('set-up.json'),
    '2 drips': { read: dripping },
    '3 spoils a key': spoiling('renew.zkey'),
    '4 spoils it too': spoiling('renew.zkey'),
    '5 sends too much at once': {
      async *read(file, from) {
        yield* file === 'renew.wasm' ? [new Uint8Array(65 * 1024 * 1024)] : read(file, from)
      },
    },
    '6 is honest': { read },
  })
  await node.run()
  const asked = (peer: string) => node.asked.filter((line) => line.startsWith(peer)).length
  t.match(node.hungUp, { '2 drips': /another set-up\.json/ })
  t.equal(asked('2 drips'), 2, 'once to go on, and once from the beginning')
  const of = (file: SetUpFile) => node.asked.filter((line) => line.includes(` ${file} `))
  t.match(of('renew.zkey').slice(0, 3), [/^3 .* 0$/, /^4 .* 10$/, /^5 .* 20$/])
  t.notOk(
    node.told.some((line) => line.startsWith('waiting')),
    'it was there after everybody was asked once',
  )
  t.strictSame([...node.there].includes('6 is honest'), true)
})

test('set-up: one that nobody should use is said to be that, and whoever serves it is not to blame', async (t) => {
  const root = t.testdir({})
  const source = join(root, 'source')
  anotherIn(source)
  const made = parseSetUp(readFileSync(join(source, 'set-up.json'), 'utf8'))
  const zkey = readFileSync(join(source, 'stamp.zkey')).fill(0, 508, 572)
  writeFileSync(join(source, 'stamp.zkey'), zkey)
  const hash = createHash('sha256').update(zkey).digest('hex')
  const circuits = { ...made.circuits, stamp: { ...made.circuits.stamp, zkey: hash } }
  const setUp = setUpId({ ...made, circuits })
  writeFileSync(join(source, 'set-up.json'), JSON.stringify({ ...made, id: setUp, circuits }))
  const node = among(root, setUp, { '1 is honest': { read: (file, from) => readSetUpFile(source, file, from) } })
  await t.rejects(node.run(), { name: 'ArtifactsError', message: /proving key of stamp .* unsound.*Nobody should use/ })
  t.strictSame(node.hungUp, {})
  t.notOk(existsSync(node.folder))
})

test('set-up: where it cannot be written, that is said, and nobody is asked for it any more', async (t) => {
  const root = t.testdir({})
  const source = join(root, 'source')
  const setUp = anotherIn(source)
  const node = among(root, setUp, { '1 is honest': { read: (file, from) => readSetUpFile(source, file, from) } })
  mkdirSync(join(`${node.folder}.part`, 'renew.zkey.part'), { recursive: true })
  await t.rejects(node.run(), { name: 'ArtifactsError', message: /renew\.zkey\.part cannot be written.*Make room/ })
  t.strictSame(node.hungUp, {})
})

test('set-up: what broke off goes on where it did, with another peer and after a restart', async (t) => {
  const root = t.testdir({})
  const source = join(root, 'source')
  const setUp = anotherIn(source)
  const read: ReadSetUp = (file, from) => readSetUpFile(source, file, from)
  const node = among(root, setUp, {
    '1 breaks off': { read, breaksAt: (file) => file === 'renew.zkey' },
    '2 is honest': { read },
  })
  await node.run()
  const asked = node.asked.filter((line) => line.includes('renew.zkey'))
  t.match(asked[0], '1 breaks off renew.zkey 0')
  t.match(asked[1], /^2 is honest renew\.zkey [1-9]/, 'from where the first left off')
  t.strictSame(node.hungUp, {}, 'a lost connection is nobody’s fault')

  // Half a file of an earlier run, which was not right: nobody is blamed for it, and it is fetched from its beginning.
  const again = among(root, setUp, { only: { read } })
  mkdirSync(`${again.folder}.part`, { recursive: true })
  writeFileSync(join(`${again.folder}.part`, 'set-up.json.part'), '{"id":')
  await again.run()
  t.strictSame(
    again.asked.slice(0, 2).map((line) => line.split(' ').at(-1)),
    ['6', '0'],
  )
  t.strictSame(again.hungUp, {})
})

test('set-up: without a peer that has it, it is said what is waited for, and it may come from a folder', async (t) => {
  const root = t.testdir({})
  const source = join(root, 'source')
  const setUp = anotherIn(source)
  const node = among(root, setUp, {})
  const done = node.run()
  await until('it says what it waits for', () => node.told.length > 0)
  t.match(
    node.told[0],
    /waiting for the set-up of the proofs, [0-9a-f]{64}: no peer is connected.*bmail network set-up FOLDER/,
  )
  rmSync(join(source, 'samples.json'))
  await t.rejects(
    importSetUp({ from: source, setUps: node.setUps }),
    /samples\.json is missing: a proof of each circuit/,
  )
  cpSync(join(artifactsFolder, 'samples.json'), join(source, 'samples.json'), { dereference: true })
  const bytes = readFileSync(join(source, 'stamp.wasm'))
  writeFileSync(join(source, 'stamp.wasm'), bytes.subarray(1))
  await t.rejects(importSetUp({ from: source, setUps: node.setUps }), /stamp\.wasm is not the one of the set-up/)
  t.notOk(existsSync(node.folder))
  writeFileSync(join(source, 'stamp.wasm'), bytes)
  t.equal((await importSetUp({ from: source, setUps: node.setUps })).id, setUp)
  await done
  t.equal((await importSetUp({ from: source, setUps: node.setUps })).id, setUp, 'a second time it is there')

  const given = among(root, setUp, {})
  const waiting = given.run()
  given.abort.abort(new Error('told to stop'))
  await t.rejects(waiting, /told to stop/)
})
