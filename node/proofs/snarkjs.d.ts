/** The part of snarkjs that we use; it comes without types. */
declare module 'snarkjs' {
  import type { SnarkProof } from './proof-bytes.ts'
  import type { Inputs } from '../seams.ts'

  export const wtns: {
    /** Compute a witness into `file.data`. Throws where the inputs do not satisfy the circuit. */
    calculate(inputs: Inputs, wasm: string, file: { type: 'mem'; data?: Uint8Array }): Promise<void>
  }
  export const groth16: {
    prove(
      zkey: string,
      witness: { type: 'mem'; data?: Uint8Array },
    ): Promise<{ proof: SnarkProof; publicSignals: string[] }>
    verify(key: unknown, signals: readonly string[], proof: SnarkProof): Promise<boolean>
  }
}
