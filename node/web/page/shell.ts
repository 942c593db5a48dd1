/** What stands around every view: the way to the others, what goes on, what is wrong, and what is told. */
import type { VNode } from 'preact'
import { useEffect, useErrorBoundary, useRef, useState } from 'preact/hooks'
import { amountText } from './amount.ts'
import { undoMs, useDesk } from './desk.ts'
import { html } from './html.ts'
import { areKeysOn, switchKeys, useKeys } from './keys.ts'
import { Said, Sheet } from './parts.ts'
import { go, hrefOf, useRoute } from './route.ts'
import { viewNamed, viewNames, views, type ViewName } from './views.ts'
import { isDraftWritten, startDraft } from './views/draft.ts'
import { isUnread } from './views/letter-list.ts'
import { verdictNames, verdicts } from './words.ts'

/** The whole page, with the view that its address names. */
export function Shell(): VNode {
  const { now } = useDesk()
  const { view, about } = useRoute()
  const name = viewNamed(view)
  const [isMenuOpen, setMenuOpen] = useState(false)
  const help = useRef<HTMLDialogElement>(null)
  const main = useRef<HTMLElement>(null)
  const before = useRef(name)
  const begin = (): void => {
    startDraft()
    go('write')
  }
  useKeys({
    ...Object.fromEntries(
      viewNames.filter((one) => views[one].key).map((one) => [`g ${views[one].key}`, () => go(one)]),
    ),
    c: begin,
    '?': () => help.current?.showModal(),
  })
  useEffect(() => {
    setMenuOpen(false)
    document.title = `${views[name].title} – b-mail`
    // Whoever cannot see that another view came is taken to it.
    if (before.current !== name) main.current?.querySelector<HTMLElement>('h1')?.focus()
    before.current = name
  }, [name, about])
  useEffect(() => {
    // Closing the tab would lose it: the browser asks first.
    const ask = (event: BeforeUnloadEvent): void => {
      if (isDraftWritten()) event.preventDefault()
    }
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [])
  const { show } = views[name]
  const isWhole = name === 'inbox' || name === 'sent'
  return html`<a class="skip" href="#main" onClick=${(event: Event) => {
    event.preventDefault()
    main.current?.focus()
  }}>To the content</a>
    <header class="top"><button type="button" class="quiet" aria-expanded=${isMenuOpen} aria-controls="menu" onClick=${() => setMenuOpen(!isMenuOpen)}>Menu</button>
      <span class="brand">b-mail</span><a class="button main" href=${hrefOf('write')}>Write</a></header>
    <nav id="menu" class=${isMenuOpen ? 'open' : ''} aria-label="Views"><p class="brand">b-mail</p>
      <${Links} current=${name} />
      <div class="foot"><${Holdings} /><button type="button" class="quiet" aria-keyshortcuts="?" onClick=${() => help.current?.showModal()}>Keys</button></div></nav>
    <div class="told"><${Lost} /><${Worst} /><${Working} /></div>
    <main id="main" class=${isWhole ? 'whole' : ''} tabindex="-1" ref=${main} aria-busy=${now.status === undefined}><${Guarded} key=${name} show=${show} about=${about} /></main>
    <${Notices} /><${Taking} />
    <${Help} dialog=${help} />`
}

/** A view, or what kept it from being shown: the others are there all the same. */
function Guarded({ show, about }: { show: (typeof views)[ViewName]['show']; about: string }): VNode {
  const [error] = useErrorBoundary()
  if (!error) return html`<${show} about=${about} />`
  return html`<${Sheet} title="This cannot be shown"><p class="refused" role="alert">The page failed here: ${(error as Error).message}. The command line shows the same; please tell whoever makes b-mail.</p></${Sheet}>`
}

const listed = viewNames.filter((name) => views[name].key !== '')

function Links({ current }: { current: ViewName }): VNode {
  const { now } = useDesk()
  const unread = now.folders.inbox?.filter(isUnread).length ?? 0
  const troubles = now.status?.troubles.length ?? 0
  const count: Partial<Record<ViewName, readonly [number, string]>> = {
    inbox: [unread, 'unread'],
    state: [troubles, troubles === 1 ? 'trouble' : 'troubles'],
  }
  return html`<ul>${listed.map((name) => {
    const [number = 0, what = ''] = count[name] ?? []
    return html`<li key=${name}><a href=${hrefOf(name)} class=${name === 'write' ? 'to-write' : ''} aria-current=${name === current ? 'page' : undefined} aria-keyshortcuts=${`g ${views[name].key}`}>${views[name].title}${number > 0 && html` <span class="badge">${number}<span class="unseen"> ${what}</span></span>`}</a></li>`
  })}</ul>`
}

/** What is held in all, where one has several addresses, too. */
function Holdings(): VNode | null {
  const { now } = useDesk()
  if (now.pseudonyms.length === 0) return null
  const all = now.pseudonyms.reduce((sum, { balance }) => sum + BigInt(balance), 0n)
  const [{ label } = { label: '' }] = now.pseudonyms
  return html`<p class="holdings"><strong>${amountText(String(all))}</strong> <span>${now.pseudonyms.length === 1 ? `“${label}” holds` : `${now.pseudonyms.length} addresses hold`}</span></p>`
}

/** That the daemon is gone, and what to do. */
function Lost(): VNode | null {
  const { now } = useDesk()
  if (!now.lost) return null
  return html`<div class="banner stops" role="alert"><p><b><${Said} text=${now.lost.message} /></b> ${
    now.lost.code === 'unauthorized'
      ? html`Run <code>bmail open</code>: once the page is open there, this tab goes on, too, with what you were writing.`
      : 'This page looks for it again by itself.'
  }</p></div>`
}

/** The worst that is wrong with the daemon. */
function Worst(): VNode | null {
  const { now } = useDesk()
  const [worst, ...others] = now.status?.troubles ?? []
  if (!worst || now.lost) return null
  return html`<div class=${`banner ${worst.severity}`} role="status"><p><${Said} text=${worst.sentence} /> ${others.length > 0 && html`<a href=${hrefOf('state')}>${others.length} more</a>`}</p></div>`
}

/** What is under way for longer than a second. */
function Working(): VNode {
  const { now } = useDesk()
  const [time, setTime] = useState(Date.now())
  const isBusy = now.works.length > 0
  useEffect(() => {
    if (!isBusy) return
    const timer = setInterval(() => setTime(Date.now()), 500)
    return () => clearInterval(timer)
  }, [isBusy])
  const long = now.works.filter(({ since }) => time - since >= 1_000)
  return html`<div class="working" role="status">${long.map(({ id, what, since }) => html`<p key=${id}><progress aria-label=${what}></progress> ${what} … <span aria-hidden="true">${Math.round((time - since) / 1_000)} s</span></p>`)}</div>`
}

function Notices(): VNode {
  const { now, dismiss } = useDesk()
  return html`<div class="notices">${(['status', 'alert'] as const).map(
    (role) => html`<div role=${role} key=${role}>
    ${now.notices.filter(({ isRefusal }) => isRefusal === (role === 'alert')).map(({ id, text, isRefusal }) => html`<p key=${id} class=${isRefusal ? 'notice is-refusal' : 'notice'}><${Said} text=${text} /> <button type="button" class="quiet" onClick=${() => dismiss(id)}>Close<span class="unseen"> this notice</span></button></p>`)}</div>`,
  )}</div>`
}

/** A verdict that can still be taken back. */
function Taking(): VNode {
  const { now, conclude } = useDesk()
  useKeys(now.judging ? { z: () => conclude('take back') } : {})
  return html`<div class="taking" role="status">${
    now.judging &&
    html`<p><b>${verdicts[now.judging.verdict].name}</b>${now.judging.giveBack && `, and ${amountText(now.judging.giveBack)} given back`}: said in ${undoMs / 1_000} seconds.
    <button type="button" aria-keyshortcuts="z" onClick=${() => conclude('take back')}>Take it back <kbd aria-hidden="true">z</kbd></button>
    <button type="button" class="main" onClick=${() => conclude('send')}>Say it now</button></p>`
  }</div>`
}

const ownKeys: readonly (readonly [keys: string, what: string])[] = [
  ['c', 'write a new letter'],
  ['j, k', 'the next letter, the one before'],
  ['u', 'back to the list'],
  ['/', 'search'],
  ['r', 'reply'],
  ...verdictNames.map((name) => [verdicts[name].key, `“${verdicts[name].name}”: it ${verdicts[name].means}`] as const),
  ['z', 'take a verdict back'],
  ['Ctrl Enter', 'send'],
  ['?', 'this list'],
]

function Help({ dialog }: { dialog: { readonly current: HTMLDialogElement | null } }): VNode {
  const [isOn, set] = useState(areKeysOn())
  const turn = (): void => {
    switchKeys(!isOn)
    set(!isOn)
  }
  const all = [...ownKeys, ...listed.map((name) => [`g ${views[name].key}`, `go to ${views[name].title}`] as const)]
  return html`<dialog ref=${dialog} aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>
    <label class="check"><input type="checkbox" checked=${isOn} onChange=${turn} /> Single keys do something</label>
    <dl class="keys">${all.map(([keys, what]) => html`<div key=${keys}><dt>${keys.split(/(?<=,) | /).map((key) => html`<kbd>${key.replace(',', '')}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
    <form method="dialog"><button class="main">Close</button></form></dialog>`
}
