/** A name for a contact or a pseudonym, before it is kept. Names that stood before this was asked go on as they are. */
import { printableText } from '../letter/printable.ts'
import { isAlike, isLikeAddress, tidyName } from '../names.ts'
import { Refusal } from '../service.ts'

/**
 * The name as it is kept. Throws Refusal where it is empty or an address, holds what cannot be seen, or could be taken for
 * one of `others`.
 */
export function newName(given: string, others: Iterable<string>): string {
  const name = tidyName(given)
  const seen = printableText(name).replaceAll(brailleBlank, '')
  if (seen !== name) throw refused(seen, 'holds what cannot be seen. Type it anew, without that.')
  if (name === '' || isLikeAddress(name))
    throw refused(name, 'is no name. Choose one that is not empty, and no address.')
  const taken = [...others].find((other) => isAlike(other, name))
  if (taken === undefined) return name
  const how =
    tidyName(taken) === name ? 'is a name that you gave already' : `is easily taken for “${taken}”, which you have`
  throw refused(name, `${how}. Choose another.`)
}

/** The one blank that Unicode counts among signs. */
const brailleBlank = '\u2800'

const refused = (name: string, why: string): Refusal => new Refusal('bad-request', `“${name}” ${why}`)
