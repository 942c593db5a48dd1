/**
 * What goes into a circuit: public signals in the order in which the ledger says them (`protocol/statement.ts`), and beside
 * them what only we know. Names are those of the circuits' inputs (`circuits/*.circom`).
 */
import { epochKeyOf, type Hidden, leafInTree, modeOf, slotCount } from '../../protocol/identity.ts'
import { rootFrom, type TreePath, trees } from '../../protocol/tree.ts'
import { rowsOf, verdictDepth } from '../../protocol/verdict-tree.ts'
import type { Inputs, ShownRow } from '../seams.ts'

/** The verdicts of the epoch that is folded: their root, its place in the history, and a row for each of our keys in the order of slots. */
export type Folded = { readonly verdictRoot: bigint; readonly history: TreePath; readonly shown: readonly ShownRow[] }

/** Where no epoch is folded the circuit looks at none of this, but asks for inputs of the right form. */
export const nothingFolded: Folded = {
  verdictRoot: 0n,
  history: blankPath(trees.history.depth),
  shown: Array.from({ length: slotCount }, () => ({ row: rowsOf([])[0]!, path: blankPath(verdictDepth) })),
}

/**
 * Inputs of `renew`. `hidden` is the state that is used up, at `path` in the tree of identities; `leaf` and `nullifier` are
 * as the op has them; `spent` and `reserve` have 16 fractional bits; `target` is an epoch key, 0 for none.
 */
export const renewInputs = (renewal: {
  readonly secret: bigint
  readonly network: bigint
  readonly epoch: number
  readonly hidden: Hidden
  readonly path: TreePath
  readonly historyRoot: bigint
  readonly folded: Folded
  readonly nullifier: bigint
  readonly leaf: bigint
  readonly spent: bigint
  readonly target: bigint
  readonly reserve: bigint
}): Inputs => {
  const { secret, network, hidden, path, folded } = renewal
  const rows = folded.shown.map(({ row }) => row)
  return {
    identitiesRoot: rootFrom(leafInTree(secret, network, hidden), path),
    historyRoot: renewal.historyRoot,
    network,
    epoch: BigInt(renewal.epoch),
    nullifier: renewal.nullifier,
    leaf: renewal.leaf,
    spent: renewal.spent,
    target: renewal.target,
    reserve: renewal.reserve,
    secret,
    ...numbersOf(hidden),
    last: BigInt(hidden.last),
    index: BigInt(path.index),
    siblings: path.siblings,
    isSettle: modeOf(hidden, renewal.epoch) === 'settle' ? 1n : 0n,
    verdictRoot: folded.verdictRoot,
    historySiblings: folded.history.siblings,
    rowKey: rows.map(({ key }) => key),
    rowNext: rows.map(({ next }) => next),
    rowPositive: rows.map(({ positive }) => positive),
    rowNegative: rows.map(({ negative }) => negative),
    rowIndex: folded.shown.map((shown) => BigInt(shown.path.index)),
    rowSiblings: folded.shown.map((shown) => shown.path.siblings),
  }
}

/** Inputs of `pass`, for a state that was renewed in this epoch. `scoreMin` and `negativeMax` are what `demandsOf` says of the tier. */
export const passInputs = (pass: {
  readonly secret: bigint
  readonly network: bigint
  readonly epoch: number
  readonly slot: number
  readonly hidden: Hidden
  readonly path: TreePath
  readonly scoreMin: bigint
  readonly negativeMax: bigint
  readonly beneficiary: bigint
}): Inputs => {
  const { secret, network, epoch, slot, hidden, path } = pass
  return {
    identitiesRoot: rootFrom(leafInTree(secret, network, hidden), path),
    network,
    epoch: BigInt(epoch),
    epochKey: epochKeyOf(secret, { network, epoch, slot }),
    scoreMin: pass.scoreMin,
    negativeMax: pass.negativeMax,
    beneficiary: pass.beneficiary,
    secret,
    slot: BigInt(slot),
    ...numbersOf(hidden),
    index: BigInt(path.index),
    siblings: path.siblings,
  }
}

/** Inputs of `stamp`: a note of a denomination, at `path` in the tree of stamps. */
export const stampInputs = (stamp: {
  readonly stampSecret: bigint
  readonly network: bigint
  readonly stampsRoot: bigint
  readonly path: TreePath
  readonly nullifier: bigint
  readonly denomination: bigint
  readonly beneficiary: bigint
}): Inputs => {
  const { path, ...signals } = stamp
  return { ...signals, index: BigInt(path.index), siblings: path.siblings }
}

const numbersOf = ({ positive, negative, previous, asOf }: Hidden) => ({
  positive,
  negative,
  previous: BigInt(previous),
  asOf: BigInt(asOf),
})

function blankPath(depth: number): TreePath {
  return { index: 0, siblings: Array.from({ length: depth }, () => [0n, 0n, 0n]) }
}
