/** Disks and stores in memory, which are gone when the test is, and the ledger over one. */
import { MemoryLevel } from 'memory-level'
import { createReplica, type Replica } from '../../node/ledger/replica.ts'
import { createStore, type Store } from '../../node/ledger/store.ts'
import type { Clock, Disk, Proofs } from '../../node/seams.ts'
import type { Context } from '../../protocol/context.ts'
import { context, genesis, rules } from './fixtures.ts'
import { plainProofs } from './plain-proofs.ts'

/** An empty disk. */
export const memoryDisk = (): Disk => new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' }) as unknown as Disk

/** A store on an empty disk. */
export const memoryStore = (): Store => createStore(memoryDisk())

/** Tasks are run when their turn comes, and no batch is too early. */
const readyClock: Clock = {
  now: () => Number(genesis.time + 1_000n * rules.epochMs),
  monotonic: () => 0,
  after: (_delayMs, task) => {
    const timer = setImmediate(() => void task())
    return () => clearImmediate(timer)
  },
  every: () => () => undefined,
}

/** The ledger in a store, by the rules of the tests unless said otherwise. A disk that fails fails the test. */
export const openLedger = (
  store: Store,
  {
    within = context,
    clock = readyClock,
    proofs = plainProofs,
  }: { readonly within?: Context; readonly clock?: Clock; readonly proofs?: Proofs } = {},
): Promise<Replica> =>
  createReplica({
    store,
    context: within,
    genesis,
    clock,
    proofs,
    writesWith: () => [],
    onDiskFailure(error) {
      throw error
    },
  })
