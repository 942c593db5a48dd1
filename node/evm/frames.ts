/** A post as the contract reads it: frames one after the other, and the root over what became of each. */
import { p256 } from '@noble/curves/nist.js'
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { leafHash, merkleRoot } from '../../protocol/merkle.ts'

/** An operation in bytes, and x and y of the key that signed it (64 bytes). */
const Frames = P.array(null, P.struct({ op: P.bytes(P.U16BE), key: P.bytes(64) }))

/** An operation with the key that signs for its account (33 bytes); without one it is nobody's. */
export type Signed = { readonly bytes: Uint8Array; readonly key: Uint8Array | undefined }

/** What a frame takes besides its operation. */
export const frameBytes = 66

/** Operations as they are posted. */
export const framesOf = (signed: readonly Signed[]): Uint8Array =>
  Frames.encode(
    signed.map(({ bytes, key }) => ({
      op: bytes,
      key: key ? p256.Point.fromBytes(key).toBytes(false).subarray(1) : new Uint8Array(64),
    })),
  )

/** The operations of a post that the contract took, so that it has whole frames. */
export const opsOf = (batch: Uint8Array): Uint8Array[] => Frames.decode(batch).map(({ op }) => op)

/** The root that the contract keeps of a post. */
export const postRoot = (ops: readonly Uint8Array[], settled: readonly boolean[]): Uint8Array =>
  merkleRoot(ops.map((op, at) => leafHash(concatBytes(op, Uint8Array.of(settled[at] ? 1 : 0)))))
