/** What a proof shows. The ledger says the statement; whether the proof holds is the node's business to find out. */

/** The circuits that there are. */
export type Circuit = 'renew' | 'pass' | 'stamp'

/** Public signals in the order of the circuit's inputs, and the proof in its one encoding of 256 bytes. */
export type Statement = {
  readonly circuit: Circuit
  readonly signals: readonly bigint[]
  readonly proof: Uint8Array
}

/** 256 bytes: the points A, B, C of a Groth16 proof, as EIP-197 writes them. */
export const proofBytes = 256

/** What the sums of a hidden state stay below. */
export const sumMax = 2n ** 48n
