/** Addresses as people paste them: from a letter, a page, a card, with what stands around them there. */
import { AddressError } from '../protocol/address.ts'

/**
 * The `bm1…` in a text, in the case it is written in: `Name <bm1…>`, `mailto:bm1…`, in quotes or brackets, with blanks in it
 * and around it; it need not be a valid one. An empty text is an empty address. Nothing where other text has none. Throws
 * AddressError where there is more than one.
 */
export function pastedAddress(text: string): string | undefined {
  const line = text.replace(/\p{Default_Ignorable_Code_Point}/gu, '').trim()
  if (line === '') return ''
  const inner = (/<([^<>]*)>/.exec(line)?.[1] ?? line).replace(/^\W*mailto:([^?]*).*$/is, '$1')
  const whole = new Set(inner.match(wholeAddress))
  if (whole.size > 1)
    throw new AddressError(`“${line.slice(0, 200)}” holds ${whole.size} addresses. Give each of them by itself.`)
  const [only] = whole
  if (only !== undefined) return only
  const bare = inner.replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, '')
  return /^bm1/i.test(bare) ? bare.replace(/\s+/g, '') : undefined
}

/** As long as an address is, and no part of anything longer. */
const wholeAddress = /(?<![\w@.-])bm1[0-9a-z]{38}(?![\w@])/gi
