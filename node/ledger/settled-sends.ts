/** The sends that a batch settled, as everything that follows up on messages wants them. */
import type { Line } from '../../protocol/fee.ts'
import { keptUntil } from '../../protocol/envelope.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import type { Op } from '../../protocol/wire.ts'
import type { SettledBatch } from './batch-steps.ts'

/** One settled message: who sent what to whom, and what it cost. */
export type SettledSend = {
  readonly opId: Uint8Array
  readonly op: Op
  readonly send: ActionOf<'send'>
  readonly message: Uint8Array
  readonly lines: readonly Line[]
  readonly keptUntil: bigint
}

/** The sends of a batch that were not refused. */
export function settledSendsOf({ header, ops, applied }: SettledBatch): SettledSend[] {
  return ops.flatMap(({ op, id }, index) => {
    const result = applied[index]!
    if (op.action.TAG !== 'send' || result.kind !== 'settled' || !result.sent) return []
    const send = op.action.data
    const { message, lines } = result.sent
    const until = keptUntil({ time: header.time, lifetimeDays: send.lifetimeDays })
    return [{ opId: id, op, send, message, lines, keptUntil: until }]
  })
}
