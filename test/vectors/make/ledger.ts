/** The state transition, op by op: what each does to a state, or why it does nothing. The vectors of `test/protocol/ledger.test.ts`, in bytes. */
import { atTime } from '../../../node/peers/state-ahead.ts'
import type { Context } from '../../../protocol/context.ts'
import type { ActionOf } from '../../../protocol/operations.ts'
import { costToSender, holdsUntil, quote } from '../../../protocol/quote.ts'
import { Rules } from '../../../protocol/rules.ts'
import { encodeRecord, tables } from '../../../protocol/state.ts'
import { changesOf, edited, type State, totalsOf, viewOf } from '../../kit/fixtures.ts'
import { applyTo, contextOf, refused, settled, settleIn } from '../all.ts'
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
 * What a message is quoted over a state, before it is sent: as of its last batch, and by a clock at which its epoch is over;
 * until right then, until the price ceases to hold, and beyond that.
 */
function quotesOf(state: State, by: Uint8Array, send: ActionOf<'send'>, within: Context) {
  const { time, epochEnd } = totalsOf(state)
  const { epochMs } = within.rules
  return [time, epochEnd + 1n].map((now) => {
    const view = atTime(viewOf(state), Number(now))
    const holds = holdsUntil(view, within, send)
    const untils = [
      now - 1n,
      now,
      holds,
      holds + 1n,
      epochEnd - 1n,
      epochEnd,
      epochEnd + epochMs,
      epochEnd + epochMs + 1n,
    ]
    return {
      now: plain(now),
      holds: plain(holds),
      asked: untils.map((until) => {
        const quoted = quote(view, within, { sender: by, ...send, until })
        const said = quoted.ok
          ? { cost: plain(costToSender(quoted.value.lines)), carriage: plain(quoted.value.carriage) }
          : { reason: quoted.reason }
        return { until: plain(until), ...said }
      }),
    }
  })
}

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
    const asked = settleIn(state, op, contextOf(vector))
    const { action } = op
    const isSent = action.TAG === 'send' && applied.kind === 'settled'
    return {
      name,
      ...(rules && { rules: plain(Rules.encode(rules)) }),
      pre: changesOf(world, pre).map(plainChange),
      op: plain(signedBytes(op, { within: contextOf(vector), view: viewOf(state) })),
      became: applied.kind,
      ...(asked.ok ? {} : { reason: asked.reason }),
      ...(applied.kind === 'void' ? { void: applied.reason } : { changes: applied.changes.map(plainChange) }),
      ...(isSent && { quotes: quotesOf(state, op.by.address, action.data, contextOf(vector)) }),
    }
  }),
})
