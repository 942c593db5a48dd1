/** The parts that views are put together of. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { Pseudonym } from '../../service.ts'
import { amountText, typedIn } from './amount.ts'
import { useDesk } from './desk.ts'
import { html } from './html.ts'

/** A sentence as the daemon says it, with what stands between backticks as it is to be typed. */
export const Said = ({ text }: { text: string }): VNode =>
  html`${text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`

/** A view that is no list of letters: its title, and what stands under it. */
export function Sheet({
  title,
  intro,
  children,
}: {
  title: string
  intro?: string
  children?: ComponentChildren
}): VNode {
  return html`<div class="sheet"><h1 tabindex="-1">${title}</h1>${intro && html`<p class="intro">${intro}</p>`}${children}</div>`
}

/** A part of a sheet. */
export function Section({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return html`<section class="card"><h2>${title}</h2>${children}</section>`
}

/** Names and what they stand for; what is not there is left out. */
export function Facts({ of }: { of: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  const there = of.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return html`<dl class="facts">${there.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${typeof value === 'string' ? html`<${Said} text=${value} />` : value}</dd></div>`)}</dl>`
}

/** A table. Columns named with a leading `>` are set right. On a narrow screen each row is a block of its own. */
export function Table({
  title,
  head,
  rows,
}: {
  title: string
  head: readonly string[]
  rows: readonly (readonly ComponentChildren[])[]
}): VNode {
  const names = head.map((name) => name.replace(/^>/, ''))
  const side = head.map((name) => (name.startsWith('>') ? 'number' : ''))
  // An amount stays in one line where that is short.
  const looksOf = (cell: ComponentChildren, at: number): string =>
    side[at] && typeof cell === 'string' && cell.length <= 12 ? `${side[at]} short` : side[at]!
  return html`<table><caption class="unseen">${title}</caption>
    <thead><tr>${names.map((name, at) => html`<th scope="col" class=${side[at]}>${name || html`<span class="unseen">more</span>`}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell, at) => html`<td class=${looksOf(cell, at)} data-name=${names[at]}>${cell}</td>`)}</tr>`)}</tbody></table>`
}

/** A text that somebody may want to hand on. */
export function Copied({ text, shown = text }: { text: string; shown?: string }): VNode {
  const { say } = useDesk()
  const copy = (): void =>
    void navigator.clipboard.writeText(text).then(
      () => say('Copied.'),
      () => say('This browser did not let the page copy it. Mark it, and copy it yourself.', true),
    )
  return html`<span class="copied"><code title=${text}>${shown}</code> <button type="button" class="quiet" onClick=${copy}>Copy<span class="unseen"> ${shown}</span></button></span>`
}

type FieldProps = {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly value?: string
  readonly type?: string
  readonly list?: string
  readonly isNeeded?: boolean
  readonly onInput?: (value: string) => void
}

/** A line to type in, with what it is for. */
export function Field({ name, label, hint, value, type = 'text', list, isNeeded = false, onInput }: FieldProps): VNode {
  const id = useId()
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} value=${value} list=${list} required=${isNeeded} autocomplete="off" spellcheck=${false}
      aria-describedby=${hint && `${id}-hint`} onInput=${(event: InputEvent) => onInput?.((event.target as HTMLInputElement).value)} />
    ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}</div>`
}

/** A line to type an amount in. */
export const AmountField = ({ hint, ...field }: FieldProps): VNode =>
  html`<${Field} ...${field} hint=${[hint, typedIn()].filter(Boolean).join(', ')} />`

type FilesProps = {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly isSeveral?: boolean
  readonly onChange: (event: Event) => void
}

/** Files to choose. */
export function Files({ name, label, hint, isSeveral = false, onChange }: FilesProps): VNode {
  const id = useId()
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} name=${name} type="file" multiple=${isSeveral} aria-describedby=${hint && `${id}-hint`} onChange=${onChange} />
    ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}</div>`
}

/** A text of many lines to type. */
export function TextField({
  name,
  label,
  value,
  onInput,
}: {
  name: string
  label: string
  value: string
  onInput: (value: string) => void
}): VNode {
  const id = useId()
  return html`<div class="field"><label for=${id}>${label}</label>
    <textarea id=${id} name=${name} rows="9" value=${value} onInput=${(event: InputEvent) => onInput((event.target as HTMLTextAreaElement).value)}></textarea></div>`
}

type Choice = { readonly value: string; readonly label: string }

/** One of several. */
export function Select({
  name,
  label,
  options,
  value,
  onChange,
}: {
  name: string
  label: string
  options: readonly Choice[]
  value?: string
  onChange?: (value: string) => void
}): VNode {
  const id = useId()
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} name=${name} value=${value} onChange=${(event: Event) => onChange?.((event.target as HTMLSelectElement).value)}>
      ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.label}</option>`)}
    </select></div>`
}

/** Our pseudonyms that can be written under, to choose from. */
export function OwnSelect({
  name = 'from',
  label,
  value,
  onChange,
}: {
  name?: string
  label: string
  value?: string
  onChange?: (value: string) => void
}): VNode {
  const { now } = useDesk()
  const options = now.pseudonyms.filter(({ retired }) => !retired).map(choiceOf)
  const chosen = value || options[0]?.value
  return html`<${Select} name=${name} label=${label} options=${options} value=${chosen} onChange=${onChange} />`
}

const choiceOf = ({ address, label, balance }: Pseudonym): Choice => ({
  value: address,
  label: `${label} (holds ${amountText(balance)})`,
})

type FormProps = {
  /** What is done, as its button says it. */
  readonly action: string
  /** While it is done. */
  readonly doing: string
  readonly onSend: (values: Readonly<Record<string, string>>) => Promise<unknown>
  readonly isMain?: boolean
  readonly children?: ComponentChildren
}

/** Fields and the button that sends them. They are emptied once it is done, and stay where it is refused. */
export function Form({ action, doing, onSend, isMain = false, children }: FormProps): VNode {
  const { work } = useDesk()
  const [isBusy, setBusy] = useState(false)
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
    setBusy(true)
    const done = await work(doing, async () => {
      await onSend(values)
      return true
    })
    setBusy(false)
    if (done) form.reset()
  }
  return html`<form class="form" onSubmit=${send}>${children}<button class=${isMain ? 'main' : ''} disabled=${isBusy}>${isBusy ? `${doing} …` : action}</button></form>`
}

type ActProps = {
  readonly what: string
  readonly doing: string
  readonly act: () => Promise<unknown>
  /** A question to be agreed to first. */
  readonly ask?: string
  readonly class?: string
  readonly children?: ComponentChildren
}

/** A button that does one thing; where there is a question, a second press agrees to it. */
export function Act({ what, doing, act, ask, class: looks = '', children }: ActProps): VNode {
  const { work } = useDesk()
  const [step, setStep] = useState<'rest' | 'asked' | 'busy'>('rest')
  const agree = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (step === 'asked') agree.current?.focus()
  }, [step])
  const run = async (): Promise<void> => {
    setStep('busy')
    await work(doing, act)
    setStep('rest')
  }
  if (step === 'asked')
    return html`<span class="asked" role="group" aria-label=${ask}><span>${ask}</span>
      <button type="button" class="main" ref=${agree} onClick=${run}>Yes</button>
      <button type="button" onClick=${() => setStep('rest')}>No</button></span>`
  return html`<button type="button" class=${looks} disabled=${step === 'busy'} onClick=${ask ? () => setStep('asked') : run}>${step === 'busy' ? `${doing} …` : what}${children}</button>`
}

/** What stands where there is nothing yet, with what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return html`<div class="empty"><p class="empty-title">${title}</p>${children}</div>`
}

/** While something is asked for. */
export const Loading = (): VNode => html`<p class="loading" role="status">Asking the daemon …</p>`

/** Have a browser save bytes under a name. They are of no kind that it would open. */
export function saveAs(bytes: Blob, filename: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  link.download = filename
  link.click()
  // The browser has its own hold on it once it began.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
