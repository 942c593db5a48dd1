/**
 * The verdict tree of a closed epoch: what each of its epoch keys gathered, sorted by key, so that one path shows a key
 * present or absent. Every row names the key that comes next; a key that is not there lies between two that are.
 */
import { numberOf20 } from './field.ts'
import { poseidon } from './poseidon.ts'
import { type TreePath, treeOf } from './tree.ts'

/** The circuits are built for this depth. */
export const verdictDepth = 13
/** The most keys of one epoch: one row is the sentinel's. */
export const verdictKeysMax = 4 ** verdictDepth - 1
/** What the last row names as the next key. No pass takes it, nor key 0. */
export const lastKey = 2n ** 160n - 1n

/** What one epoch key (a number below 2^160) gathered. Sums have 16 fractional bits and are at most 2^40. */
export type Gathered = { readonly key: bigint; readonly positive: bigint; readonly negative: bigint }

/** A row as it stands in the tree. */
export type Row = Gathered & { readonly next: bigint }

/** Poseidon(7, key, next, positive, negative). */
export const rowLeaf = ({ key, next, positive, negative }: Row): bigint =>
  poseidon('row', key, next, positive, negative)

/** The rows of an epoch: the sentinel's (key 0), and then every key in rising order. */
export function rowsOf(gathered: readonly Gathered[]): Row[] {
  const sorted = [{ key: 0n, positive: 0n, negative: 0n }, ...gathered].sort((a, b) => (a.key < b.key ? -1 : 1))
  return sorted.map((row, at) => ({ ...row, next: sorted[at + 1]?.key ?? lastKey }))
}

/** The whole tree of an epoch: its root, and the row, with its path, that shows a key present or absent. */
export function verdictTree(gathered: readonly Gathered[]): {
  root: bigint
  show: (key: bigint) => { row: Row; path: TreePath }
} {
  const rows = rowsOf(gathered)
  const { root, path } = treeOf(rows.map(rowLeaf), verdictDepth)
  return {
    root,
    show(key) {
      const index = rows.findLastIndex((row) => row.key <= key)
      return { row: rows[index]!, path: path(index) }
    },
  }
}

/** A pass's record as a row of the tree. */
export const gatheredOf = (
  epochKey: Uint8Array,
  { positive, negative }: { readonly positive: bigint; readonly negative: bigint },
): Gathered => ({ key: numberOf20(epochKey), positive, negative })
