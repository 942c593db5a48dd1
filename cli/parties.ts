/** Names for addresses: our own pseudonyms by label, other people by the names we gave them. */
import type { Pseudonym } from '../node/service.ts'
import type { Client } from './client.ts'
import { door } from '../node/daemon/door.ts'
import { CommandError } from './errors.ts'

const { tidyName } = await door.names()

/** One of our own pseudonyms, by label or address; the first one that is not retired where none is named. */
export async function ownPseudonym(api: Client, name: string | undefined): Promise<Pseudonym> {
  const all = await api.pseudonyms()
  const found =
    name === undefined
      ? all.find(({ retired }) => !retired)
      : (all.find(({ label, address }) => label === name || address === name.toLowerCase()) ??
        all.find(({ label }) => label === tidyName(name)))
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
  if (looksLikeAddress(name)) return name.toLowerCase()
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

const looksLikeAddress = (text: string): boolean => /^bm1/i.test(text)
