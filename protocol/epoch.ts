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

/**
 * How many epochs can close from now until a time that is yet to come: one for each point of the grid in between, and the
 * one whose time is over and which the next batch closes.
 */
export function closesUntil(
  rules: Rules,
  { time, epochEnd }: { time: bigint; epochEnd: bigint },
  until: bigint,
): number {
  const ends = (at: bigint): bigint => (at < epochEnd ? 0n : 1n + (at - epochEnd) / rules.epochMs)
  const isOver = time >= epochEnd ? 1n : 0n
  return Number(ends(until) - ends(time) + isOver)
}
