/** The work of the child process that makes a proof: a witness from inputs, and a proof from that, by snarkjs. */
import { groth16, wtns } from 'snarkjs'
import { checkFile, type FileWithHash } from './artifacts.ts'
import { encodeProof } from './proof-bytes.ts'
import type { Inputs } from '../seams.ts'

/** Where a proof is: the process runs, the witness is being computed, the proof is being computed, it was verified. */
export type Progress = 'started' | 'witness' | 'proving' | 'done'

/** What the child is told. */
export type Task = { readonly inputs: Inputs; readonly wasm: FileWithHash; readonly zkey: FileWithHash }

/** What the child says: where it is, the proof, or why there is none. */
export type Said = { readonly progress: Progress } | { readonly proof: Uint8Array } | { readonly failure: string }

/**
 * Make the 256 bytes of a proof. Both files are checked first: a proving key of somebody else's making could tell what
 * it was given. Throws where a file is not the set-up's, or the inputs do not satisfy the circuit.
 */
export async function makeProof(
  { inputs, wasm, zkey }: Task,
  onProgress: (progress: Progress) => void,
): Promise<Uint8Array> {
  onProgress('started')
  await checkFile(wasm)
  await checkFile(zkey)
  onProgress('witness')
  const witness: { type: 'mem'; data?: Uint8Array } = { type: 'mem' }
  await wtns.calculate(inputs, wasm.path, witness)
  onProgress('proving')
  const { proof } = await groth16.prove(zkey.path, witness)
  return encodeProof(proof)
}

/** snarkjs keeps a thread for each core alive, and with them the process. */
export async function stopProving(): Promise<void> {
  const { curve_bn128: curve } = globalThis as { curve_bn128?: { terminate(): Promise<void> } }
  await curve?.terminate()
}
