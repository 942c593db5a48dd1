/** Who is meant by an address in a mail program: `bm1…@bmail.invalid`, or a contact's or pseudonym's name in front of that. */
import { AddressError, parseAddress } from '../../protocol/address.ts'
import type { Contact, Pseudonym } from '../service.ts'
import { domain } from './letter-view.ts'

type People = {
  /** The `bm1…` of somebody who can be written to; a sentence where there is none. */
  recipient(address: string): Found
  /** The same of one of our pseudonyms that is not retired. */
  own(address: string): Found
  /** A field of a message in which our names for people are their addresses, as nobody else knows those names. */
  withoutNames(field: string): string
}

type Found = { readonly ok: true; readonly address: string } | { readonly ok: false; readonly sentence: string }

/** The people that a daemon knows now. */
export function peopleOf(contacts: readonly Contact[], pseudonyms: readonly Pseudonym[]): People {
  const others = new Map(contacts.map(({ name, address }) => [nameIn(name), address]))
  const ours = new Map(
    pseudonyms
      .filter(({ retired }) => !retired)
      .flatMap(({ label, address }) => [
        [nameIn(label), address],
        [address, address],
      ]),
  )
  const named = (address: string): string | undefined => {
    const local = localOf(address)
    if (local === undefined) return undefined
    return isAddress(local) ? local : (others.get(nameIn(local)) ?? ours.get(nameIn(local)))
  }
  return {
    recipient(address) {
      const found = named(address)
      if (found !== undefined) return { ok: true, address: found }
      return {
        ok: false,
        sentence:
          localOf(address) === undefined
            ? `${address} is no address of b-mail. Write to bm1...@${domain}, or to a contact as name@${domain}.`
            : `${address} is nobody: it is no valid bm1 address, and no contact has that name. See \`bmail contacts\`.`,
      }
    },
    own(address) {
      const local = localOf(address)
      const found = local === undefined ? undefined : ours.get(nameIn(local))
      if (found !== undefined) return { ok: true, address: found }
      const names = pseudonyms.filter(({ retired }) => !retired).map(({ label }) => `${nameIn(label)}@${domain}`)
      return {
        ok: false,
        sentence: `${address || 'No address'} is none of yours, so nothing was sent. Set the sender's address in your mail program to ${names.join(' or ')}.`,
      }
    },
    withoutNames: (field) =>
      field.replace(/[^\s<>,;:"()]{1,100}@bmail\.invalid/gi, (address) => {
        const found = named(address)
        return found === undefined ? address : `${found}@${domain}`
      }),
  }
}

/** A name as it stands in front of the @: `Anna Lee` is anna.lee. */
const nameIn = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, '.')

function localOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at > 0 && address.slice(at + 1).toLowerCase() === domain ? address.slice(0, at).toLowerCase() : undefined
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text)
    return true
  } catch (error) {
    if (error instanceof AddressError) return false
    throw error
  }
}
