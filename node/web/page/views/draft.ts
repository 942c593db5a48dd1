/** What is being written. It is kept in the memory of the page alone, and so stays when one looks at something else. */
import type { Shown, Summary } from '../../../service.ts'

export type Attached = {
  readonly filename: string
  readonly mimeType: string
  readonly content: string
  readonly bytes: number
}

export type Written = {
  readonly from: string
  /** Names and addresses as they were typed, with commas between. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly attachments: readonly Attached[]
  readonly lifetimeDays: number | undefined
  /** What it answers: the letter, who sent that, and to which of our addresses it came. */
  readonly answers:
    | { readonly id: string; readonly sender: string; readonly own: string; readonly amount: string }
    | undefined
  /** By it a letter is sent once, however often that is tried (a random UUID). */
  readonly key: string
  readonly thread: { readonly inReplyTo?: string; readonly references?: readonly string[] }
}

const nothing: Omit<Written, 'key'> = {
  from: '',
  to: '',
  subject: '',
  text: '',
  attachments: [],
  lifetimeDays: undefined,
  answers: undefined,
  thread: {},
}

const begun = (of: Partial<Written> = {}): Written => ({ ...nothing, key: crypto.randomUUID(), ...of })

let first = begun()
let draft = first

/** What is being written now. */
export const currentDraft = (): Written => draft

/** Whether anything was written since it was begun. */
export const isDraftWritten = (): boolean => draft !== first

/** Keep what was written. */
export const keepDraft = (written: Written): void => void (draft = written)

/** Begin a new one. */
export const startDraft = (of: Partial<Written> = {}): void => {
  first = begun(of)
  draft = first
}

/** Begin an answer, under the address that the letter came to. Who wrote a letter of ours is answered by its readers. */
export function startReply(message: Summary, { subject, text, messageId, references }: Shown): void {
  const { folder, from, to, own, id, amount, givenBack, verdict } = message
  const before = messageId === null ? [] : [messageId]
  const isFlagged = verdict === 'spam' || verdict === 'abuse'
  startDraft({
    from: own,
    to: (folder === 'sent' ? to : [from]).join(', '),
    subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
    text: `\n\n${text.trimEnd().replace(/^/gm, '> ')}`,
    answers:
      folder === 'sent'
        ? undefined
        : { id, sender: from, own, amount: givenBack.length > 0 || isFlagged ? '0' : amount },
    thread: { ...(messageId !== null && { inReplyTo: messageId }), references: [...references, ...before].slice(-20) },
  })
}
