/**
 * Making a message fit for the parser, which goes by RFC 5322 and MIME and drops without a word what does not. Nothing in
 * here judges: what people can read is put where the parser finds it, or given beside it, and what is in order is left as it
 * is. What a message holds decides nothing about how long this takes, only how large it is.
 */
import { isMostlyUtf8, textOf, utf8Of } from './charset.ts'
import { type Field, headAt, inLines, lineAfter, fieldValue } from './head.ts'
import { isNamed, locationName } from './part-name.ts'
import { uuDecoded } from './uuencode.ts'

type Mended = {
  /** The message as the parser is to have it. */
  readonly message: Uint8Array
  /** Lines in a head that are no fields, and what stands in front of parts: they come before what the message says. */
  readonly before: string
  /** What stands behind parts. */
  readonly after: string
}

/** The message as the parser is to have it, and what it would not show of it. */
export function mended(bytes: Uint8Array): Mended {
  const whole = inLines(bytes)
  const out: Uint8Array[] = []
  const before: string[] = []
  const after: string[] = []
  /** What delimits the parts that stand open, the outermost first. */
  const open: string[] = []
  let searches = searchesMax
  let at = 0
  for (let part = 0; at < whole.length && open.length < depthMax && part < partsMax; part++) {
    const { fields, stray, bodyAt } = headAt(whole, at, (line) => delimiterIn(line, open) !== undefined)
    before.push(textOf(Buffer.concat(stray)))
    const given = boundaryIn(fields)
    const boundary = given !== undefined && searches-- > 0 ? boundaryInUse(whole, bodyAt, given) : given
    if (boundary) open.push(boundary)
    let delimiter = nextDelimiter(whole, bodyAt, open)
    const body = whole.subarray(bodyAt, delimiter?.at)
    if (boundary === undefined) out.push(...onePart(fields, body))
    else {
      out.push(
        boundary === given ? headOf(fields) : headOf(fields, { 'content-type': delimitedBy(fields, boundary) }),
        body,
      )
      before.push(boundary !== '' && delimiter?.boundary === boundary ? aside(body) : textOf(body))
    }
    while (delimiter) {
      out.push(whole.subarray(delimiter.at, delimiter.next))
      at = delimiter.next
      open.length = open.lastIndexOf(delimiter.boundary) + Number(!delimiter.isLast)
      if (!delimiter.isLast) break
      delimiter = nextDelimiter(whole, at, open)
      const between = whole.subarray(at, delimiter?.at)
      out.push(between)
      after.push(aside(between))
    }
    if (!delimiter) at = whole.length
  }
  out.push(whole.subarray(at))
  return { message: Buffer.concat(out), before: together(before), after: together(after) }
}

/** Texts one below the other, without those that are blank. */
export function together(texts: readonly string[]): string {
  const [first = '', ...others] = texts.filter((text) => text.trim() !== '')
  return others.length === 0 ? first : [first, ...others].map((text) => text.trimEnd()).join('\n\n')
}

/** How deep parts may lie in each other; the parser takes no more either. */
const depthMax = 64
/** How many parts are looked at; no person reads so many. */
const partsMax = 10_000
/** How often all that follows is searched for a delimiter. */
const searchesMax = 64

/** What stands around parts, but for the line to programs that know no parts: that is no news to any other. */
function aside(bytes: Uint8Array): string {
  const text = textOf(bytes)
  return text.length < 400 && /mime|multi-?part/i.test(text) ? '' : text
}

type Delimiter = { readonly boundary: string; readonly isLast: boolean }

/** What a line delimits, the innermost first; nothing where it is any other line. */
function delimiterIn(line: Buffer, open: readonly string[]): Delimiter | undefined {
  if (open.length === 0 || line[0] !== dash || line[1] !== dash) return undefined
  const text = line.toString('utf8', 2, delimiterBytesMax).trimEnd()
  const boundary = open.findLast((one) => text === one || text === `${one}--`)
  return boundary === undefined ? undefined : { boundary, isLast: text !== boundary }
}

const dash = 45
const delimiterBytesMax = 1024

function nextDelimiter(whole: Buffer, from: number, open: readonly string[]) {
  if (open.length === 0) return undefined
  for (let at = from; at < whole.length; at = dashesAfter(whole, at)) {
    const next = lineAfter(whole, at)
    const delimiter = delimiterIn(whole.subarray(at, next), open)
    if (delimiter) return { ...delimiter, at, next }
  }
  return undefined
}

/** Where the next line begins that could be a delimiter; the end where none does. */
function dashesAfter(whole: Buffer, at: number): number {
  const found = whole.indexOf('\n--', at, 'latin1')
  return found < 0 ? whole.length : found + 1
}

/** What delimits the parts of a message of many: empty where it does not say. Nothing where it is not made of parts. */
function boundaryIn(fields: readonly Field[]): string | undefined {
  const type = fieldValue(fields, 'content-type')
  if (!/^multipart\//i.test(type)) return undefined
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/i.exec(type) ?? []
  return (quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '').trim()
}

/** What was given where a line has it, else what stands in front of the first fields after a line that looks like one. */
function boundaryInUse(whole: Buffer, bodyAt: number, given: string): string {
  if (given !== '' && whole.indexOf(`--${given}`, bodyAt) >= 0) return given
  let at = whole.toString('latin1', bodyAt, bodyAt + 2) === '--' ? bodyAt : dashesAfter(whole, bodyAt)
  for (let tries = 0; at < whole.length && tries < 100; tries++, at = dashesAfter(whole, at)) {
    const next = lineAfter(whole, at)
    const [, boundary] =
      /^--([\w'()+,./:=?-]{1,70})\s*$/.exec(whole.toString('latin1', at, Math.min(next, at + 80))) ?? []
    if (boundary && /^content-[a-z-]+\s*:/i.test(whole.toString('latin1', next, next + 80))) return boundary
  }
  return given
}

const delimitedBy = (fields: readonly Field[], boundary: string): string =>
  `${fieldValue(fields, 'content-type').split(';')[0]!.trim()}; boundary="${boundary}"`

/** The bytes of a head, with other values for some of its fields, which are added where they are not in it. */
function headOf(fields: readonly Field[], changes: Readonly<Record<string, string>> = {}): Buffer {
  const kept = fields.filter(({ name }) => !Object.hasOwn(changes, name)).map(({ raw }) => utf8Of(raw))
  const made = Object.entries(changes).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([...kept, Buffer.from(`${made.join('')}\r\n`)])
}

/** A part that is not made of others: with the name that something gives it, and the character set it is in. */
function onePart(fields: readonly Field[], body: Buffer): readonly Uint8Array[] {
  const type = typeIn(fields)
  const encoding = fieldValue(fields, 'content-transfer-encoding').toLowerCase()
  const hasName = isNamed(type, fieldValue(fields, 'content-disposition'))
  const isUu = /^(?:x-)?uu/.test(encoding) || (!hasName && !/^text\/|^$/i.test(type) && startsInUu(body))
  const file = isUu ? uuDecoded(textOf(body)) : undefined
  const name = hasName ? '' : (file?.name ?? locationName(fieldValue(fields, 'content-location'), type))
  const isOpen = /^(?:text\/|$)/i.test(type) && !/;\s*charset\s*=/i.test(type)
  const isOld = isOpen && !isMostlyUtf8(file?.content ?? decoded(encoding, body))
  const added = [
    isOld ? '; charset=windows-1252' : '',
    name ? `; name="${name.replace(/[\\"\p{Cc}]/gu, '_')}"` : '',
  ].join('')
  const head = headOf(fields, {
    ...((added || type !== fieldValue(fields, 'content-type')) && {
      'content-type': `${type || 'text/plain'}${added}`,
    }),
    ...(file && { 'content-transfer-encoding': 'base64' }),
  })
  return [head, file ? Buffer.from(`${file.content.toString('base64')}\r\n`) : body]
}

/** What a part says it is. What is no type says nothing, and then it is text (RFC 2045, 5.2). */
function typeIn(fields: readonly Field[]): string {
  const given = fieldValue(fields, 'content-type')
  return !fields.some(({ name }) => name === 'content-type') || /^[^\s;/]+\/[^\s;/]/.test(given)
    ? given
    : given.replace(/^[^;]*/, 'text/plain')
}

const startsInUu = (body: Buffer): boolean => /^\s*begin [0-7]{3,4} \S/.test(body.toString('latin1', 0, 100))

function decoded(encoding: string, body: Buffer): Buffer {
  if (encoding.includes('base64')) return Buffer.from(body.toString('latin1'), 'base64')
  if (!encoding.includes('quoted-printable')) return body
  const text = body
    .toString('latin1')
    .replace(/=([\dA-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
