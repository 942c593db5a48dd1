/** Plain proofs for many nodes in one process: what all of them would work out alike is worked out once. */
import type { Proofs } from '../../node/seams.ts'
import { type Gathered, verdictTree } from '../../protocol/verdict-tree.ts'
import { plainProofs } from '../kit/plain-proofs.ts'

/** The trees that are kept: those of the last epochs. */
const keptMax = 4

/** Proofs that are good where they are the plain one, and verdict trees that are built once for everybody. */
export function sharedProofs(): Proofs {
  const trees = new Map<string, ReturnType<typeof verdictTree>>()
  function treeOf(gathered: readonly Gathered[]): ReturnType<typeof verdictTree> {
    const name = gathered.map((one) => Object.values(one).join(' ')).join('\n')
    const tree = trees.get(name) ?? verdictTree(gathered)
    trees.set(name, tree)
    for (const oldest of trees.keys()) if (trees.size > keptMax) trees.delete(oldest)
    return tree
  }
  return {
    ...plainProofs,
    verdictRoot: async (gathered) => treeOf(gathered).root,
    verdictRows: async (gathered, keys) => keys.map(treeOf(gathered).show),
  }
}
