/**
 * The token of this tab, by which it asks its daemon. The tab keeps it, so that it can be loaded again, and tells it to other
 * tabs of the same mailbox, so that they go on after the daemon was started anew. No page of another origin can hear or read
 * it; and a tab takes none of another mailbox, whose daemon may listen where its own did.
 */
const name = 'bmail-token'
const tabs = new BroadcastChannel(name)

type Told = { readonly mailbox: string; readonly token: string } | { readonly asks: string }

let token = sessionStorage.getItem(name)
/** Of which mailbox this tab is, also after it was loaded again; and whether the token was seen to be good since. */
let mailbox = sessionStorage.getItem(`${name}-of`)
let isGood = false

/** The token; nothing where this tab has none. */
export const ownToken = (): string | null => token

/** Take a token for this tab. */
export function takeToken(given: string): void {
  token = given
  sessionStorage.setItem(name, given)
}

const tell = (told: Told): void => tabs.postMessage(told)

/** Say of which mailbox (the id of its node) the token is, as was just seen. */
export function tokenIsOf(node: string): void {
  mailbox = node
  isGood = true
  sessionStorage.setItem(`${name}-of`, node)
  tell({ mailbox: node, token: token! })
}

tabs.addEventListener('message', ({ data }: MessageEvent<Told>) => {
  if (isGood && 'asks' in data && data.asks === mailbox) tell({ mailbox, token: token! })
})

/** Resolves once another tab of the same mailbox has told a token, which then is this one's, too. */
export function tokenTold(): Promise<void> {
  isGood = false
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent<Told>): void => {
      if (!('token' in data) || data.mailbox !== mailbox) return
      tabs.removeEventListener('message', hear)
      takeToken(data.token)
      resolve()
    }
    tabs.addEventListener('message', hear)
    if (mailbox !== null) tell({ asks: mailbox })
  })
}
