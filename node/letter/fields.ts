/** The fields at the head of a message (RFC 5322), found in time that grows with their bytes, whatever is in them. */

/**
 * The lines of the wanted fields, continuation lines included, as a message of its own. The pattern is asked for the
 * beginning of a line, as far as a name of a field reaches.
 */
export function fieldsOf(bytes: Uint8Array, wanted: RegExp): Buffer {
  const found: Buffer[] = []
  const most = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytesMax))
  let isWanted = false
  for (let at = 0; at < most.length; ) {
    const end = most.indexOf(lineEnd, at)
    const next = end < 0 ? most.length : end + 1
    const line = most.subarray(at, next)
    if (line.length < 3 && line.toString().trim() === '') break
    if (!isFolded(line)) isWanted = wanted.test(line.subarray(0, nameBytesMax).toString('latin1'))
    if (isWanted && line.length < fieldLineMax) found.push(line)
    if (found.length === fieldLinesMax) break
    at = next
  }
  return Buffer.concat([...found, Buffer.from('\r\n')])
}

/** How far into a message fields are looked for, how long a name may be, and how long and how many their lines. */
const headBytesMax = 256 * 1024
const nameBytesMax = 40
const fieldLineMax = 8 * 1024
const fieldLinesMax = 64

const lineEnd = 10
const isFolded = (line: Uint8Array): boolean => line[0] === 32 || line[0] === 9
