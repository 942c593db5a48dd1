/** Writing a letter, with its price beside it. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Quote } from '../../../service.ts'
import { amountText } from '../amount.ts'
import { useAnswer, useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Act, Field, Files, OwnSelect, Select, TextField } from '../parts.ts'
import { sendPriced, usePrice } from '../price.ts'
import { addressesNamed } from '../recipients.ts'
import { go } from '../route.ts'
import { sizeText } from '../words.ts'
import { type Attached, currentDraft, keepDraft, startDraft, type Written } from './draft.ts'
import { PricePanel } from './price-panel.ts'

/** A letter takes no more than this, attachments and all. */
const attachedBytesMax = 16 * 1024 * 1024

/** The view. `about` is an address or a name to write to. */
export function Write({ about }: { about: string }): VNode {
  const { api, now, work, say } = useDesk()
  const [written, setWritten] = useState<Written>(currentDraft())
  const [isSending, setSending] = useState(false)
  const [insists, setInsists] = useState(false)
  const [givesBack, setGivesBack] = useState(false)
  const change = (changed: Partial<Written>): void =>
    setWritten((before) => {
      const after = { ...before, ...changed }
      keepDraft(after)
      return after
    })
  useEffect(() => {
    if (about) change({ to: about })
  }, [about])
  const pricing = usePrice(written)
  // What was changed since is not sent for a price that nobody has seen.
  const priced = pricing.state === 'priced' && pricing.priced.written === written ? pricing.priced : undefined
  const refusal = priced?.quote.refusal
  const isUnanswered = refusal?.code === 'unanswered'
  const isOther = refusal?.code === 'key-reused'
  const canSend = priced !== undefined && !isSending && (!refusal || (isUnanswered && insists))
  const answers = answerOf(written, now.contacts)
  const canGoBack = answers !== undefined && answers.amount !== '0'

  const begin = (): void => {
    startDraft()
    setWritten(currentDraft())
  }
  const send = async (): Promise<void> => {
    if (!canSend || !priced) return
    setSending(true)
    const more = {
      ...(answers && { answers: answers.id }),
      ...(canGoBack && givesBack && { giveBack: true }),
      ...(isUnanswered && { insist: true }),
    }
    const sent = await work('Signing and sending', () => sendPriced(api, priced, more))
    setSending(false)
    if (!sent) return
    begin()
    say(
      sent.repeated
        ? 'It had been sent before. Nothing more was paid for it.'
        : `Sent, for a fee of ${amountText(sent.message.amount)}. It is settled with the next batch.`,
    )
    go('sent', sent.message.id)
  }
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send()
  }
  return html`<div class="write" onKeyDown=${keys}>
    <section class="writing" aria-label="The letter"><h1 tabindex="-1">${answers ? 'Reply' : 'Write'}</h1>
      <${OwnSelect} label="From" value=${written.from} onChange=${(from: string) => change({ from })} />
      <${Field} name="to" label="To" list="people" value=${written.to} hint="names or addresses, with commas between them" onInput=${(to: string) => change({ to })} />
      <datalist id="people">${now.contacts.map(({ name, address }) => html`<option key=${address} value=${name}>${address}</option>`)}</datalist>
      <${Field} name="subject" label="Subject" value=${written.subject} onInput=${(subject: string) => change({ subject })} />
      <${TextField} name="text" label="Text" value=${written.text} onInput=${(text: string) => change({ text })} />
      <div class="pair"><${Attaching} written=${written} change=${change} />
      <${Lifetime} value=${written.lifetimeDays} onChange=${(lifetimeDays: number | undefined) => change({ lifetimeDays })} /></div>
      ${canGoBack && html`<label class="check"><input type="checkbox" checked=${givesBack} onChange=${() => setGivesBack(!givesBack)} /> Give back the ${amountText(answers.amount)} that their letter brought me</label>`}
      ${isUnanswered && html`<label class="check"><input type="checkbox" checked=${insists} onChange=${() => setInsists(!insists)} /> They never answered as many as my limit allows. Write all the same</label>`}
      <div class="deeds"><button type="button" class="main send" disabled=${!canSend} aria-keyshortcuts="Control+Enter" onClick=${send}>${sendText(isSending, priced?.quote)}</button>
        ${isOther && html`<button type="button" onClick=${() => change({ key: crypto.randomUUID() })}>Make it a letter of its own</button>`}
        <${Act} what="Discard" doing="Discarding" ask="Throw away what you wrote?" act=${async () => begin()} /></div></section>
    <${PricePanel} pricing=${pricing} />
  </div>`
}

function sendText(isSending: boolean, quote: Quote | undefined): string {
  if (isSending) return 'Sending …'
  if (quote?.alreadySent) return 'It was sent: show it'
  return quote ? `Send for ${amountText(String(BigInt(quote.fee) + BigInt(quote.inclusionFee)))}` : 'Send'
}

/** What it answers, where it still goes from whom that came to, to whom it came from. */
function answerOf({ answers, from, to }: Written, contacts: Parameters<typeof addressesNamed>[1]): Written['answers'] {
  if (!answers || answers.own !== from) return undefined
  try {
    return addressesNamed(to, contacts).includes(answers.sender) ? answers : undefined
  } catch {
    return undefined // somebody is still typing; the price says what is wrong
  }
}

function Attaching({
  written: { attachments },
  change,
}: {
  written: Written
  change: (changed: Partial<Written>) => void
}): VNode {
  const { work } = useDesk()
  const add = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement
    const files = [...(input.files ?? [])]
    const added = await work('Reading what is attached', () => readAll(files, attachments))
    input.value = ''
    if (added) change({ attachments: [...attachments, ...added] })
  }
  return html`<div class="attaching"><${Files} name="attach" label="Attach" isSeveral onChange=${add} />
    ${
      attachments.length > 0 &&
      html`<ul class="attached">${attachments.map(
        (
          one,
        ) => html`<li key=${one.filename}><span class="attached-name">${one.filename}</span> <span class="aside">${sizeText(one.bytes)}</span>
      <button type="button" class="quiet" onClick=${() => change({ attachments: attachments.filter((other) => other !== one) })}>Leave out<span class="unseen"> ${one.filename}</span></button></li>`,
      )}</ul>`
    }</div>`
}

async function readAll(files: readonly File[], before: readonly Attached[]): Promise<readonly Attached[]> {
  const bytes = [...before.map((one) => one.bytes), ...files.map(({ size }) => size)].reduce((all, one) => all + one, 0)
  if (bytes > attachedBytesMax)
    throw new Error(`Together that is ${sizeText(bytes)}, and a letter may have 16 MiB. Attach less.`)
  return Promise.all(files.map(attached))
}

async function attached(file: File): Promise<Attached> {
  if (file.size === 0) throw new Error(`${file.name} is empty. Attach another.`)
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new Error(`${file.name} cannot be read. Attach it again.`))
    reader.readAsDataURL(file)
  })
  const mimeType = file.type || 'application/octet-stream'
  return { filename: file.name, mimeType, content: url.slice(url.indexOf(',') + 1), bytes: file.size }
}

type Lifetimes = {
  readonly rules: { readonly lifetimes: readonly { readonly days: number; readonly factor: string }[] }
}

/** How long it is kept, where the network offers more than one time. */
function Lifetime({
  value,
  onChange,
}: {
  value: number | undefined
  onChange: (days: number | undefined) => void
}): VNode | null {
  const network = useAnswer((api) => api.network())
  const { lifetimes = [] } = (network?.file as Lifetimes | undefined)?.rules ?? {}
  if (lifetimes.length < 2) return null
  const options = lifetimes.map(({ days, factor }) => ({
    value: String(days),
    label: `${days} days (×${Number(factor) / 10_000})`,
  }))
  return html`<${Select} name="lifetime" label="Nodes keep it for" options=${options} value=${value === undefined ? options[0]!.value : String(value)} onChange=${(days: string) => onChange(Number(days))} />`
}
