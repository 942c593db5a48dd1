/**
 * Makes `rln.json`, which is committed: a verification key of `rln.circom` and one proof, so that the benchmark can verify
 * what others verify with each message. `node test/bench/rln-set-up.ts <powers of tau, 2^13 or more>`. Whoever runs it
 * could forge proofs under the key; nobody relies on any.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { poseidon1 } from 'poseidon-lite/poseidon1'
import { poseidon2 } from 'poseidon-lite/poseidon2'
import { groth16, wtns } from 'snarkjs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeProof } from '../../node/proofs/proof-bytes.ts'
import { stopProving } from '../../node/proofs/make-proof.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'circuits/build')
const powers = process.argv[2]
if (!powers) throw new Error('Name a file with powers of tau.')
mkdirSync(folder, { recursive: true })

const at = (name: string) => join(folder, name)
const run = (program: string, ...words: string[]) =>
  execFileSync(process.execPath, [join(root, 'node_modules', program), ...words], { cwd: root, encoding: 'utf8' })
const snarkjs = (...words: string[]) => run('snarkjs/build/cli.cjs', ...words)

const source = join(import.meta.dirname, 'rln.circom')
const told = run('circom2/cli.js', source, '--r1cs', '--wasm', '--O2', '-l', 'node_modules', '-o', folder)
const constraints = Number(/non-linear constraints: (\d+)/.exec(told)?.[1])
snarkjs('groth16', 'setup', at('rln.r1cs'), powers, at('rln-0.zkey'))
snarkjs('zkey', 'contribute', at('rln-0.zkey'), at('rln.zkey'), '--name=bench', `-e=${randomBytes(32).toString('hex')}`)
snarkjs('zkey', 'export', 'verificationkey', at('rln.zkey'), at('rln.vkey.json'))

const [identitySecret, messageLimit] = [77n, 20n]
const inputs = {
  x: 123n,
  externalNullifier: 456n,
  identitySecret,
  messageLimit,
  messageId: 3n,
  pathElements: Array.from({ length: 20 }, (_, level) => BigInt(level)),
  pathIndex: Array.from({ length: 20 }, (_, level) => BigInt(level % 2)),
}
const witness: { type: 'mem'; data?: Uint8Array } = { type: 'mem' }
await wtns.calculate(inputs, at('rln_js/rln.wasm'), witness)
const { proof, publicSignals: signals } = await groth16.prove(at('rln.zkey'), witness)
await stopProving()
if (signals[1] !== String(rootOf(poseidon2([poseidon1([identitySecret]), messageLimit]))))
  throw new Error('The circuit has another root than its twin.')

const key = JSON.parse(readFileSync(at('rln.vkey.json'), 'utf8'))
const sample = { constraints, key, signals, proof: bytesToHex(encodeProof(proof)) }
writeFileSync(join(import.meta.dirname, 'rln.json'), `${JSON.stringify(sample, null, 2)}\n`)

function rootOf(leaf: bigint): bigint {
  return inputs.pathElements.reduce(
    (node, sibling, level) => poseidon2(inputs.pathIndex[level] === 1n ? [sibling, node] : [node, sibling]),
    leaf,
  )
}
