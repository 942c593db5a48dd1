/**
 * The message itself (RFC 5322 and MIME): writing one, and reading whatever came. The bytes travel unchanged; what is
 * read here is for people, and is never fed back.
 */
import MailComposer from 'nodemailer/lib/mail-composer'
import PostalMime, { type Address, type Email } from 'postal-mime'
import { printableFilename, printableLine, printableText } from './printable.ts'
import type { Random } from './seams.ts'

/** Somebody in a header: `bm1…`, or any mail address, with a name or an empty one. */
export type Mailbox = { readonly name: string; readonly address: string }

export type Attachment = { readonly filename: string; readonly mimeType: string; readonly content: Uint8Array }

export type Draft = {
  readonly random: Random
  readonly date: Date
  readonly from: Mailbox
  readonly to: readonly Mailbox[]
  readonly subject: string
  readonly text: string
  readonly attachments?: readonly Attachment[]
  /** The Message-ID that this answers, and those before it, each in angle brackets. */
  readonly inReplyTo?: string
  readonly references?: readonly string[]
  /** Drawn at random where it is not given. */
  readonly messageId?: string
}

/** The bytes of a new message. The same draft under the same randomness gives the same bytes. */
export async function composeLetter({ random, to, references, attachments, ...draft }: Draft): Promise<Uint8Array> {
  const hex = (length: number) => Buffer.from(random(length)).toString('hex')
  const { messageId = `<${hex(16)}@bmail.invalid>`, ...headers } = draft
  const composer = new MailComposer({
    ...headers,
    messageId,
    to: [...to],
    references: references && [...references],
    attachments: attachments?.map(({ filename, mimeType, content }) => ({
      filename,
      contentType: mimeType,
      content: Buffer.from(content),
    })),
    baseBoundary: hex(16),
    newline: 'win',
    // A draft names no files and no pages to fetch, only bytes.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return new Uint8Array(await composer.compile().build())
}

/** A message as it is shown. Every text is printable; `undefined` where the message does not say. */
export type Letter = {
  readonly subject: string
  /** What the message claims; who really sent it is the operation's account. */
  readonly from: Mailbox | undefined
  readonly to: readonly Mailbox[]
  /** ISO 8601, or the words of the header where they are no date. */
  readonly date: string | undefined
  readonly messageId: string | undefined
  readonly references: readonly string[]
  readonly text: string
  readonly attachments: readonly Attachment[]
  /** Whether the message could not be parsed, so that `text` is all of it as it came. */
  readonly damaged: boolean
}

/**
 * Read any bytes as a message, on this thread. Never throws; but the parser takes minutes for what is written to make it
 * slow, so foreign messages are read through `letter-reader.ts`.
 */
export async function parseLetter(bytes: Uint8Array): Promise<Letter> {
  try {
    const mail = await PostalMime.parse(bytes, limits)
    return {
      subject: printableLine(mail.subject ?? ''),
      from: mailboxes(mail.from && [mail.from])[0],
      to: mailboxes(mail.to),
      date: mail.date === undefined ? undefined : printableLine(mail.date),
      messageId: mail.messageId === undefined ? undefined : printableLine(mail.messageId),
      references: printableLine(mail.references ?? '', 8_000)
        .split(' ')
        .filter(Boolean),
      text: printableText(mail.text ?? (await textOf(mail.html))),
      attachments: mail.attachments.map(attachmentOf),
      damaged: false,
    }
  } catch {
    return damagedLetter(bytes) // a parser of foreign bytes fails in ways that it does not list
  }
}

/** What is shown of a message that cannot be parsed: all of it, as it came. */
export function damagedLetter(bytes: Uint8Array): Letter {
  const nothing = { subject: '', from: undefined, to: [], date: undefined, messageId: undefined, references: [] }
  return { ...nothing, text: printableText(new TextDecoder().decode(bytes)), attachments: [], damaged: true }
}

const limits = { maxNestingDepth: 64, maxHeadersSize: 1024 * 1024, maxRfc822NestingDepth: 4 }

/** Groups are opened; what is no address at all is taken for one, so that it can be seen. */
const mailboxes = (addresses: readonly Address[] = []): Mailbox[] =>
  addresses
    .flatMap((address): readonly Mailbox[] => address.group ?? [address])
    .map(({ name, address }) => ({ name: address ? printableLine(name) : '', address: printableLine(address || name) }))

function attachmentOf({ filename, mimeType, content }: Email['attachments'][number]): Attachment {
  const bytes = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
  return { filename: printableFilename(filename ?? ''), mimeType: printableLine(mimeType), content: bytes }
}

/**
 * The words of a page. The parser turns HTML to text only where another part is plain text, so it is given such a
 * message, with an empty one.
 */
async function textOf(html: string | undefined): Promise<string> {
  if (html === undefined) return ''
  const parts = [
    'Content-Type: multipart/mixed; boundary=page\n',
    '--page\nContent-Type: text/plain\n\n',
    '--page\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n',
    Buffer.from(html).toString('base64'),
    '--page--\n',
  ]
  return ((await PostalMime.parse(parts.join('\n'), limits)).text ?? '').trim()
}
