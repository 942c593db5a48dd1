/** The page begins here: a ticket in the address opens it once, and the token that it gets for that stays in this tab. */
import { render, type VNode } from 'preact'
import { ApiError, createApi, tokenFor } from './api.ts'
import { DeskProvider, openDesk } from './desk.ts'
import { html } from './html.ts'
import { ownToken, takeToken } from './session.ts'
import { Shell } from './shell.ts'

/** Take the token that a link opens the page with, where it was opened by one. Throws ApiError where that was used already. */
async function enter(): Promise<void> {
  const ticket = /^#ticket=([0-9a-f]{32})$/.exec(location.hash)?.[1]
  if (ticket === undefined) return
  // Before anything else: the address is seen, kept and handed on.
  history.replaceState(null, '', '/')
  takeToken(await tokenFor(ticket))
}

const Closed = ({ why }: { why: string }): VNode => html`<main class="closed"><h1>b-mail</h1><p>${why}</p>
  <p>Your mail is opened from a terminal on this machine, so that no other page and no other person gets in:</p><p><code>bmail open</code></p></main>`

async function start(page: HTMLElement): Promise<void> {
  try {
    await enter()
    const shown = ownToken() === null ? html`<${Closed} why="This tab does not know your mailbox." />` : opened()
    page.replaceChildren()
    render(shown, page)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    page.replaceChildren()
    render(html`<${Closed} why=${error.message} />`, page)
  }
}

const opened = (): VNode => html`<${DeskProvider} value=${openDesk(createApi())}><${Shell} /></${DeskProvider}>`

await start(document.querySelector<HTMLElement>('#page')!)
