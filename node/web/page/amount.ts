/** Amounts as the page shows and reads them: in the coin of the network that its daemon is on. */
import type { Coin } from '../../../protocol/rules.ts'
import * as amounts from '../../amount.ts'

let coin: Coin | undefined

/** Say of what amounts are, which a page hears before it has any. */
export const countIn = (of: Coin): void => void (coin = of)

/** In which amounts are typed, for a person: “in mail”. */
export const typedIn = (): string => (coin ? `in ${coin.name}` : '')

/** An amount in the smallest unit (or its decimal text) for a person: “7.65 mail”. */
export const amountText = (amount: bigint | string): string => (coin ? amounts.amountText(amount, coin) : '…')

/** What somebody typed as an amount, in the smallest unit. Throws an Error whose sentence says what is wrong. */
export function amountOf(typed: string): string {
  if (typed.trim() === '') throw new Error('An amount is missing. Type one.')
  const read = amounts.readAmount(typed, coin!)
  if (read.ok) return String(read.value)
  throw new Error(`An amount ${read.why}.`)
}
