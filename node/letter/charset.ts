/** Bytes for which no character set is named: UTF-8 where they are that, and windows-1252 where they are not, as old programs write. */
import { isUtf8 } from 'node:buffer'

/** The text of such bytes. */
export const textOf = (bytes: Uint8Array): string => (isMostlyUtf8(bytes) ? utf8 : windows1252).decode(bytes)

/** The same text in UTF-8. */
export const utf8Of = (bytes: Uint8Array): Uint8Array =>
  isMostlyUtf8(bytes) ? bytes : Buffer.from(windows1252.decode(bytes))

/** Whether bytes are UTF-8, or were before a few of them were damaged: more of it is letters than is not. */
export function isMostlyUtf8(bytes: Uint8Array): boolean {
  if (isUtf8(bytes)) return true
  let [letters, broken] = [0, 0]
  for (const [found] of utf8.decode(bytes).matchAll(/[^\0-\x7f]/gu)) found === '\ufffd' ? broken++ : letters++
  return letters > broken
}

const utf8 = new TextDecoder('utf-8')
const windows1252 = new TextDecoder('windows-1252')
