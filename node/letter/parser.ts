/** Turning any bytes into what is shown of a message. Only `letter-worker.ts` runs this on what others wrote. */
import PostalMime, { type Address, type Email } from 'postal-mime'
import { printableFilename, printableLine, printableText } from './printable.ts'

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
  readonly attachments: readonly Attachment[]
  /** Whether the message could not be parsed, so that `text` is all of it as it came. */
  readonly damaged: boolean
}

/**
 * Read any bytes as a message, on this thread. Never throws; but the parser takes minutes for what is written to make it
 * slow, so foreign messages are read through `letter-reader.ts`.
 */
export async function parseLetter(bytes: Uint8Array): Promise<ParsedLetter> {
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
      attachments: mail.attachments.slice(0, partsMax).map(attachmentOf),
      damaged: false,
    }
  } catch {
    return damagedLetter(bytes) // a parser of foreign bytes fails in ways that it does not list
  }
}

/** What is shown of a message that cannot be parsed: all of it, as it came. */
export function damagedLetter(bytes: Uint8Array): ParsedLetter {
  const nothing = { subject: '', from: undefined, to: [], date: undefined, messageId: undefined, references: [] }
  return { ...nothing, text: printableText(new TextDecoder().decode(bytes)), attachments: [], damaged: true }
}

/** No person reads more attachments or addressees than this. */
const partsMax = 1_000
const limits = { maxNestingDepth: 64, maxHeadersSize: 1024 * 1024, maxRfc822NestingDepth: 4 }

/** Groups are opened; what is no address at all is taken for one, so that it can be seen. */
const mailboxes = (addresses: readonly Address[] = []): Mailbox[] =>
  addresses
    .flatMap((address): readonly Mailbox[] => address.group ?? [address])
    .slice(0, partsMax)
    .map(({ name, address }) => ({ name: address ? printableLine(name) : '', address: printableLine(address || name) }))

function attachmentOf({ filename, mimeType, content }: Email['attachments'][number]): Attachment {
  const bytes = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
  return { filename: printableFilename(filename ?? ''), mimeType: printableLine(mimeType), content: bytes }
}

/**
 * The words of a page. The parser turns HTML to text only where another part is plain text, so it is given such a
 * message, with an empty one; and it takes style sheets for words.
 */
async function textOf(html: string | undefined): Promise<string> {
  if (html === undefined) return ''
  const parts = [
    'Content-Type: multipart/mixed; boundary=page\n',
    '--page\nContent-Type: text/plain\n\n',
    '--page\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n',
    Buffer.from(html.replace(/<style\b.*?<\/style\s*>/gis, '')).toString('base64'),
    '--page--\n',
  ]
  return ((await PostalMime.parse(parts.join('\n'), limits)).text ?? '').trim()
}
