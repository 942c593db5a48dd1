/**
 * Append-only trees of arity 4 over Poseidon. The ledger keeps only a tree's right edge, and writes down each node once
 * it is complete and so will never change: a leaf costs a third of a hash, and a path into any earlier state of the
 * tree can still be read.
 */
import { assert } from './assert.ts'
import { nodeOf } from './poseidon.ts'

/** How deep each tree of a network is, and its number in keys. The circuits are built for these depths. */
export const trees = {
  /** A leaf for each enrolment and each renewal. */
  identities: { number: 0, depth: 17 },
  /** The root of each closed epoch's verdicts; the index is the epoch. */
  history: { number: 1, depth: 10 },
  /** A leaf for each stamp sold. */
  stamps: { number: 2, depth: 16 },
} as const
export type TreeName = keyof typeof trees

/** The leaves so far, and at each level the nodes at the right that have no complete parent yet: at most three. */
export type Edge = { readonly count: number; readonly levels: readonly (readonly bigint[])[] }

/** A tree that has no leaf yet. */
export const emptyEdge: Edge = { count: 0, levels: [] }

/** A node that is complete. `level` 0 are the leaves. */
type TreeNode = { readonly level: number; readonly index: number; readonly node: bigint }

/** The leaves a tree has room for. */
export const capacityOf = (depth: number): number => 4 ** depth

/** Append a leaf; says which nodes this completes, the leaf first. */
export function append(edge: Edge, leaf: bigint, depth: number): { edge: Edge; completed: TreeNode[] } {
  assert(edge.count < capacityOf(depth), 'the tree has room')
  const levels = edge.levels.map((level) => [...level])
  const completed: TreeNode[] = []
  for (let level = 0, node = leaf; ; level++) {
    const row = (levels[level] ??= [])
    row.push(node)
    completed.push({ level, index: Math.floor(edge.count / 4 ** level), node })
    if (row.length < 4 || level === depth) break
    node = parentOf(row)
    levels[level] = []
  }
  return { edge: { count: edge.count + 1, levels }, completed }
}

/** The root of a tree with this edge; 0 of an empty one. */
export function rootOf({ levels }: Edge, depth: number): bigint {
  let carried = 0n
  for (let level = 0; level < depth; level++) carried = parentOf([...(levels[level] ?? []), carried])
  return levels[depth]?.[0] ?? carried
}

/** Where a leaf is, and its three siblings at each level, leaf side first, in the order of their places. */
export type TreePath = { readonly index: number; readonly siblings: readonly (readonly bigint[])[] }

/** The root that a path leads to from a leaf. */
export function rootFrom(leaf: bigint, { index, siblings }: TreePath): bigint {
  let node = leaf
  for (const [level, three] of siblings.entries()) {
    const children = [...three]
    children.splice(Math.floor(index / 4 ** level) % 4, 0, node)
    node = nodeOf(children)
  }
  return node
}

/** A whole tree of leaves that are all known: its root, and the path of each. */
export function treeOf(leaves: readonly bigint[], depth: number): { root: bigint; path: (index: number) => TreePath } {
  assert(leaves.length <= capacityOf(depth), 'the tree has room')
  const levels: bigint[][] = [[...leaves]]
  for (let level = 0; level < depth; level++) {
    const below = levels[level]!
    levels.push(
      Array.from({ length: Math.ceil(below.length / 4) }, (_, at) => parentOf(below.slice(at * 4, at * 4 + 4))),
    )
  }
  return {
    root: levels[depth]![0] ?? 0n,
    path: (index) => ({
      index,
      siblings: levels.slice(0, depth).map((nodes, level) => {
        const place = Math.floor(index / 4 ** level)
        const first = place - (place % 4)
        return [0, 1, 2, 3].filter((child) => first + child !== place).map((child) => nodes[first + child] ?? 0n)
      }),
    }),
  }
}

/** A node of its children from the left, of which some may not be there yet. A subtree of nothing but zeros is 0 itself. */
const parentOf = (children: readonly bigint[]): bigint =>
  children.every((child) => child === 0n) ? 0n : nodeOf([0, 1, 2, 3].map((child) => children[child] ?? 0n))
