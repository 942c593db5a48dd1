/** The JSON schema of a message as people read it. */
import type { Shown } from '../service.ts'
import { anyText, boolean, count, list, object, orNull } from './json-schema.ts'

const somebody = object<NonNullable<Shown['from']>>({ name: anyText, address: anyText })
export const shown = object<Shown>({
  subject: anyText,
  from: orNull(somebody),
  to: list(somebody),
  date: orNull(anyText),
  messageId: orNull(anyText),
  references: list(anyText),
  text: anyText,
  cut: count,
  attachments: list(
    object<Shown['attachments'][number]>({
      filename: anyText,
      mimeType: anyText,
      bytes: count,
    }),
  ),
  damaged: boolean,
})
