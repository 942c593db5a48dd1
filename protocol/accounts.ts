/**
 * The commitment to all accounts: a 4-ary SHA-256 tree over their permanent slots, kept in memory (about 43 MB a
 * million accounts), which proves a balance to a light client or to a chain. Depth 16, so 2^32 slots; an empty subtree
 * is 32 zero bytes, which nothing hashes to.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { assert } from './assert.ts'
import { hash } from './hash.ts'

const DEPTH = 16
const ZERO = new Uint8Array(32)
const nodeBytes = 4 * 32

/** The hash of one account: its slot, its address, and its encoded record. */
export const accountLeaf = ({
  slot,
  address,
  record,
}: {
  slot: number
  address: Uint8Array
  record: Uint8Array
}): Uint8Array => hash('account', slotBytes(slot), address, record)

/** The tree, in memory. A leaf is 32 bytes, and so is the root. */
export interface AccountsTree {
  /** Slots in use. */
  readonly count: number
  /** Set the leaf of a slot: one in use, or the next one. */
  set(slot: number, leaf: Uint8Array): void
  leaf(slot: number): Uint8Array
  /** Forget the slots from `count` on. */
  truncate(count: number): void
  /** 32 bytes; only what changed since the last call is hashed again. */
  root(): Uint8Array
  /** 16 × 3 siblings, leaf side first, for a slot in use. */
  proof(slot: number): Uint8Array[]
}

/** An empty tree. */
export function createAccountsTree(): AccountsTree {
  const levels = Array.from({ length: DEPTH + 1 }, () => new Uint8Array(nodeBytes))
  let count = 0
  const dirty = new Set<number>()

  const read = (level: number, index: number): Uint8Array => {
    const bytes = levels[level]!
    return (index + 1) * 32 <= bytes.length ? bytes.subarray(index * 32, (index + 1) * 32) : ZERO
  }
  const write = (level: number, index: number, value: Uint8Array): void => {
    let bytes = levels[level]!
    if ((index + 1) * 32 > bytes.length) {
      const grown = new Uint8Array(Math.max(bytes.length * 2, (Math.floor(index / 4) + 1) * nodeBytes))
      grown.set(bytes)
      levels[level] = bytes = grown
    }
    bytes.set(value, index * 32)
  }
  const rehash = (): void => {
    let indexes: ReadonlySet<number> = new Set(dirty)
    dirty.clear()
    for (let level = 0; level < DEPTH && indexes.size > 0; level++) {
      const above = new Set<number>()
      for (const index of indexes) above.add(Math.floor(index / 4))
      const children = levels[level]!
      for (const parent of above)
        write(level + 1, parent, nodeOf(children.subarray(parent * nodeBytes, (parent + 1) * nodeBytes)))
      indexes = above
    }
  }
  return {
    get count() {
      return count
    },
    set(slot, leaf) {
      assert(slot <= count, 'slots are given in order')
      count = Math.max(count, slot + 1)
      write(0, slot, leaf)
      dirty.add(slot)
    },
    leaf: (slot) => read(0, slot).slice(),
    truncate(kept) {
      for (let slot = kept; slot < count; slot++) {
        write(0, slot, ZERO)
        dirty.add(slot)
      }
      count = Math.min(count, kept)
    },
    root() {
      rehash()
      return read(DEPTH, 0).slice()
    },
    proof(slot) {
      assert(slot < count, 'only a slot in use is proven')
      rehash()
      const siblings: Uint8Array[] = []
      for (let level = 0, index = slot; level < DEPTH; level++, index = Math.floor(index / 4))
        for (let child = 0; child < 4; child++)
          if (child !== index % 4) siblings.push(read(level, index - (index % 4) + child).slice())
      return siblings
    },
  }
}

/** The root that 16 × 3 siblings and a leaf at `slot` lead to; nothing where their number or the slot cannot be. */
export function accountsRootOf({
  leaf,
  slot,
  siblings,
}: {
  leaf: Uint8Array
  slot: number
  siblings: readonly Uint8Array[]
}): Uint8Array | undefined {
  if (siblings.length !== DEPTH * 3 || !Number.isInteger(slot) || slot < 0 || slot >= 2 ** 32) return undefined
  let node = leaf
  for (let level = 0, index = slot; level < DEPTH; level++, index = Math.floor(index / 4)) {
    const children = siblings.slice(level * 3, level * 3 + 3)
    children.splice(index % 4, 0, node)
    node = nodeOf(concatBytes(...children))
  }
  return node
}

/** A node of its four children, one after the other. */
const nodeOf = (children: Uint8Array): Uint8Array =>
  children.every((byte) => byte === 0) ? ZERO : hash('accountsNode', children)

const slotBytes = (slot: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, slot)
  return bytes
}
