/**
 * A letter as a mail program gets it: the bytes that its sender wrote, with fields in front that only we can know, and
 * without those by which a sender could pretend to be us or somebody else. The same for ever, as programs keep what they got.
 */
import { amountText } from '../amount.ts'
import { type Field, fieldValue, headAt, inLines } from '../letter/head.ts'
import { printableLine } from '../letter/printable.ts'
import type { Coin } from '../../protocol/rules.ts'
import type { PriceLine } from '../priced.ts'
import type { Contact, Summary } from '../service.ts'
import { envelopeText, structureOf, structureText } from './mime.ts'

/** What stands behind the @ of every address here. It is nobody's (RFC 2606), so nothing leaves by mistake. */
export const domain = 'bmail.invalid'

/** What of a message is kept at hand, so that a list or a search asks for no bytes. */
export type Index = {
  readonly sizeBytes: number
  readonly envelope: string
  readonly body: string
  readonly bodyStructure: string
  /** Fields that programs list and search by, as bytes in Latin-1, each with its line ends. */
  readonly fields: string
  readonly messageId: string
  /** What its Date says, in milliseconds since 1970; null where it says none. */
  readonly date: number | null
}

const indexed =
  /^(?:from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|content-type|x-bmail-.*)$/

/** Bytes whose lines all end in CRLF. */
export function withCrLf(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  return /(?<!\r)\n|\r(?!\n)/.test(text) ? Buffer.from(text.replace(/\r\n|\r|\n/g, '\r\n'), 'latin1') : bytes
}

/** A message behind the fields in front of it; of its own fields those are left out that say what only we may. */
export function viewOf(raw: Uint8Array, front: string): Buffer {
  const whole = inLines(raw)
  const { fields, stray, bodyAt } = headAt(whole, 0)
  const ours =
    front === '' ? new Set() : new Set([...front.matchAll(/^([\w-]+):/gm)].map(([, name]) => name!.toLowerCase()))
  const kept = fields.filter(({ name }) => !ours.has(name) && !forged.test(name)).map(({ raw: field }) => field)
  const parts = [Buffer.from(front, 'utf8'), ...kept, Buffer.from('\r\n'), ...stray, whole.subarray(bodyAt)]
  return withCrLf(Buffer.concat(parts))
}

const forged = /^(?:authentication-results|x-bmail-.*|return-path|delivered-to|bcc)$/

/** What is kept at hand of a message as it is shown. */
export function indexOf(bytes: Buffer): Index {
  const part = structureOf(bytes)
  const { fields } = headAt(bytes, 0)
  const date = Date.parse(fieldValue(fields, 'date'))
  return {
    sizeBytes: bytes.length,
    envelope: envelopeText(part.fields),
    body: structureText(bytes, part, false),
    bodyStructure: structureText(bytes, part, true),
    fields: fields
      .filter(({ name, raw }) => indexed.test(name) && raw.length < 8 * 1024)
      .map(({ raw }) => Buffer.from(raw).toString('latin1'))
      .join(''),
    messageId: fieldValue(fields, 'message-id'),
    date: Number.isNaN(date) ? null : date,
  }
}

/** What is known about a letter when it comes. */
type Circumstances = {
  readonly summary: Summary
  readonly coin: Coin
  readonly contacts: readonly Contact[]
  /** The line of its price that is ours; undefined where there is no receipt. */
  readonly line: PriceLine | undefined
}

/** The fields in front of a letter that came: who wrote it, by the ledger and not by its own word, and what it paid. */
export function frontOfReceived(raw: Uint8Array, { summary, coin, contacts, line }: Circumstances): string {
  const { fields } = headAt(inLines(raw), 0)
  const sender = `${summary.from}@${domain}`
  const claimed = printableLine(fieldValue(fields, 'from'), 200)
  const name = contacts.find(({ address }) => address === summary.from)?.name ?? claimedName(claimed, contacts)
  const isAnother = claimed !== '' && !claimed.includes(summary.from)
  return linesText([
    ['From', name === '' ? `<${sender}>` : `${phrase(name)} <${sender}>`],
    ...(isAnother ? [['X-Bmail-Claimed-From', encoded(claimed)] as const] : []),
    ...given(fields, summary),
    ['Delivered-To', `${summary.own}@${domain}`],
    ['X-Bmail-Paid', amountText(summary.amount, coin)],
    ['X-Bmail-Standing', standingText(line)],
    ['X-Bmail-Automatic', summary.automatic ? 'yes' : 'no'],
    ['X-Bmail-Letter', summary.id],
    ['Authentication-Results', `${domain}; x-bmail=pass header.from=${sender}`],
  ])
}

/** The fields in front of a letter of ours. */
export function frontOfSent(raw: Uint8Array, { summary, coin }: Pick<Circumstances, 'summary' | 'coin'>): string {
  const { fields } = headAt(inLines(raw), 0)
  return linesText([
    ...(fieldValue(fields, 'from') === '' ? [['From', `<${summary.from}@${domain}>`] as const] : []),
    ...given(fields, summary),
    ['X-Bmail-Fee', amountText(summary.amount, coin)],
    ['X-Bmail-Letter', summary.id],
  ])
}

/** What every message must have, where its sender left it out. */
function given(fields: readonly Field[], { id, date, to }: Summary): readonly Line[] {
  const recipients = to.map((address) => `<${address}@${domain}>`).join(',\r\n ')
  const wanted: readonly Line[] = [
    ['Date', new Date(date).toUTCString().replace('GMT', '+0000')],
    ['Message-ID', `<${id}@${domain}>`],
    ['To', recipients],
  ]
  return wanted.filter(([name]) => fieldValue(fields, name.toLowerCase()) === '')
}

/** The name that a letter gives its sender, unless it is that of somebody whom we know: then it is somebody else's. */
function claimedName(claimed: string, contacts: readonly Contact[]): string {
  const name = claimed.replace(/<[^<>]*>\s*$/, '').replace(/^[\s"]+|[\s"]+$/g, '')
  const isKnown = contacts.some((contact) => contact.name.toLowerCase() === name.toLowerCase())
  return isKnown || name.includes('@') || /^bm1/i.test(name) || name.startsWith('=?') ? '' : name
}

/** How its sender stood when it was priced: with readers, and with us. */
function standingText(line: PriceLine | undefined): string {
  const factors = line?.factors.filter(({ name }) => name === 'reputation' || name === 'correspondence') ?? []
  return factors.map(({ name, times }) => `${name} ${times.replace('×', 'x')}`).join(', ') || 'not known'
}

/** A field by its name and value. */
type Line = readonly [name: string, value: string]

const linesText = (lines: readonly Line[]): string => lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')

/** A name in front of an address (RFC 5322), encoded where it has other than ASCII. */
const phrase = (name: string): string => (/^[ -~]*$/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encoded(name))

/** A text of a field, as encoded words (RFC 2047) where it has other than ASCII. */
export const encoded = (text: string): string =>
  /^[ -~]*$/.test(text)
    ? text
    : (text.match(/.{1,10}/gsu) ?? [])
        .map((piece) => `=?utf-8?B?${Buffer.from(piece).toString('base64')}?=`)
        .join('\r\n ')
