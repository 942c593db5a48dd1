/** Receipts: what a letter cost, proven, and checked in this page by the code that nodes go by. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ReceiptView } from '../../../service.ts'
import { amountText } from '../amount.ts'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Act, Copied, Facts, Files, Loading, saveAs, Section, Sheet, Table } from '../parts.ts'
import type { Checked } from '../receipt/verify.ts'
import { when } from '../words.ts'

/** The view of the receipt of a letter; without one, of receipts that somebody saved. */
export const Receipt = ({
  about,
}: {
  about: string
}): VNode => html`<${Sheet} title="Receipt" intro="What was paid for a letter, with a proof that needs nobody’s word: it leads from the payment to a batch that the host of the network signed. It is checked here, in this page.">
    ${about && html`<${OfLetter} id=${about} />`}
    <${Section} title="Check one that was saved"><${Saved} /></${Section}></${Sheet}>`

async function check(file: unknown, bytes: Uint8Array): Promise<Checked> {
  const { checkReceipt } = await import('../receipt/verify.ts')
  return checkReceipt(file, bytes)
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))

function OfLetter({ id }: { id: string }): VNode {
  const { api, work } = useDesk()
  const [found, set] = useState<{ readonly receipt: ReceiptView; readonly checked: Checked }>()
  const [failed, setFailed] = useState<string>()
  useEffect(() => {
    void work('Checking the receipt', async () => {
      try {
        const [receipt, { file }] = await Promise.all([api.receipt({ id }), api.network()])
        set({ receipt, checked: await check(file, bytesOf(receipt.receipt)) })
      } catch (error) {
        setFailed((error as Error).message)
      }
    })
  }, [id])
  if (failed !== undefined) return html`<p class="refused" role="alert">${failed}</p>`
  if (!found) return html`<${Loading} />`
  const { receipt, checked } = found
  const save = async (): Promise<void> =>
    saveAs(new Blob([bytesOf(receipt.receipt) as Uint8Array<ArrayBuffer>]), `${id.slice(0, 12)}.receipt`)
  return html`<${Proven} checked=${checked} />
    ${receipt.lines.length > 0 && html`<${Section} title="What was asked for it"><${Lines} lines=${receipt.lines} /></${Section}>`}
    <div class="deeds"><${Act} what="Save the receipt" doing="Saving" act=${save} /></div>`
}

function Saved(): VNode {
  const { api, work } = useDesk()
  const [checked, set] = useState<Checked>()
  const look = async (event: Event): Promise<void> => {
    const [chosen] = (event.target as HTMLInputElement).files ?? []
    if (!chosen) return
    set(undefined)
    await work('Checking the receipt', async () =>
      set(await check((await api.network()).file, new Uint8Array(await chosen.arrayBuffer()))),
    )
  }
  return html`<${Files} name="receipt" label="Receipt" hint="a file that “Save the receipt” or bmail receipt --save wrote; it is read here and goes nowhere" onChange=${look} />
    ${checked && html`<${Proven} checked=${checked} />`}`
}

function Proven({ checked: { result, network } }: { checked: Checked }): VNode {
  const { nameOf } = useDesk()
  if (!result.verified)
    return html`<p class="verdict-proof is-wrong" role="status"><b>This proves nothing.</b> ${result.why}</p>`
  const { paid, messageId, height, time, opId, headerHash, why } = result
  return html`<p class="verdict-proof is-good" role="status"><b>Verified in this page.</b> Batch ${height} is signed by the host, and this payment is in it.</p>
    <${Facts} of=${[
      ['Settled', `in batch ${height}, ${when(time)}`],
      ['No mail', why],
      ['Paid by', paid && nameOf(paid.by)],
      ...(paid?.lines ?? []).map(
        ({ to, amount, from }) =>
          [from === 'funds' ? `${nameOf(to)} got` : `${nameOf(to)} gave`, amountText(amount)] as const,
      ),
      ['Burned', paid && amountText(paid.burned)],
      ['Operators’ share', paid?.share ? `${amountText(paid.share.amount)}, to ${nameOf(paid.share.to)}` : null],
      ['Message', messageId && html`<${Copied} text=${messageId} shown=${messageId.slice(0, 16)} />`],
      ['Operation', html`<${Copied} text=${opId} shown=${opId.slice(0, 16)} />`],
      ['Header', html`<${Copied} text=${headerHash} shown=${headerHash.slice(0, 16)} />`],
      ['Network', html`<${Copied} text=${network} shown=${network.slice(0, 16)} />`],
    ]} />`
}

function Lines({ lines }: { lines: ReceiptView['lines'] }): VNode {
  const { nameOf } = useDesk()
  const names = [...new Set(lines.flatMap(({ factors }) => factors.map(({ name }) => name)))]
  return html`<${Table} title="What was asked for it" head=${['to', ...names.map((name) => `>${name}`), '>fee', '>they got', '>burned', '>operators']}
    rows=${lines.map(({ recipient, contact, factors, fee, credit, burned, operators }) => [
      contact ?? nameOf(recipient),
      ...names.map((name) => factors.find((factor) => factor.name === name)?.times ?? ''),
      ...[fee, credit, burned, operators].map(amountText),
    ])} />`
}
