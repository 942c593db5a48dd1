/** Time as the ledger counts it: the batch's own, cut into epochs numbered from 1. */
import type { Rules } from './rules.ts'

/**
 * Where the epochs stand after a batch at `time`. Epochs keep to the grid of genesis and advance one at a time: while
 * the log stalls the current epoch stretches, so that no window closes while nobody could use it.
 */
export function advanceEpoch(
  rules: Rules,
  at: { epoch: number; epochStart: bigint; epochEnd: bigint },
  time: bigint,
): { epoch: number; epochStart: bigint; epochEnd: bigint } {
  if (time < at.epochEnd) return at
  const missed = (time - at.epochEnd) / rules.epochMs
  return { epoch: at.epoch + 1, epochStart: time, epochEnd: at.epochEnd + (missed + 1n) * rules.epochMs }
}
