/** Bytes that programs hand over as text. */
import { Refusal } from './service.ts'

/** Bytes from base64. Throws Refusal. */
export function decodeBase64(text: string): Uint8Array {
  // By Node and not in JavaScript: a message of 16 MiB would hold up everything else for a second.
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') === text) return bytes
  throw new Refusal('bad-request', 'The text is not base64. Encode the bytes so.')
}
