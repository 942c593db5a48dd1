/**
 * The structure of a message as IMAP tells it (RFC 3501 §7.4.2), by offsets into its bytes, whose lines all end in CRLF.
 * Nobody knows who wrote them: depth, parts and fields are bounded, and what does not fit is one part of plain bytes.
 */
import addressParser from 'nodemailer/lib/addressparser'
import { nstring, quotedOrLiteral } from './imap-text.ts'

export type Part = {
  readonly headAt: number
  readonly bodyAt: number
  readonly end: number
  readonly type: string
  readonly subtype: string
  readonly fields: Fields
  /** Of a multipart: its parts. */
  readonly parts: readonly Part[]
  /** Of message/rfc822: the message in it. */
  readonly message: Part | undefined
}

/** Values of fields by their names in small letters, unfolded, of which the first stands. */
type Fields = ReadonlyMap<string, string>

const depthMax = 20
const partsMax = 500
const valueMax = 8 * 1024
const headMax = 256 * 1024

/** The structure of a whole message. */
export function structureOf(bytes: Buffer): Part {
  return partAt({ bytes, left: { parts: partsMax } }, { at: 0, end: bytes.length, depth: 0, fallback: 'text/plain' })
}

type Whole = { readonly bytes: Buffer; readonly left: { parts: number } }
type Place = { readonly at: number; readonly end: number; readonly depth: number; readonly fallback: string }

function partAt(whole: Whole, { at, end, depth, fallback }: Place): Part {
  const { bytes, left } = whole
  left.parts--
  const bodyAt = bodyAfter(bytes, at, end)
  const fields = fieldsIn(bytes.toString('latin1', at, Math.min(bodyAt, at + headMax)))
  const { value, params } = parametersOf(fields.get('content-type') ?? fallback)
  const [, type = 'text', subtype = 'plain'] = /^([\w!#$&^.+-]+)\/([\w!#$&^.+-]+)$/.exec(value) ?? []
  const part = { headAt: at, bodyAt, end, type, subtype, fields, parts: [], message: undefined }
  if (depth >= depthMax || left.parts <= 0)
    return depth === 0 ? part : { ...part, type: 'application', subtype: 'octet-stream' }
  if (type === 'multipart' && params.boundary) {
    const inner = subtype === 'digest' ? 'message/rfc822' : 'text/plain'
    const places = placesBetween(bytes, { at: bodyAt, end, boundary: params.boundary, most: left.parts })
    const parts = places.map((place) => partAt(whole, { ...place, depth: depth + 1, fallback: inner }))
    if (parts.length > 0) return { ...part, parts }
  }
  if (type === 'multipart') return { ...part, type: 'text', subtype: 'plain' }
  if (type === 'message' && subtype === 'rfc822')
    return { ...part, message: partAt(whole, { at: bodyAt, end, depth: depth + 1, fallback: 'text/plain' }) }
  return part
}

/** Where what a part says begins: after the first empty line. */
function bodyAfter(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] === 13 && bytes[at + 1] === 10) return at + 2
  const found = bytes.indexOf('\r\n\r\n', at)
  return found < 0 || found + 4 > end ? end : found + 4
}

type Between = { readonly at: number; readonly end: number; readonly boundary: string; readonly most: number }

/** What stands between the lines of a boundary. */
function placesBetween(bytes: Buffer, { at, end, boundary, most }: Between): { at: number; end: number }[] {
  const places: { at: number; end: number }[] = []
  const mark = Buffer.from(`\r\n--${boundary}`, 'latin1')
  let from: number | undefined
  // The first may stand at the very beginning, where no line end belongs to it.
  let next = bytes.subarray(at, at + mark.length - 2).equals(mark.subarray(2)) ? at - 2 : bytes.indexOf(mark, at)
  while (next >= 0 && next + mark.length <= end && places.length < most) {
    const after = next + mark.length
    const rest = /^(--)?[ \t]*(\r\n|$)/.exec(bytes.toString('latin1', after, Math.min(end, after + 80)))
    if (rest) {
      if (from !== undefined) places.push({ at: from, end: Math.max(from, next) })
      from = rest[1] ? undefined : after + rest[0].length
      if (rest[1]) return places
    }
    next = bytes.indexOf(mark, rest ? after : next + 1)
  }
  if (from !== undefined && from < end) places.push({ at: from, end })
  return places
}

function fieldsIn(head: string): Fields {
  const fields = new Map<string, string>()
  for (const line of head.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    if (colon > 0 && !fields.has(name)) fields.set(name, line.slice(colon + 1, colon + 1 + valueMax).trim())
  }
  return fields
}

/** A value with its parameters (RFC 2045 §5.1): `text/plain; charset=utf-8`. Everything that names something is in small letters. */
export function parametersOf(field: string): { value: string; params: Readonly<Record<string, string>> } {
  const [value = ''] = field.split(';', 1)
  const found = field.slice(value.length).matchAll(/;\s*([^\s=;]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g)
  const params = Object.fromEntries(
    [...found]
      .slice(0, 50)
      .map(([, name, quoted, bare]) => [name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare!]),
  )
  return { value: value.trim().toLowerCase(), params }
}

/** BODY, or BODYSTRUCTURE where what extends it is wanted too. */
export function structureText(bytes: Buffer, part: Part, isExtended: boolean): string {
  const { fields } = part
  const content = parametersOf(fields.get('content-type') ?? '').params
  const [, language, location] = ['', 'content-language', 'content-location'].map((name) => nstring(fields.get(name)))
  const extension = `${dispositionText(fields)} ${language} ${location}`
  if (part.parts.length > 0) {
    const inner = part.parts.map((one) => structureText(bytes, one, isExtended)).join('')
    const more = isExtended ? ` ${parameterList(content)} ${extension}` : ''
    return `(${inner} ${quotedOrLiteral(part.subtype)}${more})`
  }
  const params = part.type === 'text' ? { charset: 'us-ascii', ...content } : content
  const encoding = parametersOf(fields.get('content-transfer-encoding') ?? '7bit').value || '7bit'
  const basic = [
    quotedOrLiteral(part.type),
    quotedOrLiteral(part.subtype),
    parameterList(params),
    nstring(fields.get('content-id')),
    nstring(fields.get('content-description')),
    quotedOrLiteral(encoding),
    String(part.end - part.bodyAt),
  ]
  const lines = String(linesIn(bytes, part))
  const special = part.message
    ? [envelopeText(part.message.fields), structureText(bytes, part.message, isExtended), lines]
    : part.type === 'text'
      ? [lines]
      : []
  const more = isExtended ? [nstring(fields.get('content-md5')), extension] : []
  return `(${[...basic, ...special, ...more].join(' ')})`
}

function linesIn(bytes: Buffer, { bodyAt, end }: Part): number {
  let lines = 0
  for (let at = bytes.indexOf(10, bodyAt); at >= 0 && at < end; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}

function dispositionText(fields: Fields): string {
  const field = fields.get('content-disposition')
  if (field === undefined) return 'NIL'
  const { value, params } = parametersOf(field)
  return `(${quotedOrLiteral(value)} ${parameterList(params)})`
}

function parameterList(params: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(params).map(([name, value]) => `${quotedOrLiteral(name)} ${quotedOrLiteral(value)}`)
  return pairs.length === 0 ? 'NIL' : `(${pairs.join(' ')})`
}

/** ENVELOPE (RFC 3501 §7.4.2), of the fields of a message. */
export function envelopeText(fields: Fields): string {
  const people = (name: string): string => addressList(fields.get(name))
  const from = people('from')
  const orFrom = (name: string): string => (fields.get(name) ? people(name) : from)
  return `(${[
    nstring(fields.get('date')),
    nstring(fields.get('subject')),
    from,
    orFrom('sender'),
    orFrom('reply-to'),
    people('to'),
    people('cc'),
    people('bcc'),
    nstring(fields.get('in-reply-to')),
    nstring(fields.get('message-id')),
  ].join(' ')})`
}

function addressList(field: string | undefined): string {
  if (!field) return 'NIL'
  const all = addressParser(field).flatMap((one) => ('group' in one && one.group ? one.group : [one]))
  const shown = all.flatMap(({ name, address }) => {
    if (!address) return []
    const at = address.lastIndexOf('@')
    const [local, host] = at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)]
    return [`(${nstring(name || undefined)} NIL ${quotedOrLiteral(local)} ${quotedOrLiteral(host)})`]
  })
  return shown.length === 0 ? 'NIL' : `(${shown.join('')})`
}
