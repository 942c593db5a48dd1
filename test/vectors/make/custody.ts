/** What custody does with a money part, and nothing else: the vectors of `test/protocol/custody.test.ts`, in bytes. */
import { custodyTables, move } from '../../../protocol/custody.ts'
import { changesOf, edited, viewOf } from '../../kit/fixtures.ts'
import { custody, givenOf } from '../custody.ts'
import { world } from '../world.ts'
import { plainChange } from './batches.ts'
import { plain } from './plain.ts'

/** Each begins with the world of ledger.json and with what `pre` changes in it, at the time of the genesis. */
export const custodyVectors = () => ({
  tables: custodyTables.join(', '),
  moves: custody.map(({ name, pre, money, told }) => {
    const moved = move(viewOf(edited(world, pre)), money, givenOf(told))
    return {
      name,
      pre: changesOf(world, pre).map(plainChange),
      money: plain(money),
      told: plain(told),
      ...(moved.ok ? { changes: moved.value.map(plainChange) } : { void: moved.reason }),
    }
  }),
})
