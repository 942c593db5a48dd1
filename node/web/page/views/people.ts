/** People: names for addresses, and who may write without paying us. */
import type { VNode } from 'preact'
import { usuallyText } from '../../../advice.ts'
import { grantTie } from '../../../ties.ts'
import type { Contact } from '../../../service.ts'
import { amountOf, amountText } from '../amount.ts'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { AmountField, Act, Copied, Empty, Facts, Field, Form, OwnSelect, Section, Sheet } from '../parts.ts'
import { addressNamed } from '../recipients.ts'
import { hrefOf } from '../route.ts'
import { when } from '../words.ts'

/** The view. `about` is an address that is to get a name. */
export function People({ about }: { about: string }): VNode {
  const { api, now, reload } = useDesk()
  const add = async ({ name = '', address = '' }: Readonly<Record<string, string>>): Promise<void> => {
    await api.setContact({ name, address: addressNamed(address, now.contacts) })
    await reload()
  }
  return html`<${Sheet} title="People" intro="Names for addresses. They are yours alone: nobody else sees them, and no letter carries them.">
    <${Section} title="Add somebody"><${Form} action="Add" doing="Adding" isMain onSend=${add}>
      <${Field} name="name" label="Name" isNeeded /><${Field} key=${about} name="address" label="Address" value=${about} hint="bm1…, as they gave it to you" isNeeded /></${Form}></${Section}>
    ${now.contacts.length === 0 && html`<${Empty} title="Nobody yet."><p>Ask somebody for their address, and give it a name here.</p></${Empty}>`}
    ${now.contacts.map((contact) => html`<${Person} key=${contact.name} contact=${contact} />`)}</${Sheet}>`
}

function Person({ contact }: { contact: Contact }): VNode {
  const { api, reload } = useDesk()
  const { name, address, granted, grantsUs, pseudonyms, strangersLetters } = contact
  return html`<${Section} title=${name}><${Facts} of=${[
    ['Address', html`<${Copied} text=${address} />`],
    ['They write to you', grantText(granted)],
    ['You write to them', grantsUs ? 'paying no fee to them' : 'at the price'],
    ['What usually comes back', usuallyText(strangersLetters)],
    [
      'Tied together',
      pseudonyms.length > 1
        ? `Grants tie ${pseudonyms.map((label) => `“${label}”`).join(' and ')} together through ${name}, for everybody to see.`
        : null,
    ],
  ]} />
    <div class="deeds"><a class="button main" href=${hrefOf('write', name)}>Write to ${name}</a>
      <${Act} what="Forget the name" doing="Forgetting" ask=${`Forget the name “${name}”? Their letters stay.`} act=${async () => {
        await api.removeContact({ name })
        await reload()
      }} /></div>
    <${Granting} contact=${contact} /></${Section}>`
}

/** Let somebody write without paying us, or end that. */
function Granting({ contact }: { contact: Contact }): VNode {
  const { api, now, follow } = useDesk()
  const { name, address, granted } = contact
  if (granted)
    return html`<${Act} what="Have them pay again" doing="Ending the grant" act=${async () => follow(`The grant for ${name}`, await api.revoke({ to: address }))} />`
  const [own] = now.pseudonyms.filter(({ retired }) => !retired)
  const tie = own && grantTie(own, contact)
  return html`<details><summary>Let them write without paying you</summary>
    <p class="aside">They then pay no fee to you. With an amount set aside, all of what their letters cost is paid out of that.</p>
    ${tie && html`<p class="refused">${tie}</p>`}
    <${Form} action="Let them" doing="Granting" onSend=${async ({
      from,
      allowance = '',
    }: {
      from?: string
      allowance?: string
    }) => {
      const amount = allowance.trim() === '' ? '0' : amountOf(allowance)
      const payer = amount === '0' ? 'sender' : 'recipient'
      follow(
        `${name} may write without paying you`,
        await api.grant({ ...(from && { from }), to: address, payer, allowance: amount }),
      )
    }}><${OwnSelect} label="To which of your addresses" /><${AmountField} name="allowance" label="Set aside" hint="may stay empty" /></${Form}></details>`
}

function grantText(granted: Contact['granted']): string {
  if (!granted) return 'at the price'
  const until = granted.endsAt === null ? '' : `, until ${when(granted.endsAt)}`
  const aside = granted.allowance === '0' ? '' : `, with ${amountText(granted.allowance)} set aside`
  return `${granted.payer === 'recipient' && aside !== '' ? 'free' : 'paying no fee to you'}${aside}${until}`
}
