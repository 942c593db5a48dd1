/** What every operation is applied under, besides the state. */
import type { Rules } from './rules.ts'
import type { Statement } from './statement.ts'

/** The network (its id, 32 bytes), its rules, and what checks signatures and proofs. */
export type Context = {
  readonly network: Uint8Array
  readonly rules: Rules
  /** Whether a proof shows its statement. The ledger takes the answer; checking proofs is the node's business. */
  readonly verifyProof: (statement: Statement) => boolean
  /** Whether `signature` over the 32-byte `digest` is by `key`. A node passes one that remembers what it has verified. */
  readonly verify: (signed: { digest: Uint8Array; signature: Uint8Array; key: Uint8Array }) => boolean
}
