/** The sends that a batch settled, as everything that follows up on messages wants them; and what the ledger keeps of each. */
import type { Line } from '../../protocol/fee.ts'
import { keptUntil } from '../../protocol/envelope.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import type { Message } from '../../protocol/state.ts'
import type { Op } from '../../protocol/wire.ts'
import type { SettledBatch } from './batch-steps.ts'
import type { Store } from './store.ts'

/** One settled message: who sent what to whom, and what it cost. */
export type SettledSend = {
  readonly opId: Uint8Array
  readonly op: Op
  readonly send: ActionOf<'send'>
  readonly message: Uint8Array
  readonly lines: readonly Line[]
  readonly keptUntil: bigint
}

/** The sends of a batch that are mail. */
export function settledSendsOf({ header, ops, applied }: SettledBatch): SettledSend[] {
  return ops.flatMap(({ op, id }, index) => {
    const result = applied[index]!
    if (op?.action.TAG !== 'send' || result.kind !== 'settled' || !result.sent) return []
    const send = op.action.data
    const { message, lines } = result.sent
    const until = keptUntil({ time: header.time, lifetimeDays: send.lifetimeDays })
    return [{ opId: id, op, send, message, lines, keptUntil: until }]
  })
}

/** The record of a message; nothing where it is not settled. */
export const messageRecordOf = async (store: Pick<Store, 'fetch'>, message: Uint8Array): Promise<Message | undefined> =>
  (await store.fetch([{ table: 'messages', key: message }])).read('messages', message)
