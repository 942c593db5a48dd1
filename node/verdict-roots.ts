/**
 * The verdict roots of closed epochs, made once and ahead of time: when an epoch closes, the verdicts of the one before it
 * are final, and their tree is built while batches go on. A batch that commits the root waits only where that is not done.
 */
import * as P from 'micro-packed'
import { verdictsDue } from '../protocol/checkpoint.ts'
import { advanceEpoch } from '../protocol/epoch.ts'
import type { Rules } from '../protocol/rules.ts'
import { type Meta, tables } from '../protocol/state.ts'
import { type Gathered, gatheredOf } from '../protocol/verdicts.ts'
import type { Proofs } from './seams.ts'
import { keyIn, rangeOf, type Store } from './store.ts'

export type VerdictRoots = ReturnType<typeof createVerdictRoots>

/** Epochs whose roots are kept in memory. */
const keptMax = 4

export function createVerdictRoots({ store, proofs }: { store: Store; proofs: Pick<Proofs, 'verdictRoot'> }) {
  const known = new Map<number, Promise<bigint>>()

  /** The root of an epoch whose verdicts are final. Throws where the disk or the worker fails; then it is made anew. */
  function root(epoch: number): Promise<bigint> {
    const made = known.get(epoch) ?? gatheredIn(store, epoch).then((gathered) => proofs.verdictRoot(gathered))
    known.set(epoch, made)
    made.catch(() => known.delete(epoch))
    for (const oldest of known.keys()) {
      if (known.size <= keptMax) break
      known.delete(oldest)
    }
    return made
  }

  return {
    /** Make the root that this epoch will commit. */
    async prepare(epoch: number): Promise<void> {
      if (epoch > 2) await root(epoch - 2)
    },
    /** The roots that a batch at `time` commits, as `openBatch` asks for them. */
    async of(rules: Rules, meta: Meta, time: bigint): Promise<(epoch: number) => bigint> {
      const roots = new Map<number, bigint>()
      for (const epoch of epochsDue(rules, meta, time)) roots.set(epoch, await root(epoch))
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
  const range = rangeOf('state', Uint8Array.of(tables.epochKeys.number), P.U32BE.encode(epoch))
  const begins = keyIn('state', Uint8Array.of(tables.epochKeys.number), P.U32BE.encode(epoch)).length
  const keys = (await store.disk.keys(range).all()).map((key) => key.slice(begins))
  const view = await store.fetch(keys.map((key) => ({ table: 'passes', key }) as const))
  return keys.map((key) => gatheredOf(key, view.read('passes', key)!))
}
