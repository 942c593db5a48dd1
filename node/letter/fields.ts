/** The fields at the head of a message (RFC 5322), found in time that grows with their bytes, whatever is in them. */
import { headAt, inLines } from './head.ts'

/** The wanted fields, continuation lines included, as a message of its own. The pattern is asked for a name in small letters. */
export function fieldsOf(bytes: Uint8Array, wanted: RegExp): Buffer {
  const { fields } = headAt(inLines(bytes.subarray(0, headBytesMax)), 0)
  const found = fields.filter(({ name, raw }) => raw.length < fieldBytesMax && wanted.test(name))
  return Buffer.concat([...found.slice(0, fieldsMax).map(({ raw }) => raw), Buffer.from('\r\n')])
}

/** How far into a message fields are looked for, and how long and how many they may be. */
const headBytesMax = 256 * 1024
const fieldBytesMax = 8 * 1024
const fieldsMax = 64
