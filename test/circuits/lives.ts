/**
 * People with hidden states among others, and the trees that a ledger would have of them: enough to make the inputs of
 * every circuit, without a ledger. Verdicts are given; the history has what is fixed at the beginning of an epoch.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { type Folded, nothingFolded, renewInputs } from '../../node/proofs/witness.ts'
import type { Inputs, ShownRow } from '../../node/seams.ts'
import { fieldOf } from '../../protocol/field.ts'
import {
  epochKeyOf,
  type Hidden,
  leafInTree,
  leafOf,
  nullifierOf,
  slotCount,
  type Sums,
  successor,
} from '../../protocol/identity.ts'
import { type TreePath, treeOf, trees } from '../../protocol/tree.ts'
import { type Gathered, verdictTree } from '../../protocol/verdict-tree.ts'
import { rules } from '../kit/fixtures.ts'

/** An element that belongs to a text. */
export const elementOf = (text: string): bigint => fieldOf(sha256(utf8ToBytes(`b-mail circuits: ${text}`)))

export const network = elementOf('network')
/** What a score must keep, as the rules of enrolment cost: 64, with 16 fractional bits. */
export const reserve = 64n << 16n

/** All four keys of a person in an epoch. */
export const keysOf = (secret: bigint, epoch: number): bigint[] =>
  Array.from({ length: slotCount }, (_, slot) => epochKeyOf(secret, { network, epoch, slot }))

/** What is known of closed epochs. */
export type Past = {
  /** What all keys gathered that had a pass in an epoch. */
  readonly gathered: (epoch: number) => readonly Gathered[]
}

/** The verdict tree of an epoch, and the history as it is in an epoch: up to the second before it. Computed once each. */
export function createTrees({ gathered }: Past) {
  const verdicts = new Map<number, ReturnType<typeof verdictTree>>()
  const histories = new Map<number, ReturnType<typeof treeOf>>()
  const empty = verdictTree([])
  const verdictsOf = (epoch: number) => {
    const rows = gathered(epoch)
    if (rows.length === 0) return empty
    return verdicts.get(epoch) ?? keep(verdicts, epoch, verdictTree(rows))
  }
  const historyIn = (epoch: number) => {
    const roots = Array.from({ length: Math.max(0, epoch - 2) }, (_, at) => verdictsOf(at + 1).root)
    return histories.get(epoch) ?? keep(histories, epoch, treeOf([0n, ...roots], trees.history.depth))
  }
  return { verdictsOf, historyIn }
}
export type Trees = ReturnType<typeof createTrees>

/** Where a leaf stands among those of others. */
export function pathAmong(leaf: bigint, { before = 2, after = 3 } = {}): TreePath {
  const others = (name: string, count: number) => Array.from({ length: count }, (_, at) => elementOf(`${name} ${at}`))
  return treeOf([...others('before', before), leaf, ...others('after', after)], trees.identities.depth).path(before)
}

/** What shows the verdicts on a person's keys of an epoch, all four; nothing for epoch 0. */
export function foldedOf(
  { verdictsOf, historyIn }: Trees,
  secret: bigint,
  { epoch, now }: { epoch: number; now: number },
): Folded {
  if (epoch === 0) return nothingFolded
  const { root, show } = verdictsOf(epoch)
  return { verdictRoot: root, history: historyIn(now).path(epoch), shown: keysOf(secret, epoch).map(show) }
}

/** The inputs that show four rows, one a slot. */
export const showing = (shown: readonly ShownRow[]): Inputs => ({
  rowKey: shown.map(({ row }) => row.key),
  rowNext: shown.map(({ row }) => row.next),
  rowPositive: shown.map(({ row }) => row.positive),
  rowNegative: shown.map(({ row }) => row.negative),
  rowIndex: shown.map(({ path }) => BigInt(path.index)),
  rowSiblings: shown.map(({ path }) => path.siblings),
})
/** What a person's keys of an epoch gathered together. */
export function gatheredBy(rows: readonly Gathered[], keys: readonly bigint[]): Sums {
  const ours = rows.filter(({ key }) => keys.includes(key))
  const sum = (side: 'positive' | 'negative') => ours.reduce((total, row) => total + row[side], 0n)
  return { positive: sum('positive'), negative: sum('negative') }
}

/** One step of a life: the state that follows in an epoch, by the twin of the circuit, and the circuit's inputs that prove it. */
export function stepOf(
  past: Past,
  trees: Trees,
  { secret, hidden, epoch, spent = 0n, target = 0n }: Step,
): { next: Hidden; inputs: Inputs } {
  const { previous } = hidden
  const gathered = gatheredBy(previous ? past.gathered(previous) : [], previous ? keysOf(secret, previous) : [])
  const next = successor(rules, hidden, { epoch, gathered, spent })
  const inputs = renewInputs({
    secret,
    network,
    epoch,
    hidden,
    path: pathAmong(leafInTree(secret, network, hidden)),
    historyRoot: trees.historyIn(epoch).root,
    folded: foldedOf(trees, secret, { epoch: previous, now: epoch }),
    nullifier: nullifierOf(secret, network, hidden),
    leaf: leafOf(secret, next),
    spent,
    target,
    reserve,
  })
  return { next, inputs }
}

type Step = {
  readonly secret: bigint
  readonly hidden: Hidden
  readonly epoch: number
  readonly spent?: bigint
  readonly target?: bigint
}

function keep<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value)
  return value
}
