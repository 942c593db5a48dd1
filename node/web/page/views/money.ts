/** Money: what each address holds, paying somebody, and stamps, by which money moves between addresses unseen. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { crowdText } from '../../../advice.ts'
import { paymentTie } from '../../../ties.ts'
import { amountOf, amountText } from '../amount.ts'
import { useAnswer, useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { AmountField, Empty, Field, Form, OwnSelect, Section, Select, Sheet, Table } from '../parts.ts'
import { addressNamed } from '../recipients.ts'

/** The view. */
export function Money(): VNode {
  const { now } = useDesk()
  return html`<${Sheet} title="Money" intro="What you hold pays for letters that you write, and grows by those that you read.">
    <${Section} title="What you hold"><${Table} title="What you hold" head=${['address', '>to spend', '>in reserve']}
      rows=${now.pseudonyms.map(({ label, balance, reserve }) => [label, html`<b>${amountText(balance)}</b>`, amountText(reserve)])} /></${Section}>
    <${Paying} /><${Stamps} /></${Sheet}>`
}

function Paying(): VNode {
  const { api, now, follow } = useDesk()
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const payer = now.pseudonyms.find(({ address }) => address === from) ?? now.pseudonyms.find(({ retired }) => !retired)
  const paid = now.pseudonyms.find(({ address, label }) => address === to.trim() || label === to.trim())
  const tie = payer && paymentTie(payer, paid)
  const pay = async ({ amount = '' }: Readonly<Record<string, string>>): Promise<void> => {
    const address = paid?.address ?? addressNamed(to, now.contacts)
    follow(
      'Your payment',
      await api.transfer({ ...(payer && { from: payer.address }), to: address, amount: amountOf(amount) }),
    )
    setTo('')
  }
  return html`<${Section} title="Pay somebody">${tie && html`<p class="refused" role="status">${tie}</p>`}
    <${Form} action="Pay" doing="Signing" onSend=${pay}><${OwnSelect} label="From" value=${from} onChange=${setFrom} />
      <${Field} name="to" label="To" value=${to} hint="one of your people, or an address" onInput=${setTo} isNeeded /><${AmountField} name="amount" label="Amount" isNeeded /></${Form}></${Section}>`
}

function Stamps(): VNode {
  const { api, now, follow, say } = useDesk()
  const stamps = useAnswer((asked) => asked.stamps()) ?? []
  const network = useAnswer((asked) => asked.network())
  const offered = network?.stamps ?? []
  const options = offered.map(({ denomination, sold }) => ({
    value: denomination,
    label: `${amountText(denomination)} (${sold} sold)`,
  }))
  const targets = now.pseudonyms
    .filter(({ retired }) => !retired)
    .map(({ address, label }) => ({ value: address, label }))
  const redeem =
    (number: number) =>
    async ({ to = '' }: Readonly<Record<string, string>>): Promise<void> =>
      say((await api.redeemStamp({ number, to })).note)
  return html`<${Section} title="Stamps"><p class="aside">Buy one under one address, and redeem it to another, later: the more others were bought and redeemed in between, the less anybody can tell. A stamp can also register a new address.</p>
    ${stamps.length === 0 && html`<${Empty} title="You have no stamps."></${Empty}>`}
    ${
      stamps.length > 0 &&
      html`<${Table} title="Your stamps" head=${['>number', '>worth', 'state', '>hides among', '']} rows=${stamps.map(
        ({ number, denomination, state, note, setSize }) => [
          String(number),
          amountText(denomination),
          note || state,
          String(setSize),
          state === 'held'
            ? html`<details><summary>Redeem</summary><p class="aside">${crowdText(`${setSize} stamps like it were sold so far.`, setSize)}</p><${Form} action="Redeem" doing="Redeeming" onSend=${redeem(number)}><${Select} name="to" label="To" options=${targets} /></${Form}></details>`
            : '',
        ],
      )} />`
    }
    ${
      options.length > 0 &&
      html`<${Form} action="Buy a stamp" doing="Buying" onSend=${async ({
        from,
        denomination = '',
      }: {
        from?: string
        denomination?: string
      }) =>
        follow(`A stamp of ${amountText(denomination)}`, await api.buyStamp({ ...(from && { from }), denomination }))}>
      <${OwnSelect} label="Paid by" /><${Select} name="denomination" label="Worth" options=${options} /></${Form}>`
    }</${Section}>`
}
