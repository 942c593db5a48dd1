/** Making proofs, for real, in child processes; and the artifacts that this takes. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { ArtifactsError, artifactsFolder, checkFile, circuits, loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { checkProofs, loadSamples } from '../../../node/proofs/proof-check.ts'
import { createProver, ProverError } from '../../../node/proofs/prover.ts'
import type { Progress } from '../../../node/proofs/make-proof.ts'
import { openVerdictTrees } from '../../../node/proofs/verdict-thread.ts'
import { createProofVerifier } from '../../../node/proofs/verify.ts'
import { numberOf20 } from '../../../protocol/field.ts'
import { rootFrom } from '../../../protocol/tree.ts'
import { rowLeaf, verdictTree } from '../../../protocol/verdict-tree.ts'
import { patienceMs } from '../../kit/patience.ts'
import { provable } from '../../kit/statements.ts'

const artifacts = loadArtifacts()

function openProver(t: Test, options: Partial<Parameters<typeof createProver>[0]> = {}) {
  const verifier = createProofVerifier({ artifacts })
  t.teardown(() => verifier.close())
  // It runs with low priority, so beside busy others a proof takes many times as long.
  return { verifier, prover: createProver({ artifacts, verifier, timeoutMs: 10 * patienceMs, ...options }) }
}

/** Child processes of this one. Node lets go of one a few turns after it said that it ended. */
async function childrenNow(): Promise<number> {
  const count = () => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length
  for (let turns = 0; turns < 5 && count() > 0; turns++) await turn()
  return count()
}

test('prover: a statement of each circuit is proven, one after the other', async (t) => {
  const { verifier, prover } = openProver(t)
  await Promise.all(
    circuits.map(async (circuit) => {
      const told: Progress[] = []
      const { inputs, signals } = provable[circuit](11)
      const proof = await prover.prove({ circuit, inputs }, { onProgress: (progress) => told.push(progress) })
      t.strictSame(told, ['started', 'witness', 'proving', 'done'], circuit)
      t.strictSame(await verifier.verify([{ circuit, signals, proof }]), [true])
    }),
  )
  t.equal(await childrenNow(), 0)
})

test('prover: what is not true is not proven, and the reason tells no secret', async (t) => {
  const { prover } = openProver(t)
  const { inputs } = provable.stamp(12)
  const refused = (changed: typeof inputs) => prover.prove({ circuit: 'stamp', inputs: changed })
  await t.rejects(refused({ ...inputs, nullifier: 5n }), {
    name: 'ProverError',
    message: /^The statement cannot be proven: .*Stamp/,
  })
  const { stampSecret, ...short } = inputs
  await t.rejects(refused(short), ProverError)
  const error: Error = await refused({ ...inputs, denomination: 1n }).catch((thrown) => thrown)
  t.notMatch(error.message, String(stampSecret))
})

test('prover: who cancels gets no proof, and the process is gone', async (t) => {
  const { prover } = openProver(t)
  const { inputs } = provable.pass(13)
  for (const moment of ['started', 'proving']) {
    const cancel = new AbortController()
    const onProgress = (progress: Progress) => progress === moment && cancel.abort(new Error('not needed any more'))
    await t.rejects(prover.prove({ circuit: 'pass', inputs }, { signal: cancel.signal, onProgress }), {
      message: 'not needed any more',
    })
    t.equal(await childrenNow(), 0, moment)
  }
  await t.rejects(prover.prove({ circuit: 'pass', inputs }, { signal: AbortSignal.abort(new Error('never')) }), {
    message: 'never',
  })
})

test('prover: what takes too long is ended', async (t) => {
  const { prover } = openProver(t, { timeoutMs: 300 })
  await t.rejects(prover.prove(provable.renew(14)), { name: 'ProverError', message: /not there after 0\.3 s/ })
  t.equal(await childrenNow(), 0)
})

test('prover: it does not begin where memory is short, and says so', async (t) => {
  const { prover } = openProver(t, { memoryBytes: 1e18 })
  await t.rejects(prover.prove(provable.stamp(14)), {
    name: 'ProverError',
    message: /MB of memory, and \d+ MB are free/,
  })
})

test('prover: a proof that does not hold is not given out', async (t) => {
  // What it makes is a good proof of a stamp, and no proof of a pass.
  const { pass, stamp } = artifacts.circuits
  const confused = { ...artifacts, circuits: { ...artifacts.circuits, pass: { ...stamp, key: pass.key } } }
  const { prover } = openProver(t, { artifacts: confused })
  await t.rejects(prover.prove({ circuit: 'pass', inputs: provable.stamp(15).inputs }), { message: /does not hold/ })
})

test('prover: files that are missing or changed are refused by name', async (t) => {
  const folder = copyOf(t)
  const changed = loadArtifacts({ folder })
  const { prover } = openProver(t, { artifacts: changed })
  const zkey = join(folder, 'stamp.zkey')
  const bytes = readFileSync(zkey)
  bytes[bytes.length >> 1]! ^= 1
  rmSync(zkey)
  writeFileSync(zkey, bytes)
  await t.rejects(prover.prove(provable.stamp(16)), { message: /stamp\.zkey is not the one of the set-up/ })
  rmSync(zkey)
  await t.rejects(prover.prove(provable.stamp(16)), { message: /stamp\.zkey cannot be read/ })
})

test('artifacts: they are what set-up.json says, and it is what its id says', async (t) => {
  t.strictSame(Object.keys(artifacts.circuits).sort(), ['pass', 'renew', 'stamp'])
  t.match(artifacts.id, /^[0-9a-f]{64}$/)
  for (const circuit of circuits) {
    await checkFile(artifacts.circuits[circuit].wasm)
    await checkFile(artifacts.circuits[circuit].zkey)
  }
  t.equal(loadArtifacts({ setUp: artifacts.id }).id, artifacts.id)
  t.throws(() => loadArtifacts({ setUp: '00'.repeat(32) }), { name: 'ArtifactsError', message: /The network's proofs/ })
  t.throws(() => loadArtifacts({ folder: t.testdir({}) }), ArtifactsError)
})

test('artifacts: another key, another order of signals or another hash is refused', async (t) => {
  const folder = copyOf(t)
  const path = join(folder, 'set-up.json')
  const setUp = readFileSync(path, 'utf8')
  const rewrite = (change: (json: ReturnType<typeof JSON.parse>) => void) => {
    const json = JSON.parse(setUp)
    change(json)
    writeFileSync(path, JSON.stringify(json))
  }
  rewrite((json) => json.circuits.pass.publics.reverse())
  t.throws(() => loadArtifacts({ folder }), ArtifactsError)
  rewrite((json) => {
    json.circuits.pass.vkey = json.circuits.stamp.vkey
  })
  t.throws(() => loadArtifacts({ folder }), { message: /its id is not the hash of what it says/ })
  writeFileSync(path, setUp)
  cpSync(join(artifactsFolder, 'stamp.vkey.json'), join(folder, 'pass.vkey.json'))
  t.throws(() => loadArtifacts({ folder }), { message: /pass\.vkey\.json is not the one of the set-up/ })
  rmSync(join(folder, 'pass.vkey.json'))
  t.throws(() => loadArtifacts({ folder }), { message: /pass\.vkey\.json cannot be read/ })
})

test('artifacts: a verifier that cannot tell is not ready', async (t) => {
  const samples = loadSamples()
  await t.rejects(checkProofs({ verify: async (all) => all.map(() => true) }, samples), /was believed/)
  await t.rejects(checkProofs({ verify: async (all) => all.map(() => false) }, samples), /does not hold/)
  t.throws(() => loadSamples(t.testdir({})), ArtifactsError)
})

test('verdict trees: the thread builds the same tree', async (t) => {
  const trees = openVerdictTrees()
  t.teardown(() => trees.close())
  const sums = Array.from({ length: 40 }, (_, at) => ({
    key: numberOf20(new Uint8Array(20).fill((at * 77) % 251, 3).fill(at + 1, 0, 1)),
    positive: BigInt(at) << 16n,
    negative: BigInt(at % 3),
  }))
  const { root } = verdictTree(sums)
  t.equal((await trees.build(sums, [])).root, root)
  t.equal((await trees.build(sums.toReversed(), [])).root, root, 'in any order')
  t.equal((await trees.build([], [])).root, verdictTree([]).root)
  const [present, absent] = [sums[7]!.key, 12345n]
  const { root: again, shown } = await trees.build(sums, [present, absent])
  t.equal(again, root)
  t.strictSame(
    shown.map(({ row, path }) => rootFrom(rowLeaf(row), path)),
    [root, root],
  )
  t.strictSame(
    shown.map(({ row }) => row.key === present),
    [true, false],
  )
})

/** The artifacts in a folder that can be changed. */
function copyOf(t: Test): string {
  const folder = join(t.testdir({}), 'artifacts')
  mkdirSync(folder)
  cpSync(artifactsFolder, folder, { recursive: true, dereference: true })
  return folder
}
