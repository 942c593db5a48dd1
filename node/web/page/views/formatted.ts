/**
 * A letter's page (HTML). It is foreign: it is shown in a frame that runs nothing, is of no origin, and whose answer from the
 * daemon forbids it to reach anybody. Beneath that, whatever could try is taken out first, and counted, so that the reader
 * knows what somebody wanted to know of them.
 */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Loading } from '../parts.ts'

/** A letter's page in its frame. */
export function Formatted({ page }: { page: string }): VNode {
  const { api, work } = useDesk()
  const [shown, set] = useState<{ readonly path: string; readonly count: number }>()
  useEffect(() => {
    let isCurrent = true
    void work('Showing the letter', async () => {
      // It is as large as half of the page, and most letters are plain text.
      const { cleaned } = await import('./clean.ts')
      const { page: clean, blocked: count } = cleaned(page)
      const path = await api.letterFrame(clean)
      if (isCurrent) set({ path, count })
    })
    return () => {
      isCurrent = false
    }
  }, [page])
  if (!shown) return html`<${Loading} />`
  const { path, count } = shown
  return html`${count > 0 && html`<p class="blocked" role="note">${blockedText(count)}</p>`}
    <iframe class="letter-frame" title="The letter as its sender formatted it" src=${path}
      sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"></iframe>`
}

const blockedText = (count: number): string =>
  `${count === 1 ? 'One thing' : `${count} things`} in this letter wanted to reach beyond it, such as pictures that tell their sender that you read it. ${count === 1 ? 'It was' : 'They were'} left out: nothing was asked of anybody.`
