/** Verdict trees are built on a thread of their own: a key of an epoch takes about a third of a millisecond, and there may be a million. */
import { type Gathered, gatheredOf } from '../protocol/verdicts.ts'
import { openThread } from './thread.ts'
import type { Shown } from './witness.ts'

/** What an epoch key (20 bytes) gathered. Sums have 16 fractional bits. */
export type KeySums = { readonly key: Uint8Array; readonly positive: bigint; readonly negative: bigint }

export type VerdictTrees = {
  /** The root of the tree of an epoch with these keys, in any order. */
  verdictRoot(sums: readonly KeySums[]): Promise<bigint>
  /** The root, and for each of these keys (numbers below 2^160) the row and path that show it present or absent. */
  show(sums: readonly KeySums[], keys: readonly bigint[]): Promise<Answered>
  close(): Promise<void>
}

/** What the thread is asked, and what it answers. */
export type Asked = { readonly gathered: readonly Gathered[]; readonly keys: readonly bigint[] }
export type Answered = { readonly root: bigint; readonly shown: readonly Shown[] }

/** A builder that gives each tree `timeoutMs`. Its thread starts with the first, and keeps no process alive after the last. */
export function openVerdictTrees({ timeoutMs = 1_800_000 } = {}): VerdictTrees {
  const module = new URL('./verdict-worker.ts', import.meta.url)
  const thread = openThread<Asked, Answered>({ module, timeoutMs, memoryMegabytes: 2048 })
  const show: VerdictTrees['show'] = (sums, keys) =>
    thread.ask({ gathered: sums.map(({ key, ...sum }) => gatheredOf(key, sum)), keys })
  return {
    verdictRoot: async (sums) => (await show(sums, [])).root,
    show,
    close: () => thread.close(),
  }
}
