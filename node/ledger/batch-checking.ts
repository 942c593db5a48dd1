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
import { unsigned } from '../../protocol/wire.ts'
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
  const { committed, ...done } = await replayed(sources, footing, { time: header.time, bytes, opsRoot: header.opsRoot })
  if (!equalBytes(committed.hash, headerHash(header))) {
    undoLeaves(footing.tree, committed.changes)
    return wrong('commits to another state than its operations lead to')
  }
  return { ok: true, next: sealedBatch(sealed, done, committed) }
}

/** The next batch, of entries that an anchor has in order for all: nobody signs it, and everybody makes the same header. */
export async function orderedBatch(
  sources: BatchSources,
  footing: Footing,
  { time, entries }: { readonly time: bigint; readonly entries: readonly Uint8Array[] },
): Promise<NextBatch> {
  const { committed, ...done } = await replayed(sources, footing, { time, bytes: entries, opsRoot: opsRoot(entries) })
  return sealedBatch({ header: committed.header, signature: unsigned }, done, committed)
}

/** What entries lead to on top of the head, whatever they are; the tree is moved along. */
async function replayed(
  sources: BatchSources,
  footing: Footing,
  { time, bytes, opsRoot: root }: { time: bigint; bytes: readonly Uint8Array[]; opsRoot: Uint8Array },
) {
  const { context } = sources
  const ops = bytes.map((entry) => readEntry(entry, context))
  const { view, opening, within } = await readBefore(sources, { time, ops })
  const { applied, changes } = replay(view, within, { ...opening, ops })
  return { ops, applied, committed: commitTo(context, footing, { time, ops, opsRoot: root, applied, changes }) }
}

const wrong = (fault: string) => ({ ok: false, fault }) as const

const follows = ({ header }: SealedHeader, head: Head): boolean =>
  equalBytes(header.previous, head.hash) && header.time >= head.sealed.header.time
