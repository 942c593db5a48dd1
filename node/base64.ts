/** Bytes that programs hand over as text. */
import { base64 } from '@scure/base'
import { Refusal } from './service.ts'

/** Bytes from base64. Throws Refusal. */
export function decodeBase64(text: string): Uint8Array {
  try {
    return base64.decode(text)
  } catch {
    throw new Refusal('bad-request', 'The text is not base64. Encode the bytes so.')
  }
}
