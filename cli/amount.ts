/** Amounts as people type them. */
import { UsageError } from './errors.ts'

/** A whole amount in the smallest unit, with or without commas between thousands. */
export function amountOf(text: string, what: string): string {
  const plain = /^\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(',', '') : text
  if (/^\d{1,19}$/.test(plain)) return BigInt(plain).toString()
  if (/^\d+$/.test(plain)) throw new UsageError(`${what} is more than all the money there can be. Name a smaller one.`)
  throw new UsageError(`${what} is a whole number in the smallest unit, and not “${text}”.`)
}
