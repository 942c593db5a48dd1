/** By what two messages are known to be one and the same: the id that it gives itself, and what it says. */
import { type Field, fieldValue, headAt, inLines } from './head.ts'

type Sameness = {
  /** The first Message-ID that it gives itself (RFC 5322 §3.6.4), without comments; undefined where it names none. */
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
    messageId: idIn(fields),
    said: { head: Buffer.concat([...kept, ...stray]), rest: whole.subarray(bodyAt) },
  }
}

/** What stands in brackets; where none are, as some programs write it, all of the field. */
function idIn(fields: readonly Field[]): string | undefined {
  const values = fields.filter(({ name }) => name === 'message-id').map((field) => fieldValue([field], field.name))
  const given = values.find((value) => value !== '')
  return given && (/^(?:\([^()]*\)|\s)*(<[^<>]*>)/.exec(given)?.[1] ?? given)
}
