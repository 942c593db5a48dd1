/** The network: the rules that everybody on it lives by, in words. */
import type { VNode } from 'preact'
import { amountText } from '../amount.ts'
import { useAnswer } from '../desk.ts'
import { html } from '../html.ts'
import { Copied, Facts, Loading, saveAs, Section, Sheet } from '../parts.ts'

/** The view. */
export function Network(): VNode {
  const network = useAnswer((api) => api.network())
  if (!network) return html`<${Sheet} title="Network"><${Loading} /></${Sheet}>`
  const { id, words, minted, burned, evidence } = network
  const { name } = (network.file as { readonly rules: { readonly name: string } }).rules
  const save = (): void => saveAs(new Blob([`${JSON.stringify(network.file, undefined, 2)}\n`]), `${name}.json`)
  return html`<${Sheet} title=${`Network: ${name}`} intro="These rules and the way it began are the network: its id is made of both, so that one changed number is another network. Every node checks every payment by them for itself.">
    ${evidence.length > 0 && html`<p class="refused" role="alert">The host signed two batches at one height, ${evidence.length} times. Do not trust this network.</p>`}
    <${Section} title="In figures"><${Facts} of=${[
      ['Id', html`<${Copied} text=${id} shown=${id.slice(0, 16)} />`],
      ['Money made so far', amountText(minted)],
      ['Burned so far', amountText(burned)],
    ]} /><div class="deeds"><button type="button" onClick=${save}>Save its file</button></div></${Section}>
    <${Section} title="Its rules"><${Facts} of=${words.map(({ about, sentence }) => [about, sentence])} /></${Section}></${Sheet}>`
}
