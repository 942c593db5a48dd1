/** A folder: its letters one under the other, of which only those in sight are there, so that ten thousand are as quick as ten. */
import type { VNode } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Summary } from '../../../service.ts'
import { amountText } from '../amount.ts'
import { copyOf, type Folder, useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Empty } from '../parts.ts'
import { hrefOf } from '../route.ts'
import { shortly, verdicts } from '../words.ts'

/** As high as a row is, in pixels; `style.css` has the same. */
const rowHeight = 72
/** Rows above and below those in sight. */
const spare = 8

/** Whether a letter waits to be read. */
export const isUnread = ({ folder, state }: Summary): boolean => folder === 'inbox' && state === 'released'

/** Letters in which every word of a search stands somewhere: in the subject, a name, an address, or what is known of it. */
export function searched(
  letters: readonly Summary[],
  search: string,
  nameOf: (address: string) => string,
): readonly Summary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return letters
  return letters.filter((letter) => {
    const { subject, from, to, id, verdict, state } = letter
    const people = [from, ...to].map((address) => `${address} ${nameOf(address)}`)
    const said = [subject, ...people, id, verdict ?? '', state, isUnread(letter) ? 'unread' : '']
      .join(' ')
      .toLowerCase()
    return words.every((word) => said.includes(word))
  })
}

type ListProps = {
  readonly folder: Folder
  readonly letters: readonly Summary[]
  readonly chosen: string
  readonly isSearched: boolean
}

/** The list, with the chosen letter in sight. */
export function LetterList({ folder, letters, chosen, isSearched }: ListProps): VNode {
  const box = useRef<HTMLDivElement>(null)
  const [sight, setSight] = useState({ top: 0, height: 800 })
  const place = useMemo(() => letters.findIndex(({ id }) => id === chosen), [letters, chosen])
  useEffect(() => {
    const look = (): void => {
      if (box.current) setSight({ top: box.current.scrollTop, height: box.current.clientHeight })
    }
    const watch = new ResizeObserver(look)
    if (box.current) watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  useEffect(() => {
    const element = box.current
    if (!element || place < 0) return
    const top = place * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight
  }, [place])
  const first = Math.max(0, Math.floor(sight.top / rowHeight) - spare)
  const shown = letters.slice(first, first + Math.ceil(sight.height / rowHeight) + 2 * spare)
  const scrolled = (event: Event): void => {
    const { scrollTop: top, clientHeight: height } = event.target as HTMLElement
    setSight({ top, height })
  }
  return html`<div class="rows" ref=${box} onScroll=${scrolled}>
    ${letters.length === 0 && html`<${Nothing} folder=${folder} isSearched=${isSearched} />`}
    <ul aria-label=${folder === 'inbox' ? 'Letters that came' : 'Letters that you sent'} style=${{ height: `${letters.length * rowHeight}px` }}>
      ${shown.map((letter, at) => html`<${Row} key=${copyOf(letter)} letter=${letter} place=${first + at} count=${letters.length} isChosen=${letter.id === chosen} />`)}
    </ul></div>`
}

function Row({
  letter,
  place,
  count,
  isChosen,
}: {
  letter: Summary
  place: number
  count: number
  isChosen: boolean
}): VNode {
  const { nameOf } = useDesk()
  const { folder, from, to, subject, settledAt, date, amount, id } = letter
  const [who = '', ...others] = folder === 'inbox' ? [from] : to
  const looks = ['row', isUnread(letter) && 'unread', isChosen && 'chosen'].filter(Boolean).join(' ')
  return html`<li class=${looks} style=${{ transform: `translateY(${place * rowHeight}px)` }} aria-setsize=${count} aria-posinset=${place + 1}>
    <a href=${hrefOf(folder, id)} aria-current=${isChosen ? 'true' : undefined}>
      <span class="row-who">${isUnread(letter) && html`<span class="unseen">Unread. </span>`}${nameOf(who)}${others.length > 0 && ` and ${others.length} more`}</span>
      <time class="row-time">${shortly(settledAt ?? date)}</time>
      <span class="row-subject">${subject || (isSealed(letter) ? 'Sealed until it is paid' : '(no subject)')}</span>
      <span class="row-mark">${markOf(letter)}</span>
      ${amount !== '0' && html`<span class="row-amount">${folder === 'inbox' ? '+' : '−'}${amountText(amount)}</span>`}
    </a></li>`
}

/** Whether nobody can read a letter yet. */
export const isSealed = ({ folder, state }: Summary): boolean =>
  folder === 'inbox' && (state === 'submitted' || state === 'settled')

/** What is to be known of a letter before it is read, in a word. */
function markOf({ verdict, state, automatic, givenBack, folder }: Summary): string {
  if (state === 'refused') return 'Refused'
  if (folder === 'sent' && (state === 'submitted' || state === 'settled')) return 'On its way'
  if (givenBack.length > 0) return 'Given back'
  if (verdict) return verdicts[verdict].name
  return automatic ? 'By a program' : ''
}

const Nothing = ({ folder, isSearched }: { folder: Folder; isSearched: boolean }): VNode => {
  if (isSearched) return html`<${Empty} title="Nothing like that here."><p>Fewer words find more.</p></${Empty}>`
  return folder === 'inbox'
    ? html`<${Empty} title="No letter came yet.">
        <p>Give somebody <a href=${hrefOf('addresses')}>your address</a>: whoever writes to it pays you for reading. Or <a href=${hrefOf('write')}>write first</a>.</p></${Empty}>`
    : html`<${Empty} title="You sent nothing yet."><p><a href=${hrefOf('write')}>Write a letter</a>: you see what it costs, and why, before it goes.</p></${Empty}>`
}
