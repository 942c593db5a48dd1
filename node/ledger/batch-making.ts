/** Making a batch, as the host does: as many of the waiting ops as fit, in their order, and its signature over the header. */
import { opsRoot } from '../../protocol/batch.ts'
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { type Applied, openBatch, type Opening, settle } from '../../protocol/ledger.ts'
import type { Reason } from '../../protocol/reason.ts'
import { createDraft, type View, writeAll } from '../../protocol/state.ts'
import { type BatchSources, commitTo, type Footing, type NextBatch, readBefore, sealedBatch } from './batch-steps.ts'

/** An op that was left out of a batch, and why. */
export type Omitted = { readonly incoming: Incoming; readonly reason: Reason }

type Wish = {
  readonly time: bigint
  readonly candidates: readonly Incoming[]
  /** The host's signature over a header's hash. */
  readonly sign: (digest: Uint8Array) => Uint8Array
}

/** The next batch, where there is anything for it: an op, or something that opening it changes besides the time. */
export async function makeBatch(
  sources: BatchSources,
  footing: Footing,
  { time, candidates, sign }: Wish,
): Promise<{ readonly next: NextBatch | undefined; readonly omitted: readonly Omitted[] }> {
  const { view, opening, within } = await readBefore(sources, { time, ops: candidates })
  const { ops, applied, omitted, changes, isWorthIt } = choose(view, within, { opening, candidates })
  if (ops.length === 0 && !isWorthIt) return { next: undefined, omitted }
  const chosen = { time, ops, opsRoot: opsRoot(ops.map(({ bytes }) => bytes)), applied, changes }
  const committed = commitTo(sources.context, footing, chosen)
  const sealed = { header: committed.header, signature: sign(committed.hash) }
  return { next: sealedBatch(sealed, chosen, committed), omitted }
}

/** Take candidates in order, as far as they can be in a batch. */
function choose(
  view: View,
  context: Context,
  { opening, candidates }: { opening: Opening; candidates: readonly Incoming[] },
) {
  const draft = createDraft(view)
  const isWorthIt = openBatch(draft, context, opening)
  const ops: Incoming[] = []
  const applied: Applied[] = []
  const omitted: Omitted[] = []
  for (const incoming of candidates) {
    if (ops.length === context.rules.batchOpsMax) break
    const result = settle(draft, context, incoming)
    if (!result.ok) {
      omitted.push({ incoming, reason: result.reason })
      continue
    }
    writeAll(draft, result.value.changes)
    ops.push(incoming)
    applied.push(result.value)
  }
  return { ops, applied, omitted, changes: draft.changes(), isWorthIt }
}
