/** Writing a message (RFC 5322 and MIME). Its bytes travel unchanged; what is read of them is for people only. */
import { createHash } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Attachment, Mailbox } from './parser.ts'
import type { Random } from '../seams.ts'

type Composition = {
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

/**
 * The bytes of a new message. The same draft under the same randomness gives the same bytes; under another it differs in its
 * Message-ID alone, so that whoever writes the same words again is seen to (`sameness.ts`).
 */
export async function composeLetter({
  random,
  to,
  references,
  attachments,
  ...draft
}: Composition): Promise<Uint8Array> {
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
    baseBoundary: boundaryOf(draft.text, attachments),
    newline: 'win',
    // A draft names no files and no pages to fetch, only bytes.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return new Uint8Array(await composer.compile().build())
}

/** What stands between parts: nothing that they say, as it is made of all of that. */
function boundaryOf(text: string, attachments: Composition['attachments'] = []): string {
  const said = createHash('sha256').update(text)
  for (const { content } of attachments) said.update(content)
  return said.digest('hex').slice(0, 32)
}
