/**
 * How many stamps of each denomination were sold: among so many each of them hides. The ledger has no use for the number,
 * so it is counted beside it, in the batch's own write.
 */
import * as P from 'micro-packed'
import { U64 } from '../../protocol/codec.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { SettledBatch } from './batch-steps.ts'
import { keyIn, type Store, type Write } from './store.ts'

export type Sales = Awaited<ReturnType<typeof createSales>>

/** Read the counts of a store. */
export async function createSales({ store, rules }: { store: Store; rules: Rules }) {
  const denominations = rules.identity.stamps
  const counts = new Map<bigint, number>()
  for (const [at, bytes] of (await store.getMany(denominations.map(keyOf))).entries())
    counts.set(denominations[at]!, bytes ? P.U32BE.decode(bytes) : 0)

  /** The counts that a batch changes, as they are with it. */
  function changedBy({ ops, applied }: SettledBatch): Map<bigint, number> {
    const changed = new Map<bigint, number>()
    for (const [at, { op }] of ops.entries()) {
      if (op?.action.TAG !== 'stampBuy' || applied[at]!.kind !== 'settled') continue
      const { denomination } = op.action.data
      changed.set(denomination, (changed.get(denomination) ?? counts.get(denomination) ?? 0) + 1)
    }
    return changed
  }

  return {
    writesOf: (settled: SettledBatch): Write[] =>
      [...changedBy(settled)].map(([denomination, count]) => ({
        key: keyOf(denomination),
        value: P.U32BE.encode(count),
      })),
    /** To be told of each batch once it is on disk. */
    settled(settled: SettledBatch): void {
      for (const [denomination, count] of changedBy(settled)) counts.set(denomination, count)
    },
    /** How many of a denomination were sold so far; 0 of one that the network does not have. */
    of: (denomination: bigint): number => counts.get(denomination) ?? 0,
  }
}

const keyOf = (denomination: bigint): Uint8Array => keyIn('sold', U64.encode(denomination))
