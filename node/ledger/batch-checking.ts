/**
 * Checking somebody's batch. Two kinds of wrong are told apart: what its giver can be blamed for, because the host never
 * signed it; and what the host signed although no honest host would, which is evidence.
 */
import { headerHash, opsRoot, type SealedHeader } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { readEntry } from '../../protocol/doorway.ts'
import type { Batch } from '../../protocol/gossip.ts'
import { replay } from '../../protocol/ledger.ts'
import { headerIsBy } from '../../protocol/receipt.ts'
import { undoLeaves } from './account-leaves.ts'
import { type BatchSources, commitTo, type Footing, type NextBatch, readBefore, sealedBatch } from './batch-steps.ts'
import type { Head } from './store.ts'

/** Why a batch above the head is not even replayed. `ahead` and `early` may pass; the others are the giver's fault. */
export type Unfit = 'ahead' | 'not-signed' | 'malformed' | 'early'

/** Whether a batch above the head is the next one, signed by the host, of now, and with the ops that were signed. */
export function whyUnfit(
  { sealed, ops }: Batch,
  { context, head, nowMs }: { readonly context: Context; readonly head: Head; readonly nowMs: number },
): Unfit | undefined {
  const { header } = sealed
  if (header.height > head.sealed.header.height + 1n) return 'ahead'
  if (!headerIsBy(context, sealed)) return 'not-signed'
  if (header.time > BigInt(nowMs + context.rules.clockSkewMs)) return 'early'
  // The list of ops is not signed itself. Where it does not fit the header, whoever gave it changed it, and not the host.
  return equalBytes(opsRoot(ops), header.opsRoot) ? undefined : 'malformed'
}

/** A batch that holds, ready to be written; or what is wrong with it, as the end of “The host's batch 7 …”. */
type Checked = { readonly ok: true; readonly next: NextBatch } | { readonly ok: false; readonly fault: string }

/** Replay a batch that is not unfit, and hold its header against what its ops lead to. Of a wrong one nothing stays in the tree. */
export async function checkBatch(
  sources: BatchSources,
  footing: Footing,
  { sealed, ops: bytes }: Batch,
): Promise<Checked> {
  const { context } = sources
  const { header } = sealed
  if (bytes.length > context.rules.batchOpsMax) return wrong('holds more operations than the rules allow')
  if (!follows(sealed, footing.head)) return wrong('does not follow the batch before it')
  const ops = bytes.map((entry) => readEntry(entry, context))
  const { view, opening, within } = await readBefore(sources, { time: header.time, ops })
  const { applied, changes } = replay(view, within, { ...opening, ops })
  const committed = commitTo(context, footing, { time: header.time, ops, opsRoot: header.opsRoot, applied, changes })
  if (!equalBytes(committed.hash, headerHash(header))) {
    undoLeaves(footing.tree, changes)
    return wrong('commits to another state than its operations lead to')
  }
  return { ok: true, next: sealedBatch(sealed, { ops, applied }, committed) }
}

const wrong = (fault: string) => ({ ok: false, fault }) as const

const follows = ({ header }: SealedHeader, head: Head): boolean =>
  equalBytes(header.previous, head.hash) && header.time >= head.sealed.header.time
