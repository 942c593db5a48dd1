/** Verdict trees are built on a thread of their own: a key of an epoch takes about a third of a millisecond, and there may be a million. */
import type { Gathered } from '../../protocol/verdict-tree.ts'
import { openThread } from '../thread.ts'
import type { ShownRow } from '../seams.ts'

type VerdictTrees = {
  /** The root of the tree of an epoch with these keys, in any order, and for each of `keys` the row that shows it present or absent. */
  build(gathered: readonly Gathered[], keys: readonly bigint[]): Promise<Answered>
  close(): Promise<void>
}

/** What the thread is asked, and what it answers. */
export type Asked = { readonly gathered: readonly Gathered[]; readonly keys: readonly bigint[] }
export type Answered = { readonly root: bigint; readonly shown: readonly ShownRow[] }

/** A builder that gives each tree `timeoutMs`. Its thread starts with the first, and keeps no process alive after the last. */
export function openVerdictTrees({ timeoutMs = 1_800_000 } = {}): VerdictTrees {
  const module = new URL('./verdict-worker.ts', import.meta.url)
  const thread = openThread<Asked, Answered>({ module, timeoutMs, memoryMegabytes: 2048 })
  return { build: (gathered, keys) => thread.ask({ gathered, keys }), close: () => thread.close() }
}
