/** One letter: who sent it, what it says, what is attached, and what it was worth. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Shown, Summary } from '../../../service.ts'
import { grouped } from '../../../amount.ts'
import { amountText } from '../amount.ts'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { useKeys } from '../keys.ts'
import { Act, Facts, Loading, saveAs } from '../parts.ts'
import { go, hrefOf } from '../route.ts'
import { sizeText, when } from '../words.ts'
import { Formatted } from './formatted.ts'
import { isSealed } from './letter-list.ts'
import { VerdictPanel } from './verdict.ts'
import { startReply } from './draft.ts'

type Opened = { readonly shown: Shown; readonly page: string | null }

/** A letter, from when it can be read; until then, what it waits for. */
export function LetterView({ message }: { message: Summary }): VNode {
  const { api, work } = useDesk()
  const [opened, set] = useState<Opened>()
  const [failed, setFailed] = useState<string>()
  const { id, folder } = message
  const isClosed = isSealed(message)
  useEffect(() => {
    if (isClosed) return
    let isCurrent = true
    void work('Opening the letter', async () => {
      try {
        const [shown, { html: page }] = await Promise.all([api.shown({ id }), api.formatted({ id })])
        if (isCurrent) set({ shown, page })
      } catch (error) {
        if (isCurrent) setFailed((error as Error).message)
      }
    })
    return () => {
      isCurrent = false
    }
  }, [id, isClosed])
  const reply = (): void => {
    if (!opened) return
    startReply(message, opened.shown)
    go('write')
  }
  useKeys({ r: reply })
  return html`<article class="letter" aria-label=${message.subject || 'Letter'}>
    <a class="back" href=${hrefOf(folder)}>← Back</a>
    <header><h1 tabindex="-1">${opened?.shown.subject || message.subject || (isClosed ? 'A sealed letter' : '(no subject)')}</h1>
      <${Head} message=${message} shown=${opened?.shown} /></header>
    ${isClosed && html`<p class="sealed" role="status">Nobody can read it yet: ${message.note || 'it is sealed until it is paid'}. It opens by itself.</p>`}
    ${message.state === 'refused' && html`<p class="refused" role="note">It was not delivered, and nothing was paid: ${message.note}</p>`}
    ${failed !== undefined && html`<p class="refused" role="alert">${failed}</p>`}
    ${!isClosed && !opened && failed === undefined && html`<${Loading} />`}
    ${opened && html`<${Content} id=${id} opened=${opened} />`}
    ${
      opened &&
      html`<div class="deeds"><button type="button" class="main" aria-keyshortcuts="r" onClick=${reply}>Reply</button>
      <${Act} what="Save as it came" doing="Saving" act=${async () => saveAs(await api.bytes('raw', { id }), `${id.slice(0, 12)}.eml`)} />
      ${message.settledAt !== null && html`<a class="button" href=${hrefOf('receipt', id)}>Receipt</a>`}</div>`
    }
    ${folder === 'inbox' && !isClosed && html`<${VerdictPanel} message=${message} />`}
  </article>`
}

function Head({ message, shown }: { message: Summary; shown: Shown | undefined }): VNode {
  const { nameOf, now } = useDesk()
  const { from, to, folder, settledAt, amount, automatic, goesBack, givenBack, state, note } = message
  const isKnown = now.contacts.some(({ address }) => address === from)
  const claims = shown?.from?.address
  const person = (address: string): VNode => html`<span title=${address}>${nameOf(address)}</span>`
  return html`<${Facts} of=${[
    [
      'From',
      html`${person(from)}${folder === 'inbox' && !isKnown && html` <a class="aside" href=${hrefOf('people', from)}>Give them a name</a>`}`,
    ],
    ['Claims', claims && claims !== from ? `to be from ${claims}, which nobody checked` : null],
    ['To', to.map((address, at) => html`${at > 0 && ', '}${person(address)}`)],
    ['Settled', settledAt === null ? null : when(settledAt)],
    ['State', folder === 'sent' && state !== 'refused' ? note || sentWords[state] : null],
    [folder === 'inbox' ? 'Brought you' : 'Fee', amount === '0' ? null : amountText(amount)],
    ['Written by', automatic ? 'a program, by what its sender says' : null],
    ['Goes back', goesBack === null ? null : `what it brought goes back by itself, about ${when(goesBack)}`],
    [
      'Given back',
      givenBack
        .map((one) => (folder === 'sent' ? `${amountText(one.amount)} by ${nameOf(one.by)}` : amountText(one.amount)))
        .join(', '),
    ],
    ['Damaged', shown?.damaged ? 'this is all that can be shown of it' : null],
  ]} />`
}

const sentWords: Readonly<Record<Summary['state'], string>> = {
  submitted: 'on its way',
  settled: 'paid; its lock opens next',
  released: 'delivered',
  opened: 'delivered',
  acknowledged: 'delivered, and judged',
  refused: 'refused',
}

function Content({ id, opened: { shown, page } }: { id: string; opened: Opened }): VNode {
  const { api } = useDesk()
  const [isPlain, setPlain] = useState(false)
  const save = async (number: number, filename: string): Promise<void> =>
    saveAs(await api.bytes('attachment', { id, number }), filename)
  return html`${
    page !== null &&
    html`<div class="choice" role="group" aria-label="How the letter is shown">
      <button type="button" aria-pressed=${!isPlain} onClick=${() => setPlain(false)}>Formatted</button>
      <button type="button" aria-pressed=${isPlain} onClick=${() => setPlain(true)}>Text alone</button></div>`
  }
    ${page !== null && !isPlain ? html`<${Formatted} page=${page} />` : html`<div class="letter-text">${shown.text.trimEnd() || '(It says nothing.)'}</div>`}
    ${shown.cut > 0 && html`<p class="aside">… and ${grouped(String(shown.cut))} characters more: save it as it came to read all of it.</p>`}
    ${
      shown.attachments.length > 0 &&
      html`<section class="attached" aria-label="Attached"><h2>Attached</h2><ul>
      ${shown.attachments.map(
        (
          { filename, mimeType, bytes },
          number,
        ) => html`<li key=${number}><span class="attached-name">${filename}</span> <span class="aside">${mimeType}, ${sizeText(bytes)}</span>
        <${Act} what="Save" doing="Saving" act=${() => save(number, filename)}><span class="unseen"> ${filename}</span></${Act}></li>`,
      )}</ul></section>`
    }`
}
