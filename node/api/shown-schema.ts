/** The JSON schema of a message as people read it. */
import type { Shown } from '../service.ts'
import { anyText, boolean, integer, list, object, orNull } from './json-schema.ts'

const somebody = object<NonNullable<Shown['from']>>({ name: anyText, address: anyText })
export const shown = object<Shown>({
  subject: anyText,
  from: orNull(somebody),
  to: list(somebody),
  date: orNull(anyText),
  messageId: orNull(anyText),
  references: list(anyText),
  text: anyText,
  cut: integer(0, Number.MAX_SAFE_INTEGER),
  attachments: list(
    object<Shown['attachments'][number]>({
      filename: anyText,
      mimeType: anyText,
      bytes: integer(0, Number.MAX_SAFE_INTEGER),
    }),
  ),
  damaged: boolean,
})
