/** The JSON schemas of what an operation paid, and of a line of a price. */
import type { Paid, PriceLine } from '../priced.ts'
import { amount, anyText, list, object, oneOf, orNull } from './json-schema.ts'

export const paid = object<Paid>({
  by: anyText,
  lines: list(object<Paid['lines'][number]>({ to: anyText, amount, from: oneOf('funds', 'allowance') })),
  burned: amount,
  share: orNull(object<NonNullable<Paid['share']>>({ to: anyText, amount })),
})

export const payer = oneOf('sender', 'recipient')

export const priceLine = object<PriceLine>({
  recipient: anyText,
  contact: orNull(anyText),
  payer,
  factors: list(object<PriceLine['factors'][number]>({ name: anyText, basisPoints: anyText, times: anyText })),
  floor: amount,
  fee: amount,
  paid: amount,
  credit: amount,
  burned: amount,
  operators: amount,
})
