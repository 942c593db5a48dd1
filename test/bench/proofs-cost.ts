/** What proofs cost: making one of each circuit, verifying one and many, and the same for a proof that others need with each message. */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hexToBytes } from '@noble/hashes/utils.js'
import { groth16 } from 'snarkjs'
import { type Artifacts, circuits, keyFilesOf } from '../../node/proofs/artifacts.ts'
import { startCurve } from '../../node/proofs/curve.ts'
import { type KeyFile, type Keys, readKey, readKeys, verifyEach } from '../../node/proofs/groth16.ts'
import { loadSamples } from '../../node/proofs/proof-check.ts'
import { decodeProof } from '../../node/proofs/proof-bytes.ts'
import { stopProving } from '../../node/proofs/make-proof.ts'
import type { Circuit, Statement } from '../../protocol/statement.ts'
import { rerandomised } from '../kit/forgery.ts'
import { provable } from '../kit/statements.ts'
import { digits, median, megabytes, spent, tell } from './measure.ts'
import type { Made } from './proofs-child.ts'

/** Milliseconds of processors for one proof: by snarkjs, and by us alone, among 8 and among 64. */
export type Verifying = {
  readonly snarkjsMs: number
  readonly aloneMs: number
  readonly of8Ms: number
  readonly of64Ms: number
}

export type CircuitCost = {
  readonly constraints: number
  readonly signals: number
  readonly zkeyMegabytes: number
  readonly witnessMs: number
  readonly proveMs: number
  /** All of the process that makes a proof: its start, reading the key, and ending. */
  readonly processCpuMs: number
  readonly peakMegabytes: number
  readonly verify: Verifying
}

/** What others prove with each message (`rln.circom`). */
export type OtherCost = { readonly constraints: number; readonly signals: number; readonly verify: Verifying }

export async function proofCosts(
  artifacts: Artifacts,
  { isQuick }: { isQuick: boolean },
): Promise<{ ours: Readonly<Record<Circuit, CircuitCost>>; rln: OtherCost }> {
  await startCurve()
  const rounds = isQuick ? 3 : 9
  const files = keyFilesOf(artifacts)
  const keys = readKeys(files)
  const samples = loadSamples()
  const ours: Partial<Record<Circuit, CircuitCost>> = {}
  for (const [at, circuit] of circuits.entries()) {
    tell(`proofs: ${circuit}`)
    const { constraints, zkey } = artifacts.circuits[circuit]
    const made: Made[] = []
    for (let round = 0; round < (isQuick ? 1 : 3); round++) made.push(await make(artifacts, circuit))
    ours[circuit] = {
      constraints,
      signals: files[circuit].nPublic,
      zkeyMegabytes: megabytes(statSync(zkey.path).size),
      witnessMs: Math.round(median(made.map(({ witnessMs }) => witnessMs))),
      proveMs: Math.round(median(made.map(({ proveMs }) => proveMs))),
      processCpuMs: Math.round(median(made.map(({ cpuMs }) => cpuMs))),
      peakMegabytes: megabytes(median(made.map(({ peakBytes }) => peakBytes))),
      verify: await verifying({ keys, file: files[circuit], sample: samples[at]!, rounds }),
    }
  }
  tell('proofs: a rate-limiting nullifier')
  const rln = await otherCost(keys, rounds)
  await stopProving()
  return { ours: ours as Record<Circuit, CircuitCost>, rln }
}

/** The other circuit takes the place of one of ours: the mathematics is the same. */
async function otherCost(keys: Keys, rounds: number): Promise<OtherCost> {
  const { constraints, key, signals, proof } = JSON.parse(readFileSync(join(import.meta.dirname, 'rln.json'), 'utf8'))
  const sample = { circuit: 'pass' as const, signals: signals.map(BigInt), proof: hexToBytes(proof) }
  const verify = await verifying({ keys: { ...keys, pass: readKey(key) }, file: key, sample, rounds })
  return { constraints, signals: signals.length, verify }
}

async function make({ circuits: of }: Artifacts, circuit: Circuit): Promise<Made> {
  const { wasm, zkey } = of[circuit]
  const child = fork(join(import.meta.dirname, 'proofs-child.ts'), { serialization: 'advanced', execArgv: [] })
  child.send({ inputs: provable[circuit](1).inputs, wasm, zkey })
  const [made] = await once(child, 'message', { signal: AbortSignal.timeout(300_000) })
  return made
}

async function verifying(plan: {
  readonly keys: Keys
  readonly file: KeyFile
  readonly sample: Statement
  readonly rounds: number
}): Promise<Verifying> {
  const { keys, file, sample, rounds } = plan
  // Different proofs, as they come from different people.
  const many = Array.from({ length: 64 }, (_, at) => ({
    ...sample,
    proof: rerandomised(sample.proof, file, { r: BigInt(at + 2), s: BigInt(at + 3) }),
  }))
  const each = async (count: number): Promise<number> => {
    const taken: number[] = []
    for (let round = 0; round < rounds; round++) {
      const { cpuMs } = await spent(() => {
        const holding = verifyEach(keys, many.slice(0, count), randomBytes)
        if (holding.includes(false)) throw new Error('A proof of the benchmark does not hold.')
      })
      taken.push(cpuMs / count)
    }
    return digits(median(taken))
  }
  const snarkjs: number[] = []
  const theirs = sample.signals.map(String)
  await groth16.verify(file, theirs, decodeProof(sample.proof)!) // warm, as are ours
  await each(8)
  for (let round = 0; round < rounds; round++) {
    const proof = decodeProof(many[round]!.proof)!
    const { cpuMs } = await spent(async () => {
      if (!(await groth16.verify(file, theirs, proof))) throw new Error('snarkjs refuses a proof of the benchmark.')
    })
    snarkjs.push(cpuMs)
  }
  return {
    snarkjsMs: digits(median(snarkjs)),
    aloneMs: await each(1),
    of8Ms: await each(8),
    of64Ms: await each(64),
  }
}
