/**
 * What proofs are about: the trees as the ledger grows them, and the checkpoints at which their roots are taken. An epoch
 * begins with the verdicts of the epoch before last becoming a leaf of the history, and has a few checkpoints from then
 * on, so that many renewals stand behind each.
 */
import * as P from 'micro-packed'
import type { Context } from './context.ts'
import { numberOf20 } from './field.ts'
import { stampLeaf } from './identity.ts'
import type { Deed } from './money.ts'
import { no, type Result, yes } from './reason.ts'
import type { Rules } from './rules.ts'
import {
  checkpointKey,
  type Draft,
  fieldKey,
  type Meta,
  metaKey,
  metaOf,
  nodeKey,
  type Records,
  type Reference,
  treeKey,
  type View,
} from './state.ts'
import type { Statement } from './statement.ts'
import { append, capacityOf, rootOf, type TreeName, trees } from './tree.ts'
import { lastKey } from './verdict-tree.ts'

/** How an op names the checkpoint that its proof is about: which one of which epoch. It holds in that epoch only. */
export const CheckpointName = { epoch: P.U32BE, checkpoint: P.U8 }

/** The root of the verdict tree of a closed epoch: it follows from the passes of that epoch, and whoever replays made it. */
export type VerdictRoot = (epoch: number) => bigint

/** Epochs beyond this have no place in the history: nobody renews any more. At a week each that is in 20,095 years, at ten minutes in 19. */
const epochsMax = capacityOf(trees.history.depth)

/** Whether a tree has room for another leaf. Its record must be in the view. */
export const hasRoom = (view: View, tree: TreeName): boolean =>
  view.read('trees', treeKey(tree))!.count < capacityOf(trees[tree].depth)

/** Append a leaf to a tree that has room; its index. The tree's record must be in the view. */
export function appendTo(draft: Draft, tree: TreeName, leaf: bigint): number {
  const record = draft.read('trees', treeKey(tree))!
  const { edge, completed } = append(record, leaf, trees[tree].depth)
  draft.write('trees', treeKey(tree), { count: edge.count, levels: edge.levels.map((level) => [...level]) })
  for (const node of completed) draft.create('nodes', nodeKey(tree, node), { node: node.node })
  return record.count
}

/**
 * The leaf of a stamp that custody sold. It has one whether or not its purchase counts as mail: nobody could redeem it
 * without. Only in a tree that is full there is none, and no honest host sells one then.
 */
export function appendStamp(draft: Draft, deed: Deed): void {
  if (deed.kind !== 'stamp-buy' || !hasRoom(draft, 'stamps')) return
  const leaf = appendTo(draft, 'stamps', stampLeaf(deed.denomination, deed.note))
  draft.write('stampLeaves', fieldKey(deed.note), { leaf })
}

/** The records that this reads. */
export const touchesOfStamp = (deed: Deed): Reference[] =>
  deed.kind === 'stamp-buy'
    ? [
        { table: 'stampLeaves', key: fieldKey(deed.note) },
        { table: 'trees', key: treeKey('stamps') },
      ]
    : []

/**
 * Whose verdicts a batch at `time` has to commit: those of the epoch before last. They are due some time after the present
 * epoch began (`verdictDelayMs`), and at the latest when it ends. Undefined where none are due. 0 in the first two epochs:
 * there is no epoch before last then, so no root is committed, but the first checkpoint of the epoch is taken.
 */
export function verdictsDue({ identity }: Rules, meta: Meta, time: bigint): number | undefined {
  if (meta.committedAt !== 0n || meta.epoch >= epochsMax) return undefined
  const isDue = time >= meta.epochStart + BigInt(identity.verdictDelayMs) || time >= meta.epochEnd
  return isDue ? Math.max(0, meta.epoch - 2) : undefined
}

/** Commit the verdicts that are due. Returns whether there were any. */
export function commitVerdicts(draft: Draft, { rules }: Context, verdictRoot: VerdictRoot): boolean {
  const meta = metaOf(draft)
  const epoch = verdictsDue(rules, meta, meta.time)
  if (epoch === undefined) return false
  if (epoch > 0) appendTo(draft, 'history', verdictRoot(epoch))
  draft.write('meta', metaKey, { ...meta, committedAt: meta.time, checkpoint: 0 })
  takeCheckpoint(draft, 0)
  return true
}

/**
 * Take the checkpoint whose time began since the batch before, which was at `before`, if the trees grew since the last one.
 * What grows later waits for the next, so that nobody's renewal stands alone behind a checkpoint because it was the first
 * after a silence. Returns whether one was taken.
 */
export function advanceCheckpoint(draft: Draft, { rules }: Context, before: bigint): boolean {
  const meta = metaOf(draft)
  if (meta.committedAt === 0n) return false
  const due = checkpointAt(rules, meta, meta.time)
  if (due === 0 || due === checkpointAt(rules, meta, before)) return false
  const last = draft.read('checkpoints', checkpointKey(meta))!
  const counts = (['identities', 'stamps'] as const).map((tree) => draft.read('trees', treeKey(tree))!.count)
  if (counts[0] === last.identities && counts[1] === last.stamps) return false
  draft.write('meta', metaKey, { ...meta, checkpoint: due })
  takeCheckpoint(draft, due)
  return true
}

/** Whether opening a batch at `time`, over these totals, may look at the trees: most batches do not. */
export function opensTrees(rules: Rules, meta: Meta, time: bigint): boolean {
  if (time >= meta.epochEnd || verdictsDue(rules, meta, time) !== undefined) return true
  return meta.committedAt > 0n && checkpointAt(rules, meta, time) !== checkpointAt(rules, meta, meta.time)
}

/** Which checkpoint of its epoch a time belongs to, once the verdicts are committed: they lie evenly from then to its end. */
export function checkpointAt({ identity }: Rules, { committedAt, epochEnd }: Meta, time: bigint): number {
  const count = BigInt(identity.checkpoints)
  const length = epochEnd - committedAt
  const at = length > 0n ? ((time - committedAt) * count) / length : count
  return Number(at < count ? at : count - 1n)
}

function takeCheckpoint(draft: Draft, checkpoint: number): void {
  const { epoch, time } = metaOf(draft)
  const [identities, history, stamps] = (['identities', 'history', 'stamps'] as const).map((name) => {
    const edge = draft.read('trees', treeKey(name))!
    return { count: edge.count, root: rootOf(edge, trees[name].depth) }
  }) as [Taken, Taken, Taken]
  draft.create('checkpoints', checkpointKey({ epoch, checkpoint }), {
    time,
    identities: identities.count,
    identitiesRoot: identities.root,
    historyRoot: history.root,
    stamps: stamps.count,
    stampsRoot: stamps.root,
  })
}
type Taken = { readonly count: number; readonly root: bigint }

/** The checkpoint that an op names, which must be one of the current epoch. Refuses: checkpoint-unknown. */
export function checkpointOf(
  view: View,
  named: { readonly epoch: number; readonly checkpoint: number },
): Result<Records['checkpoints']> {
  const checkpoint = named.epoch === metaOf(view).epoch ? view.read('checkpoints', checkpointKey(named)) : undefined
  return checkpoint ? yes(checkpoint) : no('checkpoint-unknown')
}

/** Whether a statement is proven. Refuses: unproven. */
export const proven = ({ verifyProof }: Context, statement: Statement): Result<undefined> =>
  verifyProof(statement) ? yes(undefined) : no('unproven')

/** Whether 20 bytes can be an epoch key: the sentinels of the verdict tree cannot. */
export function isEpochKey(key: Uint8Array): boolean {
  const number = numberOf20(key)
  return number > 0n && number < lastKey
}
