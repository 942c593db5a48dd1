/** The committed artifacts are of these sources, their numbers are those of the protocol, and their proofs show one statement each. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bytesToHex } from '@noble/hashes/utils.js'
import { curves, groth16, wtns } from 'snarkjs'
import { test } from 'tap'
import { fileOf, readSetUp } from '../../circuits/set-up.ts'
import { artifactsFolder, circuits, publicSignals } from '../../node/proofs/artifacts.ts'
import { ownSetUp } from '../../node/proofs/set-up.ts'
import { setUpId, worthOf } from '../../node/proofs/set-up-record.ts'
import { presets } from '../../node/settings/presets.ts'
import { slotCount } from '../../protocol/identity.ts'
import { domains } from '../../protocol/poseidon.ts'
import { decayFactors, scoreMax, scoreOne } from '../../protocol/reputation.ts'
import { type Circuit, sumMax } from '../../protocol/statement.ts'
import { trees } from '../../protocol/tree.ts'
import { lastKey, verdictDepth } from '../../protocol/verdict-tree.ts'
import { scenes } from './scenes.ts'
import { rules } from '../kit/fixtures.ts'

const root = join(import.meta.dirname, '../..')
const source = (path: string): string => readFileSync(join(root, 'circuits', path), 'utf8')

/** What `circuits/main` gives a template. */
function parametersOf(circuit: Circuit): unknown {
  const [, list] = /= \w+\(([\s\S]*)\);/.exec(source(`main/${circuit}.circom`).replace(/\/\/.*/g, ''))!
  return JSON.parse(`[${list}]`)
}

test('set-up: npm run circuits compiles to what is committed', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'circuits/build.ts')])
  t.match(stdout, /committed artifacts are of these sources/)
  t.match(stdout, /renew +\d+ constraints of at most 32767/)
})

test('set-up: it is called what it is', async (t) => {
  const setUp = readSetUp(artifactsFolder)
  t.equal(setUp.id, setUpId(setUp))
  t.strictSame(setUp.id, bytesToHex(ownSetUp))
  t.equal(worthOf(setUp.transcript).text, 'development set-up, one contributor: whoever ran it could forge')
  t.match(setUp.transcript, [{ kind: 'powers', blake2b: setUp.ptau }, { kind: 'contribution' }, { kind: 'beacon' }])
  for (const circuit of circuits) {
    t.ok(setUp.circuits[circuit].constraints < 2 ** 15, circuit)
    t.strictSame(setUp.circuits[circuit].publics, publicSignals[circuit])
  }
})

test('set-up: parameters of the circuits are those of the protocol', async (t) => {
  const slotBits = Math.log2(slotCount)
  const keyBits = (lastKey + 1n).toString(2).length - 1
  const sumBits = sumMax.toString(2).length - 1
  t.strictSame(parametersOf('pass'), [trees.identities.depth, slotBits, keyBits, sumBits])
  t.strictSame(parametersOf('stamp'), [trees.stamps.depth])
  for (const { reputation } of [rules, ...Object.values(presets)]) {
    const { down, up } = decayFactors({ ...rules, reputation })
    const depths = [trees.identities.depth, trees.history.depth, verdictDepth]
    const factors = [down.map(Number), up.map(Number)]
    t.strictSame(parametersOf('renew'), [...depths, slotBits, keyBits, sumBits, down.length, ...factors])
    t.equal(reputation.keysPerEpoch, slotCount)
  }
  t.equal(scoreOne, 2n ** 16n)
  // What the circuit does not check of a row: four keys of an epoch add less than a hidden sum has room for.
  t.ok(scoreMax <= 2n ** 40n)
})

test('set-up: tags of the circuits are those of the protocol', async (t) => {
  const found = [...source('tags.circom').matchAll(/function TAG_(\w+)\(\) \{ return (\d+); \}/g)].map(
    ([, name, tag]) => [name!.toLowerCase(), BigInt(tag!)],
  )
  const wanted = Object.entries(domains).map(([name, tag]) => [name.replace(/[A-Z]/g, '_$&').toLowerCase(), tag])
  t.strictSame(found, wanted)
})

test('set-up: a leaf has one nullifier, whatever is made of it', async (t) => {
  const ways = (['renew, folding', 'renew, endorsing', 'settle, folding'] as const).map((name) => scenes[name].inputs)
  t.equal(new Set(ways.map(({ leaf }) => leaf)).size, 3, 'three successors')
  t.equal(new Set(ways.map(({ nullifier }) => nullifier)).size, 1, 'of which one can be had')
})

for (const scene of ['pass, tier 2', 'renew, endorsing', 'settle, folding', 'stamp'] as const)
  test(`set-up: ${scene}: a proof shows its statement and no other`, async (t) => {
    const { circuit, inputs } = scenes[scene]
    const witness: { type: 'mem'; data?: Uint8Array } = { type: 'mem' }
    await wtns.calculate(inputs, fileOf(artifactsFolder, circuit, 'wasm'), witness)
    const { proof, publicSignals: signals } = await groth16.prove(fileOf(artifactsFolder, circuit, 'zkey'), witness)
    const key = JSON.parse(readFileSync(fileOf(artifactsFolder, circuit, 'vkey'), 'utf8'))
    t.strictSame(
      signals,
      publicSignals[circuit].map((name) => String((inputs as Record<string, unknown>)[name])),
    )
    t.ok(await groth16.verify(key, signals, proof))
    // On another network, in another epoch, for another pseudonym, with another's nullifier: it is replayed for nothing.
    for (const [at, name] of publicSignals[circuit].entries())
      t.notOk(await groth16.verify(key, signals.with(at, String(BigInt(signals[at]!) + 1n)), proof), `another ${name}`)
  })

test('set-up: nothing is left running', async () => {
  await (await curves.getCurveFromName('bn128')).terminate()
})
