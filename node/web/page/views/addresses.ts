/** Addresses: our own pseudonyms, what strangers must bring to each, and what each shows of the reputation behind it. */
import type { VNode } from 'preact'
import { showsText, takenText, usuallyText } from '../../../advice.ts'
import type { Policy, Pseudonym } from '../../../service.ts'
import { amountOf, amountText } from '../amount.ts'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { AmountField, Act, Copied, Facts, Field, Form, OwnSelect, Section, Select, Sheet } from '../parts.ts'
import { when } from '../words.ts'

/** The view. */
export function Addresses(): VNode {
  const { api, now, reload, follow, say } = useDesk()
  const create = async ({ label = '' }: Readonly<Record<string, string>>): Promise<void> => {
    await api.createPseudonym({ label })
    await reload()
  }
  const sponsor = async ({
    request = '',
    amount = '',
    from,
  }: {
    request?: string
    amount?: string
    from?: string
  }): Promise<void> =>
    follow(
      'Sponsoring them',
      await api.sponsor({ request: request.trim(), amount: amountOf(amount), ...(from && { from }) }),
    )
  return html`<${Sheet} title="Addresses" intro="You may have several, and nobody can tell that they are one person’s, unless you show it. People write to you at any of them.">
    ${now.pseudonyms.map((own) => html`<${Own} key=${own.address} own=${own} />`)}
    <${Section} title="Another address"><p class="aside">It can be written to once it is registered: redeem a stamp to it (Money), or have somebody sponsor it.</p>
      <${Form} action="Make it" doing="Making it" onSend=${create}><${Field} name="label" label="What you call it" isNeeded /></${Form}></${Section}>
    <${Section} title="Sponsor somebody"><p class="aside">Register the address of somebody who is new here, with money for them. They hand you a request.</p>
      <${Form} action="Sponsor" doing="Sponsoring" onSend=${sponsor}><${OwnSelect} label="Paid by" /><${Field} name="request" label="Their request" isNeeded /><${AmountField} name="amount" label="What they get" isNeeded /></${Form}></${Section}>
    <${Section} title="New keys"><p class="aside">Should a key be known to somebody else, give an address new ones. Mail to the old ones stays readable.</p>
      <${Form} action="Give it new keys" doing="Making keys" onSend=${async ({
        address = '',
      }: Readonly<Record<string, string>>) => {
        follow('New keys', await api.rekey({ address }))
        say('The old keys open what was sealed to them, as before.')
      }}><${OwnSelect} name="address" label="Address" /></${Form}></${Section}></${Sheet}>`
}

function Own({ own }: { own: Pseudonym }): VNode {
  const { api, follow, say, reload } = useDesk()
  const { label, address, registered, retired, balance, reserve, policy, strangersLetters, request, habit, presence } =
    own
  return html`<${Section} title=${label}><${Facts} of=${[
    ['Address', html`<${Copied} text=${address} />`],
    ['State', stateText(own)],
    ['Holds', `${amountText(balance)}, and ${amountText(reserve)} in reserve`],
    ['Strangers bring', demandsText(policy)],
    ['What you did with strangers’ letters', strangersLetters.received === 0 ? null : usuallyText(strangersLetters)],
    ['Passes', `taken ${takenText(habit)}; shows ${showsText(habit)}`],
    ['Hides among', presence.epochs === 0 ? null : `${presence.alike} that look alike, over ${presence.epochs} epochs`],
  ]} />
    ${!retired && presence.advice && html`<p class="aside">${presence.advice}</p>`}
    ${!registered && !retired && html`<p>To have it registered, redeem a stamp to it, or hand this to somebody who sponsors it: <${Copied} text=${request} shown=${`${request.slice(0, 24)}…`} /></p>`}
    ${
      !retired &&
      html`<div class="deeds">
      ${!registered && html`<${Act} what="Register it" doing="Registering" act=${async () => follow(`“${label}”`, await api.register({ address }))} />`}
      ${registered && html`<${Act} what="Take a pass now" doing="Asking for a pass" act=${async () => say((await api.takePass({ address })).note)} />`}
      <${Act} what="Retire" doing="Retiring" ask=${`Retire “${label}”? This cannot be taken back; its mail stays readable.`} act=${async () => {
        await api.retirePseudonym({ address })
        await reload()
      }} /></div>
      ${registered && html`<${Demands} own=${own} />`}<${Habits} own=${own} />`
    }</${Section}>`
}

function stateText({ registered, retired }: Pseudonym): string {
  if (retired) return 'retired: nothing is written under it any more'
  return registered ? 'registered: people can write to it' : 'not registered: nobody can write to it yet'
}

const tierNames = ['none', ...[0, 1, 2, 3, 4].map((tier) => `a pass of tier ${tier}`)]

/** What strangers must bring. */
function Demands({ own: { address, label, policy } }: { own: Pseudonym }): VNode {
  const { api, follow } = useDesk()
  const send = async ({ leastFee = '', leastTier = '0' }: Readonly<Record<string, string>>): Promise<void> =>
    follow(
      `What strangers bring to “${label}”`,
      await api.policy({ address, leastFee: amountOf(leastFee), leastTier: Number(leastTier) }),
    )
  const { leastFee, leastTier } = policy.next ?? policy
  return html`<details><summary>Change what strangers must bring</summary><p class="aside">A higher demand holds once everything has expired that was signed before it.</p>
    <${Form} action="Ask for it" doing="Signing" onSend=${send}><${AmountField} name="leastFee" label="The least fee" value=${amountText(leastFee)} isNeeded />
      <${Select} name="leastTier" label="The least reputation" value=${String(leastTier)} options=${tierNames.map((name, at) => ({ value: String(at), label: name }))} /></${Form}></details>`
}

const shows = [
  { value: 'best', label: 'the best tier at which enough others stand' },
  { value: 'at-most', label: 'that one, and none above the tier below' },
  { value: 'exactly', label: 'the tier below, or no pass' },
]

/** Which passes are taken for it. */
function Habits({ own: { address, habit } }: { own: Pseudonym }): VNode {
  const { api, reload } = useDesk()
  const send = async ({
    warm,
    skip = '',
    show = 'best',
    tier = '0',
  }: Readonly<Record<string, string>>): Promise<void> => {
    const shown = show as typeof habit.show
    await api.changeHabit({
      address,
      warm: warm === 'yes',
      skipPercent: Number(skip),
      show: shown,
      tier: shown === 'best' ? 0 : Number(tier),
    })
    await reload()
  }
  return html`<details><summary>Change which passes are taken</summary><p class="aside">Each pass shows everybody that its owner was there.</p>
    <${Form} action="Change" doing="Changing" onSend=${send}>
      <${Select} name="warm" label="Taken" value=${habit.warm ? 'yes' : 'no'} options=${[{ value: 'no', label: 'while it is in use' }, { value: 'yes', label: 'in every epoch' }]} />
      <${Field} name="skip" label="Left out in so many of 100 epochs" type="number" value=${String(habit.skipPercent)} isNeeded />
      <${Select} name="show" label="Shows" value=${habit.show} options=${shows} />
      <${Select} name="tier" label="Tier" value=${String(habit.tier)} options=${[0, 1, 2, 3, 4].map((tier) => ({ value: String(tier), label: String(tier) }))} /></${Form}></details>`
}

const demandsText = ({ next, ...now }: Pseudonym['policy']): string =>
  next ? `${policyText(now)}; from ${when(next.from)} on ${policyText(next)}` : policyText(now)

function policyText({ leastFee, leastTier }: Policy): string {
  const asked = [
    ...(leastFee === '0' ? [] : [`a fee of ${amountText(leastFee)}`]),
    ...(leastTier === 0 ? [] : [tierNames[leastTier]!]),
  ]
  return asked.join(' and ') || 'nothing more than the price'
}
