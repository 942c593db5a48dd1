/** The JSON schema of what an operation paid. */
import type { Paid } from '../priced.ts'
import { amount, anyText, list, object, oneOf, orNull } from './json-schema.ts'

export const paid = object<Paid>({
  by: anyText,
  lines: list(object<Paid['lines'][number]>({ to: anyText, amount, from: oneOf('funds', 'allowance') })),
  burned: amount,
  share: orNull(object<NonNullable<Paid['share']>>({ to: anyText, amount })),
})
