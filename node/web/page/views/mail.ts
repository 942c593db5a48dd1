/** Inbox and sent: a folder, what is searched in it, and the letter that is read. */
import type { VNode } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { type Folder, useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { useKeys } from '../keys.ts'
import { Empty, Loading } from '../parts.ts'
import { currentRoute, go } from '../route.ts'
import { LetterView } from './letter.ts'
import { isUnread, LetterList, searched } from './letter-list.ts'

/** What came. */
export const Inbox = ({ about }: { about: string }): VNode =>
  html`<${Mail} key="inbox" folder="inbox" about=${about} />`

/** What was sent. */
export const Sent = ({ about }: { about: string }): VNode => html`<${Mail} key="sent" folder="sent" about=${about} />`

const titles: Readonly<Record<Folder, string>> = { inbox: 'Inbox', sent: 'Sent' }

function Mail({ folder, about }: { folder: Folder; about: string }): VNode {
  const { now, nameOf } = useDesk()
  const [search, setSearch] = useState('')
  const all = now.folders[folder]
  const letters = useMemo(() => searched(all ?? [], search, nameOf), [all, search, now.contacts])
  const chosen = all?.find(({ id }) => id === about)
  const step = (by: number): void => {
    // A key that is held down is quicker than what it shows.
    const place = letters.findIndex(({ id }) => id === currentRoute().about)
    const next = letters[place < 0 ? 0 : place + by]
    if (next) go(folder, next.id)
  }
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    u: () => go(folder),
    '/': () => document.querySelector<HTMLInputElement>('#search')?.focus(),
  })
  const unread = all?.filter(isUnread).length ?? 0
  return html`<div class=${`mail ${about ? 'is-reading' : ''}`}>
    <section class="folder" aria-label=${titles[folder]}>
      <header><${about ? 'h2' : 'h1'} class="folder-title" tabindex="-1">${titles[folder]}</${about ? 'h2' : 'h1'}>
        ${all && html`<p class="count" role="status">${countText({ all: all.length, found: letters.length, unread, isSearched: search.trim() !== '' })}</p>`}
        <label class="search"><span class="unseen">Search ${titles[folder]}</span>
          <input id="search" type="search" value=${search} autocomplete="off" aria-keyshortcuts="/"
            onInput=${(event: InputEvent) => setSearch((event.target as HTMLInputElement).value)} />${search === '' && html`<span class="search-hint" aria-hidden="true">Search <kbd>/</kbd></span>`}</label>
      </header>
      ${all ? html`<${LetterList} folder=${folder} letters=${letters} chosen=${about} isSearched=${search.trim() !== ''} />` : html`<${Loading} />`}
    </section>
    <section class="reading" aria-label="Letter">
      ${chosen && html`<${LetterView} key=${chosen.id} message=${chosen} />`}
      ${!chosen && all && html`<${Empty} title=${about ? 'There is no such letter here.' : 'No letter is open.'}><p>Choose one from the list; <kbd>j</kbd> and <kbd>k</kbd> go down and up in it.</p></${Empty}>`}
    </section></div>`
}

const countText = ({
  all,
  found,
  unread,
  isSearched,
}: {
  all: number
  found: number
  unread: number
  isSearched: boolean
}): string => {
  const count = (number: number): string => number.toLocaleString('en')
  if (isSearched) return `${count(found)} of ${count(all)}`
  return unread > 0 ? `${count(all)} · ${count(unread)} unread` : count(all)
}
