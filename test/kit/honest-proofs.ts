/**
 * Proofs for simulations in which it matters what is proven. A circuit's own program computes the witness, and throws where
 * there is none; the proof then is no more than a mark that its public signals have, and no other.
 */
import { createHash } from 'node:crypto'
import type { Proofs } from '../../node/seams.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { type Circuit, proofBytes } from '../../protocol/statement.ts'
import { type Calculator, calculatorOf } from '../circuits/calculator.ts'
import { plainProofs } from './plain-proofs.ts'

/** The public signals of each circuit, in the order of statements. */
const signalsOf: { readonly [C in Circuit]: readonly string[] } = {
  pass: ['identitiesRoot', 'network', 'epoch', 'epochKey', 'scoreMin', 'negativeMax', 'beneficiary'],
  renew: ['identitiesRoot', 'historyRoot', 'network', 'epoch', 'nullifier', 'leaf', 'spent', 'target', 'reserve'],
  stamp: ['stampsRoot', 'network', 'nullifier', 'denomination', 'beneficiary'],
}

const programs = new Map<Circuit, Calculator>()
for (const circuit of ['pass', 'renew', 'stamp'] as const)
  programs.set(circuit, await calculatorOf(`${import.meta.dirname}/../../circuits/artifacts/${circuit}.wasm`))

/** Proofs that only a true statement has. */
export const honestProofs: Proofs = {
  ...plainProofs,
  verify: async (statements) =>
    statements.map(({ circuit, signals, proof }) => equalBytes(proof, markOf(circuit, signals))),
  async prove(circuit, inputs, { signal }) {
    signal.throwIfAborted()
    programs.get(circuit)!(inputs)
    return markOf(
      circuit,
      signalsOf[circuit].map((name) => inputs[name] as bigint),
    )
  },
}

function markOf(circuit: Circuit, signals: readonly bigint[]): Uint8Array {
  const mark = createHash('sha256').update(`${circuit} ${signals.join()}`).digest()
  return Uint8Array.from({ length: proofBytes }, (_, at) => mark[at % mark.length]!)
}
