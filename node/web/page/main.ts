/** The page begins here: a ticket in the address opens it once, and the token that it gets for that stays in this tab. */
import { render, type VNode } from 'preact'
import { ApiError, createApi, tokenFor } from './api.ts'
import { DeskProvider, openDesk } from './desk.ts'
import { html } from './html.ts'
import { Shell } from './shell.ts'

/** Where this tab keeps the token, so that it can be loaded again; no other tab and no other page can read it there. */
const tokenName = 'bmail-token'

/** The token of this tab; nothing where it has none. Throws ApiError where its link was used already. */
async function ownToken(): Promise<string | null> {
  const ticket = /^#ticket=([0-9a-f]{32})$/.exec(location.hash)?.[1]
  if (ticket === undefined) return sessionStorage.getItem(tokenName)
  // Before anything else: the address is seen, kept and handed on.
  history.replaceState(null, '', '/')
  const token = await tokenFor(ticket)
  sessionStorage.setItem(tokenName, token)
  return token
}

const Closed = ({ why }: { why: string }): VNode => html`<main class="closed"><h1>b-mail</h1><p>${why}</p>
  <p>Your mail is opened from a terminal on this machine, so that no other page and no other person gets in:</p><p><code>bmail open</code></p></main>`

async function start(page: HTMLElement): Promise<void> {
  try {
    const token = await ownToken()
    const shown = token === null ? html`<${Closed} why="This tab does not know your mailbox." />` : opened(token)
    page.replaceChildren()
    render(shown, page)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    page.replaceChildren()
    render(html`<${Closed} why=${error.message} />`, page)
  }
}

const opened = (token: string): VNode =>
  html`<${DeskProvider} value=${openDesk(createApi(token))}><${Shell} /></${DeskProvider}>`

await start(document.querySelector<HTMLElement>('#page')!)
