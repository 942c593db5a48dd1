/** Names for addresses: our own pseudonyms by label, other people by the names we gave them. */
import type { Pseudonym } from '../node/service.ts'
import type { Client } from './client.ts'
import { door } from '../node/daemon/door.ts'
import { encodeAddress, parseAddress } from '../protocol/address.ts'
import { CommandError } from './errors.ts'

const { tidyName } = await door.names()
const { pastedAddress } = await door.pasted()

/** One of our own pseudonyms, by label or address; the first one that is not retired where none is named. */
export async function ownPseudonym(api: Client, name: string | undefined): Promise<Pseudonym> {
  const all = await api.pseudonyms()
  const found =
    name === undefined
      ? all.find(({ retired }) => !retired)
      : (all.find(({ label }) => label === name) ??
        all.find(({ label }) => label === tidyName(name)) ??
        all.find(({ address }) => address === givenAddress(name)))
  if (found) return found
  if (name === undefined && all.length > 0)
    throw new CommandError('not-found', 'All of your pseudonyms are retired. Make another with `bmail pseudonym new`.')
  const labels = all.map(({ label }) => label).join(', ')
  throw new CommandError(
    'not-found',
    `None of your pseudonyms is called “${name ?? ''}”. There are: ${labels || 'none'}.`,
  )
}

/** The address of somebody: as given, or that of a contact. */
export async function addressNamed(api: Client, name: string): Promise<string> {
  const address = givenAddress(name)
  if (address !== undefined) return address
  const contacts = await api.contacts()
  const found =
    contacts.find((contact) => contact.name === name) ?? contacts.find((contact) => contact.name === tidyName(name))
  if (found) return found.address
  throw new CommandError(
    'not-found',
    `“${name}” is neither an address nor one of your contacts. Add it with \`bmail contacts add\`.`,
  )
}

/** Our name for an address, or the address itself. */
export async function namesOf(api: Client): Promise<(address: string) => string> {
  const names = new Map((await api.contacts()).map(({ name, address }) => [address, name]))
  return (address) => names.get(address) ?? address
}

/** The address in what was given, in small letters; nothing where it is a name. Throws AddressError where it is damaged. */
export function givenAddress(given: string): string | undefined {
  const address = pastedAddress(given)
  return address === undefined ? undefined : encodeAddress(parseAddress(address))
}
