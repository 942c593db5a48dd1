/** Merkle trees of a batch's operations and outcomes, as RFC 9162 §2.1 defines them (SHA-256, 0x00 leaves, 0x01 nodes). */
import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from './codec.ts'
import { hashAfter } from './hash.ts'

/** The hash of a leaf's bytes. */
export const leafHash = (bytes: Uint8Array): Uint8Array => afterLeaf([bytes])

/** The root over leaf hashes in order; of none it is SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0))
  let level = leaves
  while (level.length > 1) level = parents(level)
  return level[0]!
}

/** The path from leaf `index` to the root, leaf side first (RFC 9162 §2.1.3.1). */
export function merkleProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let level = leaves
  for (let at = index; level.length > 1; at >>= 1, level = parents(level)) {
    const sibling = level[at ^ 1]
    if (sibling) path.push(sibling)
  }
  return path
}

/** Whether `path` leads from a leaf hash at `index` of `count` leaves to `root` (RFC 9162 §2.1.3.2). */
export function verifyMerkle(
  leaf: Uint8Array,
  { index, count, path, root }: { index: number; count: number; path: readonly Uint8Array[]; root: Uint8Array },
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return false
  let hash = leaf
  let used = 0
  for (let at = index, last = count - 1; last > 0; at = Math.floor(at / 2), last = Math.floor(last / 2)) {
    if (at % 2 === 0 && at === last) continue
    const sibling = path[used++]
    if (!sibling) return false
    hash = at % 2 === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash)
  }
  return used === path.length && equalBytes(hash, root)
}

const afterLeaf = hashAfter(Uint8Array.of(0))
const afterNode = hashAfter(Uint8Array.of(1))
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => afterNode([left, right])

/** One level up; the last node without a sibling rises as it is. */
function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let at = 0; at < level.length; at += 2) {
    const right = level[at + 1]
    above.push(right ? nodeHash(level[at]!, right) : level[at]!)
  }
  return above
}
