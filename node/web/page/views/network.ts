/** The network: the rules that everybody on it lives by, in words. */
import type { VNode } from 'preact'
import { amountText } from '../amount.ts'
import { useAnswer } from '../desk.ts'
import { html } from '../html.ts'
import { Copied, Facts, Loading, saveAs, Section, Sheet } from '../parts.ts'

/** In the network's file an amount is a number where one holds it exactly, and a text otherwise. */
type Amount = string | number

/** What is said of the rules here, as the network's file has them. */
type Rules = {
  readonly name: string
  readonly batchIntervalMs: number
  readonly epochMs: Amount
  readonly expiryMaxMs: number
  readonly ackWindowEpochs: number
  readonly recipientsMax: number
  readonly price: { readonly floor: Amount; readonly ceiling: Amount; readonly intervalMs: number }
  readonly lifetimes: readonly { readonly days: number; readonly factor: Amount }[]
  readonly recipientFactor: Amount
  readonly correspondence: { readonly first: Amount; readonly exchange: Amount; readonly patience: number }
  readonly reputation: {
    readonly factors: readonly Amount[]
    readonly strangers: readonly Amount[]
    readonly decay: Amount
  }
  readonly identity: {
    readonly enrolFee: Amount
    readonly passFee: Amount
    readonly checkpoints: number
    readonly stamps: readonly Amount[]
  }
  readonly keepers: { readonly threshold: number; readonly members: readonly unknown[] }
  readonly burnShare: Amount
  readonly operatorsShare: Amount
  readonly inclusionFee: Amount
  readonly reserve: Amount
}

/** The view. */
export function Network(): VNode {
  const network = useAnswer((api) => api.network())
  if (!network) return html`<${Sheet} title="Network"><${Loading} /></${Sheet}>`
  const { rules } = network.file as { readonly rules: Rules }
  const { id, minted, burned, evidence } = network
  const save = (): void => saveAs(new Blob([`${JSON.stringify(network.file, undefined, 2)}\n`]), `${rules.name}.json`)
  return html`<${Sheet} title=${`Network: ${rules.name}`} intro="These rules and the way it began are the network: its id is made of both, so that one changed number is another network. Every node checks every payment by them for itself.">
    ${evidence.length > 0 && html`<p class="refused" role="alert">The host signed two batches at one height, ${evidence.length} times. Do not trust this network.</p>`}
    <${Section} title="In figures"><${Facts} of=${[
      ['Id', html`<${Copied} text=${id} shown=${id.slice(0, 16)} />`],
      ['Money made so far', amountText(minted)],
      ['Burned so far', amountText(burned)],
    ]} /><div class="deeds"><button type="button" onClick=${save}>Save its file</button></div></${Section}>
    ${Object.entries(inWords(rules)).map(([title, sentences]) => html`<${Section} key=${title} title=${title}><ul class="rules">${sentences.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ul></${Section}>`)}</${Sheet}>`
}

const figure = (amount: Amount): string => amountText(String(amount))
const times = (basisPoints: Amount): string =>
  `×${(Number(basisPoints) / 10_000).toLocaleString('en', { maximumFractionDigits: 4 })}`
const percent = (basisPoints: Amount): string =>
  `${(Number(basisPoints) / 100).toLocaleString('en', { maximumFractionDigits: 2 })} %`

/** A span of time in the largest unit that it fills. */
function spanText(ms: number): string {
  const units = [
    ['week', 604_800_000],
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [name, length] = units.find(([, one]) => ms >= one) ?? (['millisecond', 1] as const)
  const count = ms / length
  return `${count.toLocaleString('en', { maximumFractionDigits: 1 })} ${name}${count === 1 ? '' : 's'}`
}

function inWords(rules: Rules): Readonly<Record<string, readonly string[]>> {
  const { price, lifetimes, recipientFactor, correspondence, reputation, identity, keepers } = rules
  const readers = 10_000 - Number(rules.burnShare) - Number(rules.operatorsShare)
  return {
    'What a letter costs': [
      `A KiB costs between ${figure(price.floor)} and ${figure(price.ceiling)}: the price follows demand, and moves every ${spanText(price.intervalMs)}.`,
      `A first letter to somebody costs ${times(correspondence.first)} of that; once they write back, ${times(correspondence.exchange)}, for ${correspondence.patience} letters for each that came back.`,
      `Kept for ${lifetimes.map(({ days, factor }) => `${days} days it costs ${times(factor)}`).join(', for ')}.`,
      `Each recipient after the first adds ${times(recipientFactor)} to what everybody’s costs; a letter takes ${rules.recipientsMax} at most.`,
      `Without a pass it costs ${times(reputation.factors[0]!)} among people who write to each other, and ${times(reputation.strangers[0]!)} to strangers; under the best pass ${times(reputation.factors.at(-1)!)} and ${times(reputation.strangers.at(-1)!)}.`,
    ],
    'Where the fee goes': [
      `${percent(readers)} to the reader, ${percent(rules.burnShare)} are burned, ${percent(rules.operatorsShare)} go to those who keep the network running.`,
      `Carrying anything burns ${figure(rules.inclusionFee)} at least; ${figure(rules.reserve)} of each address stay in reserve.`,
    ],
    'When it opens': [
      `A batch is made every ${spanText(rules.batchIntervalMs)} while something waits.`,
      `A letter opens once it is paid: ${keepers.threshold} of ${keepers.members.length} keepers open its lock together, and none of them can read it.`,
      `What is signed expires after ${spanText(rules.expiryMaxMs)} at most; then nothing was paid.`,
    ],
    'Verdicts and reputation': [
      `An epoch is ${spanText(Number(rules.epochMs))}. A verdict can be given until ${rules.ackWindowEpochs} epochs after the letter’s.`,
      `After an epoch ${percent(reputation.decay)} of a score are left.`,
      `An identity costs ${figure(identity.enrolFee)} once, a pass ${figure(identity.passFee)} and more in a full epoch; all of it is burned.`,
      identity.stamps.length === 0
        ? 'There are no stamps.'
        : `Stamps are worth ${identity.stamps.map(figure).join(', ')}.`,
    ],
  }
}
