/** Whom somebody typed: names of contacts, and addresses as people paste them. */
import { encodeAddress, parseAddress } from '../../../protocol/address.ts'
import { tidyName } from '../../names.ts'
import { pastedAddress } from '../../pasted.ts'
import type { Contact } from '../../service.ts'

/** The address of somebody. Throws an Error whose sentence says what is wrong. */
export function addressNamed(typed: string, contacts: readonly Contact[]): string {
  const address = pastedAddress(typed)
  if (address !== undefined) return encodeAddress(parseAddress(address))
  const name = tidyName(typed)
  const found =
    contacts.find((contact) => contact.name === name) ??
    contacts.find((contact) => contact.name.toLowerCase() === name.toLowerCase())
  if (found) return found.address
  throw new Error(
    `“${name.slice(0, 60)}” is neither an address nor one of your people. Add them under People, or paste their address.`,
  )
}

/** The addresses of all, with commas or semicolons between them. Throws where somebody is unknown, or named twice. */
export function addressesNamed(typed: string, contacts: readonly Contact[]): readonly string[] {
  const names = typed.split(/[,;\n]/).filter((name) => name.trim() !== '')
  const addresses = names.map((name) => addressNamed(name, contacts))
  const again = addresses.findIndex((address, at) => addresses.indexOf(address) < at)
  if (again >= 0) throw new Error(`“${tidyName(names[again]!)}” is named twice. Name each of them once.`)
  return addresses
}
