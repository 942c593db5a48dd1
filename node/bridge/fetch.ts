/** FETCH (RFC 3501 §6.4.5): which items are asked for, and what each says of a message. */
import type { Entry } from './folders.ts'
import { ImapNo, internalDate, literal, quotedOrLiteral, type Words } from './imap-text.ts'
import { type Part, structureOf } from './mime.ts'

/** An item of a FETCH. `needsBytes` where it says something that is not kept at hand; `sees` where it marks a message seen. */
type Item = {
  readonly needsBytes: boolean
  readonly sees: boolean
  /** What it says of a message, in Latin-1; `bytes` are empty where none are needed. */
  readonly say: (entry: Entry, bytes: Buffer) => string
}

const atHand = (say: (entry: Entry) => string): Item => ({ needsBytes: false, sees: false, say })
const flags = atHand(({ flags: all }) => `FLAGS (${all.join(' ')})`)
const date = atHand(({ at }) => `INTERNALDATE ${internalDate(at)}`)
const size = atHand(({ index }) => `RFC822.SIZE ${index.sizeBytes}`)
const envelope = atHand(({ index }) => `ENVELOPE ${index.envelope}`)
const body = atHand(({ index }) => `BODY ${index.body}`)

/** The UID, which is said in every answer to a UID command. */
export const uidItem = atHand(({ uid }) => `UID ${uid}`)

/** Items without a section, and macros. */
const named: Readonly<Record<string, readonly Item[]>> = {
  ALL: [flags, date, size, envelope],
  FAST: [flags, date, size],
  FULL: [flags, date, size, envelope, body],
  FLAGS: [flags],
  INTERNALDATE: [date],
  'RFC822.SIZE': [size],
  ENVELOPE: [envelope],
  BODY: [body],
  BODYSTRUCTURE: [atHand(({ index }) => `BODYSTRUCTURE ${index.bodyStructure}`)],
  UID: [uidItem],
  RFC822: [section('RFC822', { path: [], of: '', names: [] }, { sees: true })],
  'RFC822.HEADER': [section('RFC822.HEADER', { path: [], of: 'HEADER', names: [] }, { sees: false })],
  'RFC822.TEXT': [section('RFC822.TEXT', { path: [], of: 'TEXT', names: [] }, { sees: true })],
}

/** What is asked for, one item or several in brackets. Throws ImapNo where there is no such item. */
export function itemsIn(words: Words): readonly Item[] {
  const opening = words.match(/(?=\()/)
  return opening === undefined ? oneItem(words) : words.list(() => oneItem(words)).flat()
}

function oneItem(words: Words): readonly Item[] {
  const head = words.match(/BODY(?:\.PEEK)?\[/i)
  if (head !== undefined) return [sectionIn(words, head)]
  const name = words.match(/[A-Z0-9.]+/i)?.toUpperCase() ?? ''
  const items = named[name]
  if (!items) throw new ImapNo('BAD', `FETCH does not know ${name || 'that'}`)
  return items
}

/** Which part of a message, what of that, and of its fields which: none of them where they are not asked for by name. */
type Section = { readonly path: readonly number[]; readonly of: string; readonly names: readonly string[] }

type How = { readonly sees: boolean; readonly from?: number; readonly length?: number }

function sectionIn(words: Words, head: string): Item {
  const numbers = words.match(/\d{1,4}(?:\.\d{1,4}){0,30}/) ?? ''
  if (numbers !== '') words.takes('.')
  const of = words.match(/HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME/i)?.toUpperCase() ?? ''
  let names: readonly string[] = []
  if (of.startsWith('HEADER.FIELDS')) {
    words.space()
    names = words.list(() => words.astring())
  }
  if (!words.takes(']')) throw new ImapNo('BAD', 'The section of BODY does not end with “]”')
  const partial = words.match(/<\d{1,10}\.\d{1,10}>/)
  const [from, length] = partial ? partial.slice(1, -1).split('.').map(Number) : []
  const fields =
    names.length > 0 ? ` (${names.map((name) => quotedOrLiteral(name).replace(/^"([\w-]+)"$/, '$1')).join(' ')})` : ''
  const dot = numbers !== '' && of !== '' ? '.' : ''
  const label = `BODY[${numbers}${dot}${of}${fields}]${partial ? `<${from}>` : ''}`
  const path = numbers === '' ? [] : numbers.split('.').map(Number)
  const how = { sees: !/PEEK/i.test(head), ...(partial && { from: from!, length: length! }) }
  return section(label, { path, of, names }, how)
}

function section(label: string, wanted: Section, { sees, from, length }: How): Item {
  return {
    needsBytes: true,
    sees,
    say(_entry, bytes) {
      const text = sectionText(bytes, wanted)
      return `${label} ${literal(from === undefined ? text : text.slice(from, from + length!))}`
    },
  }
}

/** The text of a section; empty where a message has no such part. */
function sectionText(bytes: Buffer, { path, of, names }: Section): string {
  if (path.length === 0 && of === '') return bytes.toString('latin1')
  const whole = structureOf(bytes)
  const part = partAt(whole, path)
  if (!part) return ''
  const between = (from: number, to: number): string => bytes.toString('latin1', from, to)
  if (of === 'MIME') return path.length === 0 ? '' : between(part.headAt, part.bodyAt)
  if (of === '') return between(part.bodyAt, part.end)
  // HEADER and TEXT are of a message: the whole one, or one inside.
  const message = path.length === 0 ? whole : part.message
  if (!message) return ''
  if (of === 'TEXT') return between(message.bodyAt, message.end)
  const head = between(message.headAt, message.bodyAt)
  if (of === 'HEADER') return head
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  const isWanted = of === 'HEADER.FIELDS'
  const fields = head.split(/(?<=\r\n)(?![ \t])/).filter((field) => field !== '\r\n')
  const kept = fields.filter((field) => wanted.has(field.split(':', 1)[0]!.trim().toLowerCase()) === isWanted)
  return `${kept.join('')}\r\n`
}

/** A part of a message by its numbers (RFC 3501 §6.4.5): what is not of several parts is its own part 1. */
function partAt(message: Part, path: readonly number[]): Part | undefined {
  const [number, ...rest] = path
  if (number === undefined) return message
  const part = message.parts.length > 0 ? message.parts[number - 1] : number === 1 ? message : undefined
  return part && within(part, rest)
}

/** The same inside a part: a message that it is, is passed through to its parts. */
function within(part: Part, path: readonly number[]): Part | undefined {
  const [number, ...rest] = path
  if (number === undefined) return part
  if (part.message) return partAt(part.message, path)
  const next = part.parts[number - 1]
  return next && within(next, rest)
}
