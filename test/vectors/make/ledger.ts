/** The state transition, op by op: what each does to a state, or why it does nothing. The vectors of `test/protocol/ledger.test.ts`, in bytes. */
import { Rules } from '../../../protocol/rules.ts'
import { encodeRecord, tables } from '../../../protocol/state.ts'
import { changesOf, edited, type State } from '../../kit/fixtures.ts'
import { applyTo, contextOf, refused, settled } from '../all.ts'
import { world } from '../world.ts'
import { signedBytes } from '../../kit/fixtures.ts'
import { plainChange } from './batches.ts'
import { plain } from './plain.ts'

const entriesOf = (state: State) =>
  [...state.values()].map(({ table, key, record }) => ({
    table,
    number: tables[table].number,
    key: plain(key),
    hex: plain(encodeRecord(table, record as never)),
  }))

/**
 * `world` is a whole state; each transition begins with it and with what `pre` changes in it. A proof holds where it is
 * `goodProof` of network.json, and only there. The rules are the network's where a transition has none of its own.
 */
export const ledgerVectors = () => ({
  world: entriesOf(world),
  transitions: [...settled, ...refused].map((vector) => {
    const { name, pre = [], op, rules } = vector
    const state = edited(world, pre)
    const applied = applyTo(state, op, contextOf(vector))
    return {
      name,
      ...(rules && { rules: plain(Rules.encode(rules)) }),
      pre: changesOf(world, pre).map(plainChange),
      op: plain(signedBytes(op)),
      became: applied.kind,
      ...(applied.kind === 'omitted' ? {} : { changes: applied.changes.map(plainChange) }),
      ...(applied.kind === 'settled' ? {} : { reason: applied.reason }),
    }
  }),
})
