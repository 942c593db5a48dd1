/**
 * Paths into the ledger's trees as they were at a checkpoint. Complete nodes are on disk and never change; the few at the
 * right edge that were incomplete then are made anew from what is below them.
 */
import { nodeOf } from '../../protocol/poseidon.ts'
import { nodeKey } from '../../protocol/state.ts'
import { type TreeName, type TreePath, trees } from '../../protocol/tree.ts'
import type { Store } from '../ledger/store.ts'

/** Where the leaf at `index` stood in a tree that had `count` leaves. Throws where a node is missing: the ledger is damaged. */
export async function pathIn(
  store: Pick<Store, 'fetch'>,
  tree: TreeName,
  { index, count }: { readonly index: number; readonly count: number },
): Promise<TreePath> {
  const known = new Map<string, Promise<bigint>>()

  function nodeAt(level: number, at: number): Promise<bigint> {
    const name = `${level}/${at}`
    const node = known.get(name) ?? findNode(level, at)
    known.set(name, node)
    return node
  }
  async function findNode(level: number, at: number): Promise<bigint> {
    const width = 4 ** level
    if (at * width >= count) return 0n
    if ((at + 1) * width <= count) return storedNode(store, tree, { level, index: at })
    return nodeOf(await Promise.all([0, 1, 2, 3].map((child) => nodeAt(level - 1, at * 4 + child))))
  }

  const siblings: bigint[][] = []
  for (let level = 0; level < trees[tree].depth; level++) {
    const place = Math.floor(index / 4 ** level)
    const first = place - (place % 4)
    const others = [0, 1, 2, 3].map((child) => first + child).filter((other) => other !== place)
    siblings.push(await Promise.all(others.map((other) => nodeAt(level, other))))
  }
  return { index, siblings }
}

/** A complete node. Throws where it is not on disk. */
export async function storedNode(
  store: Pick<Store, 'fetch'>,
  tree: TreeName,
  place: { readonly level: number; readonly index: number },
): Promise<bigint> {
  const key = nodeKey(tree, place)
  const record = (await store.fetch([{ table: 'nodes', key }])).read('nodes', key)
  // The history begins at epoch 1: the leaf at 0 stands for no epoch, and nobody wrote it down.
  if (!record && tree === 'history' && place.level === 0 && place.index === 0) return 0n
  if (!record)
    throw new Error(
      `Node ${place.index} at level ${place.level} of the ${tree} tree is missing on disk. Run \`bmail doctor\`.`,
    )
  return record.node
}
