/**
 * Amounts as people read and write them: in coins of a network, where everything else counts in the smallest unit. Pure, so
 * that whatever shows an amount, wherever it runs, shows it alike.
 */
import type { Coin } from '../protocol/rules.ts'

/**
 * An amount of the smallest unit (or its decimal text) in coins, whole and exact: 1234500 of 3 decimals is “1,234.5 mail”,
 * and so it can be typed again.
 */
export function amountText(amount: bigint | string, { name, decimals }: Coin): string {
  const value = BigInt(amount)
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const rest = digits.slice(point).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${grouped(digits.slice(0, point))}${rest && `.${rest}`} ${name}`
}

/** Digits with commas between thousands: 12500 as 12,500. */
export const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',')

/** What was typed as an amount, in the smallest unit; or what is wrong with it, to be put behind what it was typed for. */
type TypedAmount =
  | {
      readonly ok: true
      readonly value: bigint
      /** The same, where it is a whole number with nothing behind it, as if it were in the smallest unit: somebody may have meant that. */
      readonly bare: bigint | undefined
      /** Whether it says of what it is. */
      readonly isNamed: boolean
    }
  | { readonly ok: false; readonly why: string }

/**
 * Read an amount in coins, “7.65” or “1,200 mail”; or, where that is said, in the smallest unit, “7650 units”. Refuses the
 * name of another coin, more digits behind the point than the coin has, signs and exponents.
 */
export function readAmount(text: string, { name, decimals }: Coin): TypedAmount {
  const refused = (why: string): TypedAmount => ({ ok: false, why })
  const [, whole, rest, of] = typedForm.exec(text.trim()) ?? []
  const form = `is an amount like ${example(decimals)} ${name}, and not “${text}”`
  if (whole === undefined || of === undefined)
    return refused(/^\s*\d+,\d/.test(text) && decimals > 0 ? `${form}: a point stands before its decimals` : form)
  const isInUnits = /^units?$/i.test(of)
  if (of !== '' && !isInUnits && of.toLowerCase() !== name.toLowerCase())
    return refused(/^e\d+$/i.test(of) ? form : `is in ${name}, the coin of this network, and not “${text}”`)
  const places = isInUnits ? 0 : decimals
  const behind = rest ?? ''
  if (behind.length > places)
    return refused(
      places === 0
        ? `is a whole number of ${isInUnits ? 'units' : name}, and not “${text}”`
        : `has at most ${places} digits behind the point, which is all that ${name} has, and not as many as “${text}”`,
    )
  const value = BigInt(whole.replaceAll(',', '') + behind.padEnd(places, '0'))
  if (String(value).length > digitsMax) return refused('is more than all the money there can be; name a smaller one')
  const bare = of === '' && rest === undefined ? BigInt(whole.replaceAll(',', '')) : undefined
  return { ok: true, value, bare, isNamed: of !== '' }
}

/** What to say to a bare number where nobody is there to see what it would come to. */
export const sayWhich = (text: string, coin: Coin): string =>
  `Say which: “${text} ${coin.name}”, or “${text} units”; a ${coin.name} is ${grouped(String(10n ** BigInt(coin.decimals)))} units.`

/** Whether a text has the form of an amount, of whatever coin. */
export const isAmountForm = (text: string): boolean => typedForm.test(text.trim())

/** A number, perhaps with commas between its thousands and digits behind a point, and what it is of. */
const typedForm = /^(\d{1,3}(?:,\d{3})+|\d{1,40})(?:\.(\d{1,40}))?\s*((?:[a-z][a-z0-9]{0,19})?)$/i

/** All money is less than 2^62, which has so many. */
const digitsMax = 19

const example = (decimals: number): string => (decimals === 0 ? '12' : `12.${'5'.padEnd(Math.min(decimals, 2), '0')}`)
