/** What is believed and what is not, with the samples of the set-up: real proofs, verified by mcl and by snarkjs. */
import { randomBytes } from 'node:crypto'
import { groth16 } from 'snarkjs'
import { test } from 'tap'
import { keyFilesOf, loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { millerEach, millerVector, readG1, readG2, startCurve } from '../../../node/proofs/curve.ts'
import { readKey, readKeys, verifyEach } from '../../../node/proofs/groth16.ts'
import { loadSamples } from '../../../node/proofs/proof-check.ts'
import { baseModulus, decodeProof, encodeProof, toBigEndian } from '../../../node/proofs/proof-bytes.ts'
import { stopProving } from '../../../node/proofs/make-proof.ts'
import { fieldModulus } from '../../../protocol/field.ts'
import type { Statement } from '../../../protocol/statement.ts'
import {
  bytesOf,
  outsideG2,
  plusModulus,
  pointsOf,
  rerandomised,
  withCoordinate,
  withShiftedC,
} from '../../kit/forgery.ts'

await startCurve()
const files = keyFilesOf(loadArtifacts())
const keys = readKeys(files)
const samples = loadSamples()
const [pass, renew, stamp] = samples as [Statement, Statement, Statement]

const verify = (statements: readonly Statement[], random = randomBytes) => verifyEach(keys, statements, random)
const holds = (statement: Statement): boolean => verify([statement])[0]!
const withProof = (statement: Statement, proof: Uint8Array): Statement => ({ ...statement, proof })

/** The same statement with another proof. */
const again = (statement: Statement, number: number): Statement =>
  withProof(statement, rerandomised(statement.proof, files[statement.circuit], { r: BigInt(number + 2), s: 7n ** 80n }))

/** So many statements of mixed circuits, no two with the same proof. */
const many = Array.from({ length: 64 }, (_, number) => again(samples[number % 3]!, number))
/** One that is wrong, of the same circuit. */
const spoilt = (statement: Statement): Statement => withProof(statement, withShiftedC(statement.proof, 1n))

test('proofs: each sample holds, alone and with the others', async (t) => {
  for (const sample of samples) t.ok(holds(sample), sample.circuit)
  t.strictSame(verify(samples), [true, true, true])
  t.strictSame(verify([]), [])
})

test('proofs: batches of every size up to 64 hold', async (t) => {
  for (let size = 1; size <= 64; size++)
    if (verify(many.slice(0, size)).includes(false)) t.fail(`a batch of ${size} does not hold`)
  t.pass('all hold')
})

test('proofs: what is wrong in a batch is named, and nothing else', async (t) => {
  for (const wrong of [[0], [63], [37], [1, 2], [0, 31, 32, 63], [5, 8, 13, 21, 34, 55]]) {
    const batch = many.map((statement, at) => (wrong.includes(at) ? spoilt(statement) : statement))
    const named = verify(batch).flatMap((isGood, at) => (isGood ? [] : [at]))
    t.strictSame(named, wrong, wrong.join())
  }
  t.strictSame(new Set(verify(many.slice(0, 8).map(spoilt))), new Set([false]), 'all wrong')
})

test('proofs: errors that cancel each other out are found, because nobody knows the coefficients', async (t) => {
  const pair = [
    withProof(stamp, withShiftedC(stamp.proof, 5n)),
    withProof(stamp, withShiftedC(again(stamp, 1).proof, -5n)),
  ]
  t.strictSame(verify(pair), [false, false])
  const foreseen = (length: number) => Buffer.alloc(length, 3)
  t.strictSame(verify(pair, foreseen), [true, true], 'with coefficients that are all the same they would pass')
})

test('proofs: no byte of a proof can be changed', async (t) => {
  for (const sample of samples)
    for (let at = 0; at < sample.proof.length; at++) {
      const proof = sample.proof.slice()
      proof[at]! ^= 1 << (at % 8)
      if (holds(withProof(sample, proof))) t.fail(`${sample.circuit}: byte ${at}`)
    }
  t.pass('each changed proof is refused')
})

test('proofs: a proof has one encoding', async (t) => {
  const { proof } = pass
  for (let place = 0; place < 8; place++) {
    const same = withCoordinate(proof, place, plusModulus)
    t.notOk(holds(withProof(pass, same)), `coordinate ${place} plus the modulus`)
    t.equal(decodeProof(same), undefined)
    t.notOk(
      holds(
        withProof(
          pass,
          withCoordinate(proof, place, () => baseModulus),
        ),
      ),
      `coordinate ${place} is the modulus`,
    )
  }
  for (const length of [0, 255, 257, 512])
    t.notOk(
      holds(
        withProof(
          pass,
          Uint8Array.from({ length }, (_, at) => proof[at] ?? 0),
        ),
      ),
      `${length} bytes`,
    )
  t.strictSame(encodeProof(decodeProof(proof)!), proof)
  t.throws(() => encodeProof({ ...decodeProof(proof)!, protocol: 'plonk' }))
  t.throws(() => encodeProof({ ...decodeProof(proof)!, pi_a: ['1', '2', '0'] }), 'a point at infinity')
  t.throws(() => encodeProof({ ...decodeProof(proof)!, pi_a: [String(baseModulus), '2', '1'] }))
})

test('proofs: points at infinity and points off their curves are refused', async (t) => {
  const { proof } = renew
  for (const [name, from, to] of [
    ['A', 0, 64],
    ['B', 64, 192],
    ['C', 192, 256],
  ] as const) {
    t.notOk(holds(withProof(renew, proof.slice().fill(0, from, to))), `${name} at infinity`)
    const place = from / 32
    t.notOk(
      holds(
        withProof(
          renew,
          withCoordinate(proof, place, (value) => (value + 1n) % baseModulus),
        ),
      ),
      `${name} off`,
    )
  }
  const zero = new Uint8Array(32)
  t.equal(readG1([zero, zero]), undefined)
  t.equal(
    readG2([
      { c0: zero, c1: zero },
      { c0: zero, c1: zero },
    ]),
    undefined,
  )
  t.ok(readG1([toBigEndian(1n), toBigEndian(2n)]), 'the generator')
})

test('proofs: a point on the curve of G2 that is outside the group is refused', async (t) => {
  const outside = withProof(renew, bytesOf({ ...pointsOf(renew.proof), b: outsideG2() }))
  t.notOk(holds(outside))
  t.strictSame(verify([renew, outside, stamp]), [true, false, true])
})

test('proofs: signals are numbers of the field, all of them, in their order', async (t) => {
  for (const sample of samples) {
    const { signals } = sample
    const refused = (name: string, changed: readonly bigint[]) =>
      t.notOk(holds({ ...sample, signals: changed }), `${sample.circuit}: ${name}`)
    for (const at of signals.keys()) {
      refused(`${at} plus the modulus`, signals.with(at, signals[at]! + fieldModulus))
      refused(`${at} plus one`, signals.with(at, (signals[at]! + 1n) % fieldModulus))
      refused(`${at} below zero`, signals.with(at, signals[at]! - fieldModulus))
    }
    refused('one too few', signals.slice(0, -1))
    refused('one too many', [...signals, 0n])
    refused('none', [])
    refused('reversed', signals.toReversed())
  }
  t.notOk(holds({ ...pass, circuit: 'renew' }), 'another circuit')
  t.notOk(holds({ ...pass, proof: stamp.proof }), 'another proof')
})

test('proofs: anybody can make another proof of a statement, so the bytes identify nothing', async (t) => {
  for (const sample of samples) {
    const other = again(sample, 5)
    t.notSame(other.proof, sample.proof)
    t.ok(holds(other), sample.circuit)
  }
})

test('proofs: the Miller loop of many is the product of the Miller loops', async (t) => {
  const pairs = many.slice(0, 9).map(({ proof }) => {
    const { a, b } = pointsOf(proof)
    return [a, b] as const
  })
  for (const count of [1, 2, 9])
    t.ok(millerVector(pairs.slice(0, count)).isEqual(millerEach(pairs.slice(0, count))), String(count))
})

test('proofs: a key that is none is refused', async (t) => {
  const { pass: key } = files
  t.throws(() => readKey({ ...key, protocol: 'plonk' }))
  t.throws(() => readKey({ ...key, nPublic: key.nPublic + 1 }))
  t.throws(() => readKey({ ...key, IC: key.IC.with(0, ['1', '1', '1']) }), 'off the curve')
  t.throws(() => readKey({ ...key, vk_alpha_1: [] }))
})

test('proofs: snarkjs says the same', async (t) => {
  t.teardown(stopProving)
  const changes: readonly ((statement: Statement, number: number) => Statement)[] = [
    again,
    (statement, number) => spoilt(again(statement, number)),
    (statement, number) => ({ ...statement, signals: statement.signals.with(number % 5, BigInt(number)) }),
    (statement) => withProof(statement, stamp.proof),
  ]
  for (let number = 0; number < 24; number++) {
    const statement = changes[number % changes.length]!(samples[number % 3]!, number + 3)
    const { circuit, signals, proof } = statement
    const theirs = await groth16.verify(files[circuit], signals.map(String), decodeProof(proof)!)
    t.equal(holds(statement), theirs, `${circuit} ${number}: ${theirs}`)
  }
})
