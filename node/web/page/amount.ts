/** Amounts as the page shows and reads them. Nothing else in it writes or reads one. */

/** An amount in the smallest unit (decimal text) for a person: 12500 as 12,500. */
export const amountText = (amount: string): string => amount.replace(/\B(?=(\d{3})+$)/g, ',')

/** What somebody typed, in the smallest unit. Throws an Error whose sentence says what is wrong. */
export function amountOf(typed: string): string {
  const plain = typed.trim().replace(/[\s,’']/g, '')
  if (/^\d{1,19}$/.test(plain)) return BigInt(plain).toString()
  throw new Error(
    plain === ''
      ? 'An amount is missing. Type a whole number.'
      : `“${typed.trim().slice(0, 40)}” is no amount. Type a whole number.`,
  )
}
