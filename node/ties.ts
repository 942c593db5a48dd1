/** What ties one's own pseudonyms together for everybody to see: told before one does it. */
import type { Contact, Pseudonym } from './service.ts'

/** Where one of our pseudonyms pays another; nothing where somebody else is paid. */
export function paymentTie(from: Pseudonym, to: Pseudonym | undefined): string | undefined {
  if (!to || to.address === from.address) return undefined
  return (
    `Everybody can see “${from.label}” pay “${to.label}”, and take the two for one person. ` +
    'A stamp moves money between them unseen: `bmail stamps --help`.'
  )
}

/**
 * Where a letter would name two of our pseudonyms or more: its sender among ours, and recipients of it; nothing where it
 * names one.
 */
export function letterTie(
  own: readonly Pseudonym[],
  { from, to }: { readonly from: string; readonly to: readonly string[] },
): string | undefined {
  const labels = own.filter(({ address }) => address !== from && to.includes(address)).map(({ label }) => label)
  const sender = own.find(({ address }) => address === from)
  if (!sender || labels.length === 0) return undefined
  return (
    `Everybody can see that “${sender.label}” writes to ${namesText(labels)}, and take these for one person: ` +
    'a letter names and pays all that it is for.'
  )
}

/** Where a grant would stand between somebody and a second pseudonym of ours; nothing where it is the first. */
export function grantTie(own: Pseudonym, contact: Contact | undefined): string | undefined {
  const others = (contact?.pseudonyms ?? []).filter((label) => label !== own.label)
  if (!contact || others.length === 0) return undefined
  return (
    `Grants are there for everybody to see: where ${contact.name} has one with each of ` +
    `${namesText([...others, own.label])}, these look like one person.`
  )
}

/** “one”, “two” and “three”. */
export function namesText(labels: readonly string[]): string {
  const named = labels.map((label) => `“${label}”`)
  return named.length < 2 ? named.join() : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
}
