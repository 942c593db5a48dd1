/** How the daemon is: what is wrong, where it stands, and a look at everything it has stored. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { Finding } from '../../../service.ts'
import type { Trouble } from '../../../troubles.ts'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Act, Copied, Facts, Loading, Section, Sheet, Table } from '../parts.ts'
import { when } from '../words.ts'

const severities: Readonly<Record<Trouble['severity'], string>> = {
  stops: 'stops it',
  waits: 'under way',
  hinders: 'hinders it',
}

/** The view. */
export function Health(): VNode {
  const { api, now } = useDesk()
  const [findings, setFindings] = useState<readonly Finding[]>()
  const { status } = now
  if (!status) return html`<${Sheet} title="State"><${Loading} /></${Sheet}>`
  const { troubles, network, peers, height, time, epoch, version, pendingOps, addresses, headHash, ready } = status
  return html`<${Sheet} title="State" intro="How your daemon is. It goes on by itself, whether this page is open or not.">
    <${Section} title="Troubles">
      ${troubles.length === 0 && html`<p class="good">None: everything works.</p>`}
      <ul class="troubles">${troubles.map(({ name, severity, since, sentence }) => html`<li key=${name} class=${severity}><b>${name}</b> <span class="aside">${severities[severity]}, since ${when(since)}</span><p>${sentence}</p></li>`)}</ul></${Section}>
    <${Section} title="Where it stands"><${Facts} of=${[
      ['Daemon', `version ${version}, ${ready ? 'ready' : 'not ready'}`],
      ['Network', network.name],
      ['Batch', `${height}, of ${when(time)}, in epoch ${epoch}`],
      ['Head', html`<${Copied} text=${headHash} shown=${headHash.slice(0, 16)} />`],
      ['Peers', `${peers.length} connected`],
      ['Waiting', `${pendingOps} operations`],
      ['Listens', addresses.join(', ') || 'no, it only dials out'],
    ]} /></${Section}>
    <${Section} title="Everything that it stored"><p class="aside">Held against its hashes, which may take a while. What can be mended, bmail doctor --repair mends while the daemon is stopped.</p>
      <${Act} what="Check it" doing="Checking everything stored" act=${async () => setFindings(await api.doctor())} />
      ${findings && html`<${Table} title="What was found" head=${['', 'check', 'found']} rows=${findings.map(({ check, ok, detail }) => [ok ? 'good' : 'wrong', check, detail])} />`}</${Section}></${Sheet}>`
}
