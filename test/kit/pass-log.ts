/** A ledger of passes alone, in the store that a node reads them from: who showed which tier when, and what verdicts came of it. */
import { createHash } from 'node:crypto'
import { scoreOne } from '../../protocol/reputation.ts'
import {
  checkpointKey,
  encodeRecord,
  epochKeyKey,
  metaKey,
  type Records,
  type TableName,
  tables,
} from '../../protocol/state.ts'
import { keyIn } from '../../node/ledger/store.ts'
import { genesisState, totalsOf } from './fixtures.ts'
import { memoryStore } from './memory.ts'

/** A pass as a test has it: of whom, and the score (whole numbers) for and against its key. */
export type PassMade = {
  readonly pseudonym: string
  readonly tier: number
  readonly checkpoint?: number
  readonly positive?: number
  readonly negative?: number
}

/** The address of a pseudonym: 20 bytes of the hash of its name. */
export const addressOfName = (name: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(name).digest()).subarray(0, 20)

/** The key of a pseudonym's pass in an epoch. */
const keyOfName = (name: string, epoch: number): Uint8Array => addressOfName(`${name} in ${epoch}`)

/** A ledger in its first epoch, with no passes. */
export function createPassLog() {
  const store = memoryStore()
  const put = <T extends TableName>(table: T, key: Uint8Array, record: Records[T]) => ({
    key: keyIn('state', Uint8Array.of(tables[table].number), key),
    value: encodeRecord(table, record),
  })
  return {
    store,
    replica: { view: store.fetch },
    /** The present epoch. */
    begin: (epoch: number): Promise<void> =>
      store.write([put('meta', metaKey, { ...totalsOf(genesisState()), epoch })]),
    /** All passes of an epoch; `renewals` stand between its first and its last checkpoint. */
    async take(epoch: number, passes: readonly PassMade[], renewals = passes.length): Promise<void> {
      const roots = { time: 0n, identitiesRoot: 0n, historyRoot: 0n, stamps: 0, stampsRoot: 0n }
      await store.write([
        ...passes.flatMap(({ pseudonym, tier, checkpoint = 1, positive = 0, negative = 0 }) => [
          put('epochKeys', epochKeyKey(epoch, keyOfName(pseudonym, epoch)), { tier, checkpoint }),
          put('passes', keyOfName(pseudonym, epoch), {
            ...{ pseudonym: addressOfName(pseudonym), epoch, tier, valueSpent: 0n, flagSpent: 0n, falls: [] },
            positive: BigInt(Math.round(positive * Number(scoreOne))),
            negative: BigInt(Math.round(negative * Number(scoreOne))),
          }),
        ]),
        put('checkpoints', checkpointKey({ epoch, checkpoint: 0 }), { ...roots, identities: 100 }),
        put('checkpoints', checkpointKey({ epoch, checkpoint: 1 }), { ...roots, identities: 100 + renewals }),
      ])
    },
  }
}
