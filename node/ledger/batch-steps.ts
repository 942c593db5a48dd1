/**
 * What making a batch and checking somebody else's have in common: everything is read before it, nothing is read while
 * it is applied, and one header commits to what it changed.
 */
import type { AccountsTree } from '../../protocol/accounts.ts'
import {
  chainHash,
  type Header,
  headerHash,
  Outcome,
  outcomeOf,
  outcomeRoot,
  type SealedHeader,
  stateRoot,
} from '../../protocol/batch.ts'
import type { Context } from '../../protocol/context.ts'
import type { Entry } from '../../protocol/doorway.ts'
import type { Applied, Opening } from '../../protocol/ledger.ts'
import { type Change, type Fetched, metaKey, metaOf } from '../../protocol/state.ts'
import { touches, touchesOfOpening } from '../../protocol/touches.ts'
import type { Proofs } from '../seams.ts'
import { setLeaves } from './account-leaves.ts'
import type { Final, Head, Store } from './store.ts'
import type { VerdictRoots } from './verdict-roots.ts'
import { provenWithin } from './verified.ts'

/** A batch that has become final on this node: its header, its ops, and what became of each. */
export type SettledBatch = {
  readonly header: Header
  readonly ops: readonly Entry[]
  readonly applied: readonly Applied[]
}

/** The batch after the head: what to write of it, and what to tell of it once it is written. */
export type NextBatch = { readonly final: Final; readonly settled: SettledBatch }

/** Where a batch's records, the root it commits, and the answers about its proofs come from. */
export type BatchSources = {
  readonly context: Context
  readonly store: Pick<Store, 'fetch'>
  readonly verdictRoots: Pick<VerdictRoots, 'of'>
  readonly proofs: Pick<Proofs, 'verify'>
}

/** What the next batch stands on: the head before it, and the accounts' tree as of that head. */
export type Footing = { readonly head: Head; readonly tree: AccountsTree }

/** Everything that a batch at a time may read, what it begins with, and a context that knows which of its proofs hold. */
export async function readBefore(
  { context, store, verdictRoots, proofs }: BatchSources,
  { time, ops }: { readonly time: bigint; readonly ops: readonly Entry[] },
): Promise<{ view: Fetched; opening: Opening; within: Context }> {
  const view = await store.fetch([{ table: 'meta', key: metaKey }])
  const last = metaOf(view)
  const verdictRoot = await verdictRoots.of(context.rules, last, time)
  await store.fetch(
    [...touchesOfOpening(context, { last, time }), ...ops.flatMap((entry) => touches(context, entry))],
    view,
  )
  const opening = { time, verdictRoot }
  return { view, opening, within: await provenWithin(proofs, { view, context, opening, ops }) }
}

/** The ops of a batch as they were applied, and the root over their bytes. */
type AppliedOps = {
  readonly time: bigint
  readonly ops: readonly Entry[]
  readonly opsRoot: Uint8Array
  readonly applied: readonly Applied[]
  readonly changes: readonly Change[]
}

/** What follows from applied ops, but for the host's signature. */
type Committed = Pick<Final, 'outcomes' | 'opIds' | 'changes' | 'leaves'> & {
  readonly header: Header
  readonly hash: Uint8Array
  readonly chain: Uint8Array
}

/** Move the accounts' tree along, and make the header that commits to the ops, to what became of each, and to the state. */
export function commitTo(context: Context, { head, tree }: Footing, batch: AppliedOps): Committed {
  const { time, ops, opsRoot, applied, changes } = batch
  const outcomes = applied.map((result, index) => Outcome.encode(outcomeOf(ops[index]!.id, result)))
  const leaves = setLeaves(tree, changes)
  const chain = chainHash(head.chain, changes)
  const meta = changes.find((change) => change.table === 'meta')!.after!
  const header: Header = {
    network: context.network,
    height: head.sealed.header.height + 1n,
    time,
    epoch: meta.epoch,
    previous: head.hash,
    opCount: ops.length,
    opsRoot,
    outcomeRoot: outcomeRoot(outcomes),
    stateRoot: stateRoot({ accountsRoot: tree.root(), chain }),
  }
  const opIds = applied.map((result, index) => (didSomething(result) ? ops[index]!.id : undefined))
  return { header, hash: headerHash(header), chain, outcomes, leaves, opIds, changes }
}

/** Whether an entry is done. One that changed nothing may be done yet, or was before, and stands there once more. */
export const didSomething = (applied: Applied): boolean => applied.kind !== 'void' && applied.changes.length > 0

/** A batch with its signature, ready to be written. */
export function sealedBatch(
  sealed: SealedHeader,
  { ops, applied }: Pick<AppliedOps, 'ops' | 'applied'>,
  { hash, chain, outcomes, opIds, changes, leaves }: Committed,
): NextBatch {
  const batch = { sealed, ops: ops.map(({ bytes }) => bytes) }
  return {
    final: { batch, outcomes, opIds, changes, leaves, head: { sealed, hash, chain } },
    settled: { header: sealed.header, ops, applied },
  }
}
