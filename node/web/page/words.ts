/** Moments, sizes, addresses and verdicts, as the page says them. */
import type { Verdict } from '../../../protocol/words.ts'

const sameDay = (one: Date, other: Date): boolean => one.toDateString() === other.toDateString()
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A moment (milliseconds since 1970) in a narrow column: the time today, the day before that. */
export function shortly(timeMs: number): string {
  const date = new Date(timeMs)
  if (Number.isNaN(date.getTime())) return ''
  return sameDay(date, new Date()) ? time.format(date) : day.format(date)
}

/** A moment in full. */
export function when(timeMs: number): string {
  const date = new Date(timeMs)
  return Number.isNaN(date.getTime()) ? '' : whole.format(date)
}

/** Bytes for a person. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/** An address in a narrow place. */
export const shortAddress = (address: string): string =>
  address.length > 20 ? `${address.slice(0, 10)}…${address.slice(-6)}` : address

/** A verdict: the key that gives it, what it is called, and what it does. */
export const verdicts: Readonly<
  Record<Verdict, { readonly key: string; readonly name: string; readonly means: string }>
> = {
  value: { key: 'v', name: 'Worth it', means: 'raises their standing' },
  abstain: { key: 'n', name: 'Neither', means: 'says nothing about them' },
  spam: { key: 's', name: 'Spam', means: 'makes their next letters dearer' },
  abuse: { key: 'x', name: 'Abuse', means: 'weighs more than spam' },
}

/** The verdicts in the order in which they are offered. */
export const verdictNames = Object.keys(verdicts) as Verdict[]

/** Where money that is paid for a letter goes, in the order in which it is shown. */
export const shareWords = { credit: 'the reader', burned: 'burned', operators: 'operators' } as const
