/**
 * The verdict roots of closed epochs, made once and ahead of time: when an epoch closes, the verdicts of the one before it
 * are final, and their tree is built while batches go on. A batch that commits the root waits only where that is not done.
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

/** Epochs whose roots are kept in memory: at most two are due at one time. */
const keptMax = 2
/** Passes that are read at once, so that a large epoch does not keep batches waiting for the disk. */
const keysATrip = 1_000

export function createVerdictRoots({
  store,
  proofs,
  clock,
}: {
  store: Store
  proofs: Pick<Proofs, 'verdictRoot'>
  clock: Pick<Clock, 'after'>
}) {
  const known = new Map<number, Promise<bigint>>()

  const make = async (epoch: number): Promise<bigint> => proofs.verdictRoot(await gatheredIn(store, epoch))

  /** The root of an epoch whose verdicts are final. Throws where the disk or the worker fails; then it is made anew. */
  function final(epoch: number): Promise<bigint> {
    const made = known.get(epoch) ?? make(epoch)
    known.set(epoch, made)
    made.catch(() => known.delete(epoch))
    for (const oldest of known.keys()) {
      if (known.size <= keptMax) break
      known.delete(oldest)
    }
    return made
  }

  async function prepare(): Promise<void> {
    const { epoch, committedAt } = metaOf(await store.fetch([{ table: 'meta', key: metaKey }]))
    if (committedAt === 0n && epoch > 2) await final(epoch - 2)
  }

  return {
    /** Begin, beside everything else, with the root that the current epoch will commit. Where that fails, it is made when it is due. */
    prepare(): void {
      clock.after(0, () => prepare().catch(() => undefined))
    },
    /** The roots that a batch at `time` commits, as `openBatch` asks for them; `meta` and the disk are as it finds them. */
    async of(rules: Rules, meta: Meta, time: bigint): Promise<(epoch: number) => bigint> {
      const roots = new Map<number, bigint>()
      // What closes only with this batch is not kept: should the batch not come to be, more verdicts may.
      for (const epoch of epochsDue(rules, meta, time))
        roots.set(epoch, await (epoch <= meta.epoch - 2 ? final(epoch) : make(epoch)))
      return (epoch) => roots.get(epoch)!
    },
  }
}

/** Whose verdicts a batch at `time` commits: of the current epoch, and of the one that it may begin. */
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
  for (let at = 0; at < keys.length; at += keysATrip) {
    const some = keys.slice(at, at + keysATrip)
    const view = await store.fetch(some.map((key) => ({ table: 'passes', key }) as const))
    for (const key of some) gathered.push(gatheredOf(key, view.read('passes', key)!))
  }
  return gathered
}
