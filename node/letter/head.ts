/** Where the head of a message or of a part of one ends, and the fields in it, in bytes of which nobody knows who wrote them. */
import { textOf } from './charset.ts'

/** A field with its continuation lines: its name in small letters, and all of its bytes. */
export type Field = { readonly name: string; readonly raw: Uint8Array }

type Head = {
  readonly fields: readonly Field[]
  /** Lines among the fields that are none. */
  readonly stray: readonly Uint8Array[]
  /** Where what the message says begins. */
  readonly bodyAt: number
}

/** A message of which every line ends in LF, with or without CR before it, in an encoding that has ASCII in it. */
export function inLines(bytes: Uint8Array): Buffer {
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const [first, second, third] = given
  if (first === 0xff && second === 0xfe) return Buffer.from(new TextDecoder('utf-16le').decode(given))
  if (first === 0xfe && second === 0xff) return Buffer.from(new TextDecoder('utf-16be').decode(given))
  const plain = first === 0xef && second === 0xbb && third === 0xbf ? given.subarray(3) : given
  return endsInCr(plain)
    ? Buffer.from(plain.map((byte, at) => (byte === cr && plain[at + 1] !== lf ? lf : byte)))
    : plain
}

/** Whether the lines end in CR alone, as the first one does. */
function endsInCr(bytes: Buffer): boolean {
  const at = bytes.indexOf(cr)
  if (at < 0) return false
  let next = at
  while (bytes[next] === cr) next++
  return bytes[next] !== lf && !bytes.subarray(0, at).includes(lf)
}

/** Where the next line begins. */
export const lineAfter = (whole: Buffer, at: number): number => whole.indexOf(lf, at) + 1 || whole.length

const [lf, cr] = [10, 13]

/**
 * The head that begins at a place. A line that is no field ends it, unless fields follow that every message has: those are
 * fields, and it is a stray. Where there is no such field at all there is no head, and every line belongs to what is said.
 */
export function headAt(whole: Buffer, at: number, isEnd: (line: Buffer) => boolean = () => false): Head {
  const lines: Buffer[] = []
  let next = at === 0 ? blankUntil(whole) : at
  while (next < whole.length && next - at < headBytesMax) {
    const line = whole.subarray(next, lineAfter(whole, next))
    if (isEnd(line)) break
    next += line.length
    if (isBlank(line)) break
    lines.push(line)
  }
  const known = lines.flatMap((line, index) => (isKnown(line) ? [index] : []))
  const [first] = lines
  if (!first) return { fields: [], stray: [], bodyAt: next }
  if (known.length < (isField(first) || isEnvelope(first) ? 1 : 2)) return { fields: [], stray: [], bodyAt: at }
  const end = lines.findIndex((line, index) => index > known.at(-1)! && !isField(line) && !isFolded(line))
  const inHead = lines.slice(isEnvelope(first) ? 1 : 0, end < 0 ? lines.length : end)
  const bodyAt = end < 0 ? next : lines[end]!.byteOffset - whole.byteOffset
  return { ...sorted(inHead), bodyAt }
}

/** How much of a message is looked at to find where its head ends. */
const headBytesMax = 256 * 1024

/** The lines of a head as fields, and those that belong to none. */
function sorted(lines: readonly Buffer[]): Pick<Head, 'fields' | 'stray'> {
  const fields: { name: string; lines: Buffer[] }[] = []
  const stray: Buffer[] = []
  let last = stray
  for (const line of lines) {
    if (isField(line)) {
      last = []
      fields.push({ name: startOf(line).split(':')[0]!.trim().toLowerCase(), lines: last })
    } else if (!isFolded(line)) last = stray
    last.push(line)
  }
  return { fields: fields.map(({ name, lines }) => ({ name, raw: whole(lines) })), stray }
}

/** Lines together, the last of them ended. */
const whole = (lines: readonly Buffer[]): Buffer =>
  Buffer.concat(lines.at(-1)!.at(-1) === lf ? lines : [...lines, Buffer.from('\r\n')])

/** The value of a field, on one line; empty where there is no such field. */
export const fieldValue = (fields: readonly Field[], name: string): string => {
  const field = fields.find((one) => one.name === name)
  return field
    ? textOf(field.raw)
        .replace(/^[^:]*:/, '')
        .replace(/\s+/g, ' ')
        .trim()
    : ''
}

const startOf = (line: Uint8Array): string => Buffer.from(line.subarray(0, 100)).toString('latin1')
const isBlank = (line: Buffer): boolean => line.every((byte) => byte === cr || byte === lf)
const isFolded = (line: Buffer): boolean => line[0] === 32 || line[0] === 9
const isField = (line: Buffer): boolean => /^[!-9;-~]+[ \t]*:/.test(startOf(line))
/** The line in front of a message in a file of many (mbox). */
const isEnvelope = (line: Buffer): boolean => /^>?From [^:]*(?: |$)/.test(startOf(line))

/** Fields by which a head is known. */
const isKnown = (line: Buffer): boolean =>
  /^(?:from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|received|return-path|delivered-to|mime-version|content-[a-z-]+|x-[\w-]+|list-[a-z-]+|auto-submitted|precedence|resent-[a-z-]+|dkim-signature|arc-[a-z-]+|authentication-results|user-agent)[ \t]*:/i.test(
    startOf(line),
  )

/** Where the first line begins that is not blank, if it is a field; nothing is skipped in front of other text. */
function blankUntil(whole: Buffer): number {
  let at = 0
  while (whole[at] === lf || whole[at] === cr) at++
  return isKnown(whole.subarray(at, lineAfter(whole, at))) ? at : 0
}
