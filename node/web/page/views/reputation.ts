/** Reputation: the one hidden score behind all of our pseudonyms, what each tier is worth, among how many one hides, and what comes when. */
import type { VNode } from 'preact'
import { crowdText } from '../../../advice.ts'
import type { Reputation as View, TierView } from '../../../service.ts'
import { grouped } from '../../../amount.ts'
import { amountText } from '../amount.ts'
import { useAnswer, useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Facts, Form, Loading, OwnSelect, Said, Section, Sheet, Table } from '../parts.ts'
import { when } from '../words.ts'

/** The view. */
export function Reputation(): VNode {
  const reputation = useAnswer((api) => api.reputation())
  return html`<${Sheet} title="Reputation" intro="One score stands behind all of your addresses, and only you can see it. What readers say of your letters makes it; what you show of it is a tier, among others of the same.">
    ${reputation ? html`<${Whole} of=${reputation} />` : html`<${Loading} />`}</${Sheet}>`
}

const states: Readonly<Record<View['state'], string>> = {
  'not-enrolled': 'You have none yet',
  enrolled: 'You are enrolled',
  renewed: 'Renewed in this epoch',
}

function Whole({ of }: { of: View }): VNode {
  const isIn = of.state !== 'not-enrolled'
  return html`${isIn ? html`<${Score} of=${of} /><${Coming} of=${of} />` : html`<${Enrol} fee=${of.enrolFee} />`}
    <${Section} title="What each tier is worth"><p class="aside">It saves nothing on a letter to a stranger. It saves on letters to people who write back, gives your verdicts weight, and opens readers who ask for it. Letters are of a KiB, while the base price is at its floor.</p><${Tiers} of=${of} /></${Section}>
    ${
      of.passes.length > 0 &&
      html`<${Section} title="Passes"><${Table} title="Passes" head=${['address', '>epoch', '>tier', '>worth now', '>gathered', '>against']}
      rows=${of.passes.map((pass) => [pass.label, String(pass.epoch), String(pass.tier), String(pass.effectiveTier), pass.positive, pass.negative])} /></${Section}>`
    }
    ${
      isIn &&
      of.names.length > 0 &&
      html`<${Section} title="What each address shows"><${Table} title="What each address shows" head=${['address', '>tier', 'because']}
      rows=${of.names.map(({ label, takes: taken, rests }) => [label, taken && !rests ? String(taken.tier) : 'no pass', rests || (taken?.why ?? 'your identity is not renewed in this epoch yet')])} /></${Section}>`
    }
    ${
      of.folded.length > 0 &&
      html`<${Section} title="What was folded in"><${Table} title="What was folded in" head=${['>renewed in', '>folded epoch', '>for', '>against', '>given away']}
      rows=${of.folded.map((one) => [String(one.inEpoch), one.epoch === 0 ? 'none yet' : String(one.epoch), one.positive, one.negative, one.endorsed])} /></${Section}>`
    }`
}

function Score({ of }: { of: View }): VNode {
  const { state, note, epoch, score, positive, negative, tier, passFee, takes, without, renewals } = of
  return html`<section class="card score" aria-label="Your score">
      <p class="score-number"><strong>${score}</strong><span>${states[state]}${tier === null ? '' : `, tier ${tier}`}</span></p>
      <div><p><${Said} text=${note} /></p><${Facts} of=${[
        ['Earned', positive],
        ['Against you', negative],
        ['Epoch', String(epoch)],
        ['Passes', takes && `at tier ${takes.tier}: ${takes.why}`],
        ['No pass for', without.length === 0 ? null : `${without.join(', ')}: an identity has four in an epoch`],
        ['A pass burns', passFeeText(passFee)],
        ['Hidden', crowdText(`Your renewal hides among ${renewals} of this epoch.`, renewals)],
      ]} /></div></section>`
}

const passFeeText = ({ most, taken, doublesAt }: View['passFee']): string =>
  `${amountText(most)}; ${grouped(String(taken))} were taken in this epoch, and from ${grouped(String(doublesAt))} on it is twice as much`

/** What the daemon does by itself, and when. */
const Coming = ({ of: { next } }: { of: View }): VNode => html`<${Section} title="What comes next">
  ${next.length === 0 ? html`<p>Nothing: the daemon waits for you.</p>` : html`<ol class="coming">${next.map(({ what, at }) => html`<li key=${what}><time>${at === null ? 'later' : when(at)}</time><span>${what}</span></li>`)}</ol>`}</${Section}>`

function Tiers({ of: { tiers, tier: best } }: { of: View }): VNode {
  const few = (text: string): string => (text === '0' ? '' : amountText(text))
  const largest = Math.max(1, ...tiers.map(({ setSize }) => setSize))
  const name = (view: TierView): VNode =>
    html`<b>${view.tier === null ? 'no pass' : view.tier}</b>${view.tier === best && best !== null ? ' (yours)' : ''}`
  const among = (view: TierView): VNode | string =>
    view.tier === null
      ? ''
      : html`<span class="crowd"><meter min="0" max=${largest} value=${view.setSize} aria-label=${`${view.setSize} passes`}></meter> ${view.setSize}</span>`
  return html`<${Table} title="What each tier is worth" head=${['tier', '>asks for', '>against you at most', '>costs', '>an epoch', '>a stranger', '>an exchange', '>verdicts', '>hides among']}
    rows=${tiers.map((view) => [name(view), view.scoreMin, view.negativeMax, few(view.scoreCost), few(view.decayCost), amountText(view.firstLetter), amountText(view.exchangeLetter), view.verdictWeight, among(view)])} />`
}

function Enrol({ fee }: { fee: string }): VNode {
  const { api, follow } = useDesk()
  return html`<${Section} title="Begin to have one"><p>It costs ${amountText(fee)}, which are burned. The address that pays stands beside the new identity for everybody to see; passes and renewals still tell nobody which addresses are yours. Best pays one that a stamp has funded, and that is used for nothing else.</p>
    <${Form} action=${`Enrol for ${amountText(fee)}`} doing="Enrolling" isMain onSend=${async ({ from }: { from?: string }) => follow('Enrolling', await api.enroll(from ? { from } : {}))}><${OwnSelect} label="Paid by" /></${Form}></${Section}>`
}
