/** Operations of our own: through the same doorway as everybody's, with the envelope of a send, and on their way. */
import type { Context } from '../../protocol/context.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { no, type Result } from '../../protocol/reason.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Lanes } from './lanes.ts'
import type { Pending } from './pending.ts'

type Options = {
  readonly context: Context
  readonly lanes: Pick<Lanes, 'enter'>
  readonly pending: Pick<Pending, 'check'>
  readonly envelopes: Pick<Envelopes, 'check' | 'drop' | 'hold'>
  /** Bring an op that waits here to others. */
  readonly send: (incoming: Incoming) => Promise<void>
}

export function createSubmission({ context, lanes, pending, envelopes, send }: Options) {
  /** Signed bytes of our own, with the envelope that belongs to them. Refuses what the doorway does, and: envelope-missing, envelope-mismatch. */
  function read(bytes: Uint8Array, envelope: Uint8Array | undefined): Result<Incoming> {
    const incoming = readOp(bytes, context)
    if (!incoming.ok || incoming.value.op.action.TAG !== 'send') return incoming
    if (!envelope) return no('envelope-missing')
    const fits = envelopes.check(incoming.value.op, envelope)
    return fits.ok ? incoming : fits
  }

  return {
    /** Whether an op of our own would be taken, without taking it. */
    async check(bytes: Uint8Array, envelope?: Uint8Array): Promise<Result<Incoming>> {
      const incoming = read(bytes, envelope)
      if (!incoming.ok) return incoming
      const checked = await pending.check(incoming.value)
      return checked.ok ? incoming : checked
    },
    /** Take in signed bytes of our own, with the envelope of a send, and send them on their way. Refuses what `check` does. */
    async submit(bytes: Uint8Array, envelope?: Uint8Array): Promise<Result<Incoming>> {
      const incoming = read(bytes, envelope)
      if (!incoming.ok) return incoming
      const { message } = incoming.value
      if (message && envelope && !envelopes.hold(message, envelope)) return no('queue-full')
      const taken = await lanes.enter(incoming.value, { from: undefined })
      if (!taken.ok) {
        if (message) envelopes.drop(message)
        return taken
      }
      await send(incoming.value)
      return incoming
    },
  }
}
