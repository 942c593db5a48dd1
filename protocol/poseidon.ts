/**
 * The hash of the proofs: Poseidon over BN254 (Grassi et al., USENIX Security 2021) with the constants of circomlib.
 * Dear outside a circuit (about 0.2 ms), so only what a circuit must see is hashed with it.
 */
import { poseidon2 } from 'poseidon-lite/poseidon2'
import { poseidon3 } from 'poseidon-lite/poseidon3'
import { poseidon4 } from 'poseidon-lite/poseidon4'
import { poseidon5 } from 'poseidon-lite/poseidon5'
import { poseidon7 } from 'poseidon-lite/poseidon7'

/**
 * Every purpose we hash for inside proofs, as the first input of the hash. A node of a tree has no domain: it is the hash of
 * its four children, at a fixed depth.
 */
export const domains = {
  commitment: 1n,
  first: 2n,
  leaf: 3n,
  key: 4n,
  scope: 5n,
  nullifier: 6n,
  row: 7n,
  stamp: 8n,
  note: 9n,
  stampNullifier: 10n,
} as const

const byInputs: Readonly<Record<number, (inputs: bigint[]) => bigint>> = {
  2: poseidon2,
  3: poseidon3,
  4: poseidon4,
  5: poseidon5,
  7: poseidon7,
}

/** One element for a purpose and one to six elements. */
export const poseidon = (domain: keyof typeof domains, ...inputs: readonly bigint[]): bigint =>
  byInputs[inputs.length + 1]!([domains[domain], ...inputs])

/** A node of a tree of its four children. An empty subtree is 0, at every level: nothing is known to hash to it. */
export const nodeOf = (children: readonly bigint[]): bigint => poseidon4([...children])
