/** Turning any bytes into what is shown of a message. Only `worker.ts` runs this on what others wrote. */
import { detectMimeType } from 'nodemailer/lib/mime-funcs/mime-types'
import PostalMime, { type Address, type Email } from 'postal-mime'
import { textOf } from './charset.ts'
import { fieldsOf } from './fields.ts'
import { inLines } from './head.ts'
import { mended, together } from './mend.ts'
import { namelessPart } from './part-name.ts'
import { isBlank, printableFilename, printableLine, printableText } from './printable.ts'
import { type UuFile, withoutUu } from './uuencode.ts'

/** Somebody in a header: `bm1…`, or any mail address, with a name or an empty one. */
export type Mailbox = { readonly name: string; readonly address: string }

export type Attachment = { readonly filename: string; readonly mimeType: string; readonly content: Uint8Array }

/** A message as it is shown. Every text is printable; `undefined` where the message does not say. */
export type ParsedLetter = {
  readonly subject: string
  /** What the message claims; who really sent it is the operation's account. */
  readonly from: Mailbox | undefined
  readonly to: readonly Mailbox[]
  /** ISO 8601, or the words of the header where they are no date. */
  readonly date: string | undefined
  readonly messageId: string | undefined
  readonly references: readonly string[]
  readonly text: string
  /** How many characters of it are left out at its end, about; few people read so far, and all of them can have the message itself. */
  readonly cut: number
  readonly attachments: readonly Attachment[]
  /** Whether the message could not be parsed, so that `text` is all of it as it came. */
  readonly damaged: boolean
}

/** A message to be looked at: what is attached is only named. */
export type Page = Omit<ParsedLetter, 'attachments'> & {
  readonly attachments: readonly (Omit<Attachment, 'content'> & { readonly bytes: number })[]
  /** The size of the message; the packed one where it cannot be unpacked. */
  readonly bytes: number
  /** Why nothing of it can be read, as a sentence, which is its text then. */
  readonly flaw: string | undefined
}

/** What a list of messages says of one. */
export type LetterHead = Pick<Page, 'subject' | 'date' | 'bytes' | 'flaw'>

/**
 * The subject and the date of a message, on this thread. Only these two fields are given to the parser, so that no message
 * takes longer than others, whatever else is in it.
 */
export async function parseHead(bytes: Uint8Array): Promise<LetterHead> {
  const { subject, date } = await parseLetter(fieldsOf(bytes, /^(subject|date)$/))
  return { subject, date, bytes: bytes.length, flaw: undefined }
}

/** What is looked at of a message, on this thread. */
export async function parsePage(bytes: Uint8Array): Promise<Page> {
  const letter = await parseLetter(bytes, { taken: beginningOf })
  return letter.damaged ? damagedPage(bytes) : pageOf(letter, bytes.length)
}

/** The same without taking it apart. */
export const damagedPage = (bytes: Uint8Array): Page => pageOf(damagedLetter(bytes), bytes.length)

const pageOf = ({ attachments, ...letter }: ParsedLetter, bytes: number): Page => ({
  ...letter,
  attachments: attachments.map(({ filename, mimeType, content }) => ({ filename, mimeType, bytes: content.length })),
  bytes,
  flaw: undefined,
})

/** What is shown in place of a message that cannot be read at all. */
export const flawedPage = (flaw: string, bytes: number): Page => ({
  ...pageOf(damagedLetter(new TextEncoder().encode(flaw)), bytes),
  flaw,
})

/** How a message is read: in how many others it lies, and how much of it, and of those in it, is taken apart. */
type Reading = { readonly depth?: number; readonly taken?: (lines: Buffer) => Buffer }

/**
 * The page (HTML) of a message as it came, on this thread; undefined where it has none, or a larger one than is shown.
 * Pictures that it brings along stand in it as `data:`; whoever shows it must let it reach nothing else.
 */
export async function parseFormatted(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const { message } = mended(beginningOf(inLines(bytes)))
    const { html, attachments } = await PostalMime.parse(message, limits)
    if (html === undefined || isBlank(html) || html.length > htmlMax) return undefined
    return withPictures(html, attachments)
  } catch {
    return undefined // its text is shown all the same
  }
}

/** A picture may be named again and again; what no longer fits is left out, as one is that is not there. */
function withPictures(html: string, parts: readonly Part[]): string {
  const pictures = new Map(
    parts
      .filter(({ contentId, mimeType }) => contentId && /^image\/(?:png|jpeg|gif|webp|avif)$/i.test(mimeType))
      .map((part) => [part.contentId!.replace(/^<|>$/g, ''), part]),
  )
  let room = picturesMax
  return html.replace(/\bcid:([^"'\s)>]+)/gi, (named, id: string) => {
    const picture = pictures.get(id)
    if (!picture) return named
    const data = `data:${picture.mimeType};base64,${Buffer.from(bytesOf(picture)).toString('base64')}`
    room -= data.length
    return room < 0 ? named : data
  })
}

/** Of all pictures in a page, as text. */
const picturesMax = 8 * 1024 * 1024

/**
 * Read any bytes as a message, on this thread. Never throws; but the parser takes minutes for what is written to make it
 * slow, so foreign messages are read through `reader.ts`.
 */
export async function parseLetter(
  bytes: Uint8Array,
  { depth = 0, taken = (all) => all }: Reading = {},
): Promise<ParsedLetter> {
  try {
    const lines = inLines(bytes)
    const beginning = taken(lines)
    const { message, before, after } = mended(beginning)
    const mail = await PostalMime.parse(message, limits)
    const words = withoutUu(isBlank(mail.text ?? '') ? await wordsOf(mail.html?.slice(0, htmlMax)) : mail.text!)
    const parts = mail.attachments.slice(0, partsMax)
    const shown: Report[] = []
    // One after the other, so that the parser's memory is never that of all of them.
    for (const part of parts) shown.push(await reportOf(part, { depth, taken }))
    const inside = shown.flatMap(({ attachments }) => attachments)
    const text = together([before, words.text, ...shown.map(({ text }) => text), after])
    const { text: said, cut } = clipped(isBlank(text) ? together(parts.map(otherTextOf)) : text)
    return {
      subject: printableLine(mail.subject ?? ''),
      from: mailboxes(mail.from && [mail.from])[0],
      to: mailboxes(mail.to),
      date: mail.date === undefined ? undefined : printableLine(mail.date),
      messageId: mail.messageId === undefined ? undefined : printableLine(mail.messageId),
      references: printableLine(mail.references ?? '', 8_000)
        .split(' ')
        .filter(Boolean),
      text: said,
      cut: shown.reduce((all, { cut }) => all + cut, cut + lines.length - beginning.length),
      attachments: [...parts.map(attachmentOf), ...words.files.map(attachedFile), ...inside].slice(0, partsMax),
      damaged: false,
    }
  } catch {
    return damagedLetter(bytes) // a parser of foreign bytes fails in ways that it does not list
  }
}

/** What is shown of a message that cannot be parsed: all of it, as it came. */
function damagedLetter(bytes: Uint8Array): ParsedLetter {
  const nothing = { subject: '', from: undefined, to: [], date: undefined, messageId: undefined, references: [] }
  return { ...nothing, ...clipped(textOf(bytes)), attachments: [], damaged: true }
}

/** As much of a text as is shown, in UTF-16 units: a book of a hundred pages. */
const textMax = 256 * 1024

/** As much of a page as is turned into words: markup takes several times the room of what it says. */
const htmlMax = 8 * textMax

const clipped = (text: string): Pick<ParsedLetter, 'text' | 'cut'> => ({
  text: printableText(text.slice(0, textMax)),
  cut: Math.max(0, text.length - textMax),
})

/**
 * As much of a message as is taken apart to be looked at. The parser takes two kilobytes of memory for a line and more for
 * a part, and a thread that runs out of memory can take its process with it, so that is not tried out. What is attached in
 * earnest is nearly as large packed, so there is far less of it.
 */
function beginningOf(whole: Buffer): Buffer {
  const most = whole.subarray(0, parsedBytesMax)
  let [lines, dashed] = [0, 0]
  for (let at = most.indexOf(lineEnd); at >= 0; at = most.indexOf(lineEnd, at + 1)) {
    lines++
    if (most[at + 1] === dash && most[at + 2] === dash) dashed++
    if (lines === linesMax || dashed === dashedMax) return most.subarray(0, at + 1)
  }
  return most
}

const [lineEnd, dash] = [10, 45]
const parsedBytesMax = 4 * 1024 * 1024
const linesMax = 16_000
/** Lines that may begin a part. */
const dashedMax = 5_000

/** No person reads more attachments or addressees than this. */
const partsMax = 1_000
/** Messages in a message are read here, one in the other, so that each of them is mended. */
const limits = { maxNestingDepth: 64, maxHeadersSize: 64 * 1024, forceRfc822Attachments: true }
const depthMax = 4

/** The members of groups count as addressees. Text that is not an address stays in the list, so that the reader sees it. */
const mailboxes = (addresses: readonly Address[] = []): Mailbox[] =>
  addresses
    .flatMap((address): readonly Mailbox[] => address.group ?? [address])
    .slice(0, partsMax)
    .map(({ name, address }) => ({ name: address ? printableLine(name) : '', address: printableLine(address || name) }))

type Part = Email['attachments'][number]

const bytesOf = ({ content }: Part): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)

function attachmentOf(part: Part): Attachment {
  const mimeType = printableLine(part.mimeType)
  const filename = printableFilename(part.filename || namelessPart(mimeType))
  return { filename, mimeType, content: bytesOf(part) }
}

const attachedFile = ({ name, content }: UuFile): Attachment => ({
  filename: printableFilename(name),
  mimeType: detectMimeType(name) || 'application/octet-stream',
  content,
})

type Report = Pick<ParsedLetter, 'text' | 'cut' | 'attachments'>

/** What a part says that reports on a message, or is one, with what is attached to that. */
async function reportOf(part: Part, { depth, taken }: Required<Reading>): Promise<Report> {
  const isReport = /^message\/|^text\/rfc822-headers$/i.test(part.mimeType)
  if (!isReport || part.disposition === 'attachment' || depth === depthMax) return { text: '', cut: 0, attachments: [] }
  const bytes = bytesOf(part)
  if (!/^message\/(?:rfc822|global)$/i.test(part.mimeType)) return { text: textOf(bytes), cut: 0, attachments: [] }
  const { subject, from, to, date, text, cut, attachments } = await parseLetter(bytes, { depth: depth + 1, taken })
  const people = (those: readonly Mailbox[]) =>
    those.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ')
  const head = { From: people(from ? [from] : []), To: people(to), Sent: date ?? '', Subject: subject }
  const lines = Object.entries(head).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []))
  return { text: together([lines.join('\n'), text]), cut, attachments }
}

/** Where a message has no words, what else in it is text. */
const otherTextOf = (part: Part): string =>
  /^text\//i.test(part.mimeType) && part.disposition !== 'attachment' ? textOf(bytesOf(part)) : ''

/**
 * The words of a page. The parser turns HTML to text only where another part is plain text, so it is given such a
 * message, with an empty one; and it takes style sheets for words.
 */
async function wordsOf(html: string | undefined): Promise<string> {
  if (html === undefined) return ''
  const parts = [
    'Content-Type: multipart/mixed; boundary=page\n',
    '--page\nContent-Type: text/plain\n\n',
    '--page\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n',
    Buffer.from(withoutStyles(html)).toString('base64'),
    '--page--\n',
  ]
  return ((await PostalMime.parse(parts.join('\n'), limits)).text ?? '').trim()
}

/** A page without its style sheets. None is looked for behind the last end of one, or each would be looked for to the end. */
function withoutStyles(html: string): string {
  let end = 0
  for (const found of html.matchAll(/<\/style\s*>/gi)) end = found.index + found[0].length
  return html.slice(0, end).replace(/<style\b.*?<\/style\s*>/gis, '') + html.slice(end)
}
