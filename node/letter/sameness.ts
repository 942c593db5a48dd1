/** By what two messages are known to be one and the same: the id that it gives itself, and what it says. */
import { fieldValue, headAt, inLines } from './head.ts'

type Sameness = {
  /** What stands as its Message-ID (RFC 5322 §3.6.4); undefined where it names none. */
  readonly messageId: string | undefined
  /** Its head, without what changes each time the same words are written down (Date, Message-ID), and what follows. */
  readonly said: { readonly head: Uint8Array; readonly rest: Uint8Array }
}

/** Reads no further than the head, whatever is in it. */
export function samenessOf(bytes: Uint8Array): Sameness {
  const whole = inLines(bytes)
  const { fields, stray, bodyAt } = headAt(whole, 0)
  const kept = fields.filter(({ name }) => name !== 'date' && name !== 'message-id').map(({ raw }) => raw)
  return {
    messageId: fieldValue(fields, 'message-id') || undefined,
    said: { head: Buffer.concat([...kept, ...stray]), rest: whole.subarray(bodyAt) },
  }
}
