/**
 * The verdict roots of closed epochs. A verdict on a message of one epoch may come until the next epoch closes. From then
 * on the verdicts are final, and the root of their tree is made beside the batches that follow. The batch that commits to
 * the root waits for it only where it is not ready yet.
 */
import * as P from 'micro-packed'
import { verdictsDue } from '../../protocol/checkpoint.ts'
import { advanceEpoch } from '../../protocol/epoch.ts'
import type { Rules } from '../../protocol/rules.ts'
import { type Meta, metaKey, metaOf, tables } from '../../protocol/state.ts'
import { type Gathered, gatheredOf } from '../../protocol/verdict-tree.ts'
import type { Clock, Proofs } from '../seams.ts'
import { keyIn, rangeOf, type Store } from './store.ts'

export type VerdictRoots = ReturnType<typeof createVerdictRoots>

/** Epochs whose roots are kept in memory. One batch commits to two at most: one that is late, and one of the epoch it begins. */
const keptMax = 2
/** Passes that are read from the disk at once. In between, batches get to read as well. */
const passesPerRead = 1_000

export function createVerdictRoots({
  store,
  proofs,
  clock,
}: {
  store: Store
  proofs: Pick<Proofs, 'verdictRoot'>
  clock: Pick<Clock, 'after'>
}) {
  /** Roots that are made or being made, by their epochs. */
  const finalRoots = new Map<number, Promise<bigint>>()

  const make = async (epoch: number): Promise<bigint> => proofs.verdictRoot(await gatheredIn(store, epoch))

  /** The root of an epoch whose verdicts are final, made once. Throws where the disk or the worker fails; whoever asks next has it made anew. */
  function finalRoot(epoch: number): Promise<bigint> {
    const made = finalRoots.get(epoch) ?? make(epoch)
    finalRoots.set(epoch, made)
    made.catch(() => finalRoots.delete(epoch))
    for (const oldest of finalRoots.keys()) {
      if (finalRoots.size <= keptMax) break
      finalRoots.delete(oldest)
    }
    return made
  }

  async function prepare(): Promise<void> {
    const { epoch, committedAt } = metaOf(await store.fetch([{ table: 'meta', key: metaKey }]))
    if (committedAt === 0n && epoch > 2) await finalRoot(epoch - 2)
  }

  return {
    /** Begin to make the root that the current epoch will commit to, and wait for nothing. Where that fails, it is made when it is due. */
    prepare(): void {
      clock.after(0, () => prepare().catch(() => undefined))
    },
    /** The roots that a batch at `time` commits to, for `openBatch` to ask for. `meta` and the disk must be as the batch before left them. */
    async of(rules: Rules, meta: Meta, time: bigint): Promise<(epoch: number) => bigint> {
      const roots = new Map<number, bigint>()
      // An epoch that ends only with this batch is not over until the batch is final. Should the batch fail, more verdicts
      // may come, so its root is not kept.
      for (const epoch of epochsDue(rules, meta, time))
        roots.set(epoch, await (epoch <= meta.epoch - 2 ? finalRoot(epoch) : make(epoch)))
      return (epoch) => roots.get(epoch)!
    },
  }
}

/** The epochs to whose verdicts a batch at `time` commits: those due in the current epoch, and in the epoch that it may begin. */
function epochsDue(rules: Rules, meta: Meta, time: bigint): number[] {
  const next = { ...meta, ...advanceEpoch(rules, meta, time), committedAt: 0n }
  const due = [verdictsDue(rules, meta, time), time >= meta.epochEnd ? verdictsDue(rules, next, time) : undefined]
  return due.filter((epoch) => epoch !== undefined && epoch > 0) as number[]
}

/** What every epoch key of an epoch gathered, in the order of keys. */
export async function gatheredIn(store: Store, epoch: number): Promise<Gathered[]> {
  const prefix = [Uint8Array.of(tables.epochKeys.number), P.U32BE.encode(epoch)]
  const begins = keyIn('state', ...prefix).length
  const keys = (await store.disk.keys(rangeOf('state', ...prefix)).all()).map((key) => key.slice(begins))
  const gathered: Gathered[] = []
  for (let at = 0; at < keys.length; at += passesPerRead) {
    const some = keys.slice(at, at + passesPerRead)
    const view = await store.fetch(some.map((key) => ({ table: 'passes', key }) as const))
    for (const key of some) gathered.push(gatheredOf(key, view.read('passes', key)!))
  }
  return gathered
}
