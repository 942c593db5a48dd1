/**
 * The leaves of the accounts' tree. The tree is kept in memory and holds what the accounts are at the head: a batch moves
 * it along, and is undone in it where its header turns out to be wrong.
 */
import type { AccountsTree } from '../../protocol/accounts.ts'
import type { Change } from '../../protocol/state.ts'
import { type Leaf, leafOf } from './store.ts'

/** Put the accounts that a batch changed into the tree; returns their leaves, for the disk. */
export function setLeaves(tree: Pick<AccountsTree, 'set'>, changes: readonly Change[]): Leaf[] {
  const leaves = changes.flatMap(({ table, key, after }) =>
    table === 'accounts' && after ? [{ slot: after.slot, leaf: leafOf(key, after) }] : [],
  )
  for (const { slot, leaf } of leaves) tree.set(slot, leaf)
  return leaves
}

/** Take the changes of a batch out of the tree again: accounts are what they were before it, and new ones are gone. */
export function undoLeaves(tree: Pick<AccountsTree, 'count' | 'set' | 'truncate'>, changes: readonly Change[]): void {
  let kept = tree.count
  for (const { table, key, before, after } of changes) {
    if (table !== 'accounts') continue
    if (before) tree.set(before.slot, leafOf(key, before))
    else if (after) kept = Math.min(kept, after.slot)
  }
  tree.truncate(kept)
}
