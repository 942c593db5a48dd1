/** The JSON schemas of what messages cost, and what operations paid. */
import type { Paid, Price, PriceLine, ReaderView, StrangersLetters } from '../priced.ts'
import {
  amount,
  anyText,
  boolean,
  count,
  integer,
  list,
  object,
  oneOf,
  orNull,
  type Properties,
} from './json-schema.ts'

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

export const strangersLetters = object<StrangersLetters>({
  received: count,
  answered: count,
  valued: count,
  flagged: count,
  givenBack: count,
})

export const readerView = object<ReaderView>({ recipient: anyText, strangersLetters, unanswered: count })

/** Also of what has more than a price. */
export const priceProperties = {
  from: anyText,
  basePrice: amount,
  units: count,
  contentBytes: count,
  wireBytes: count,
  lifetimeDays: count,
  automatic: boolean,
  tier: orNull(count),
  lines: list(priceLine),
  readers: list(readerView),
  fee: amount,
  inclusionFee: amount,
  feeMax: amount,
  holdsUntil: integer(-8.64e15, 8.64e15),
  balance: amount,
} satisfies Properties<Price>
export const price = object<Price>(priceProperties)
export const paid = object<Paid>({
  by: anyText,
  lines: list(object<Paid['lines'][number]>({ to: anyText, amount, from: oneOf('funds', 'allowance') })),
  burned: amount,
  share: orNull(object<NonNullable<Paid['share']>>({ to: anyText, amount })),
})
