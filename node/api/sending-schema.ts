/** The JSON schemas of what is handed over to be priced or sent, and of the names in it. */
import type { Draft } from '../draft.ts'
import type { SendRequest, WholeMessage } from '../sending.ts'
import { amount, anyText, base64, boolean, integer, list, object, optional, pattern, text } from './json-schema.ts'

/** The largest message that may be asked about: 16 MiB. What a network takes is less; that refusal comes from its rules. */
export const rawBytesMax = 16 * 1024 * 1024

/** The id of a message in hex, or a beginning of it. The mailbox looks at its form, because it has a better sentence. */
export const messageId = text(64)
export const name = pattern(
  /^[^\p{Cc}]{1,64}$/u,
  'A name of 1 to 64 characters, none of which is a line end or another control character',
)
/** The label or the address of a pseudonym of ours: the mailbox says best what is wrong with it. */
export const party = name
/** Somebody else, in whatever stands around an address where it was pasted from: it is found there, as on the command line. */
export const person = pattern(
  /^(?:[^\p{Cc}]|[\t\r\n]){1,1000}$/u,
  'An address, also with what stands around it where it was pasted (“Name <bm1…>”), or the name of a contact, of 1 to 1,000 characters, none of which is a control character but tabs and line ends',
)

const to = list(person, { minItems: 1, maxItems: 100, description: '1 to 100 addresses or contacts' })
const raw = base64(rawBytesMax)
const mayBeLeftOut = {
  from: optional(party),
  lifetimeDays: optional(integer(1, 65_535)),
  automatic: optional(boolean),
  refuseAbove: optional(amount),
  idempotencyKey: optional(anyText),
  again: optional(boolean),
}
export const wholeMessage = object<WholeMessage>({ to, raw, ...mayBeLeftOut })
/** Which of these go together, and what a handle names, is said better by the mailbox. */
export const sendRequest = object<SendRequest>({
  to: optional(to),
  raw: optional(raw),
  prepared: optional(text(64)),
  answers: optional(messageId),
  giveBack: optional(boolean),
  insist: optional(boolean),
  ...mayBeLeftOut,
})

const attached = object<NonNullable<Draft['attachments']>[number]>({
  filename: text(255),
  mimeType: text(255),
  content: raw,
})
export const draft = object<Draft>({
  from: optional(party),
  to,
  subject: text(2_000),
  text: text(rawBytesMax),
  attachments: optional(list(attached, { maxItems: 100, description: '100 attachments at most' })),
  inReplyTo: optional(text(1_000)),
  references: optional(list(text(1_000), { maxItems: 100, description: '100 Message-IDs at most' })),
})
