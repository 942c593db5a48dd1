/**
 * The header by which a request that is repeated is known (draft-ietf-httpapi-idempotency-key-header-07): a string of RFC
 * 9651, in quotes. What goes without quotes everywhere, as a UUID, is taken without them, too: it is the same key.
 */
import { HttpRefusal } from './errors.ts'

/** The key that a header says, 1 to 255 characters. Throws HttpRefusal where it is none: `key-malformed`. */
export function keyIn(header: string): string {
  const quoted = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/.exec(header)?.[1]
  const key = quoted?.replace(/\\(.)/g, '$1') ?? /^[\w.~:+/=-]+$/.exec(header)?.[0] ?? ''
  if (key.length <= keyMax && key.trim() !== '') return key
  const sentence = `The Idempotency-Key is none. Give one, as a text in quotes, of 1 to ${keyMax} printable characters of ASCII; a new UUID serves for each letter.`
  throw new HttpRefusal({ status: 400, code: 'key-malformed', sentence })
}

const keyMax = 255

/** The refusal of a request that shows a key where none is looked at: its sender would take it to be safe to repeat. */
export const keyNotTaken = (): HttpRefusal => {
  const sentence =
    'This path knows nothing of Idempotency-Key, so a request that is repeated is done twice. Leave the header out; nothing was done.'
  return new HttpRefusal({ status: 400, code: 'key-not-taken', sentence })
}
