/**
 * The token of this tab, by which it asks its daemon. The tab keeps it, so that it can be loaded again; other tabs of this
 * origin hear of it, so that they go on after the daemon was started anew. No other page can read it there.
 */
const name = 'bmail-token'
const tabs = new BroadcastChannel(name)

let token = sessionStorage.getItem(name)

function keep(given: string): void {
  token = given
  sessionStorage.setItem(name, given)
}
tabs.addEventListener('message', ({ data }: MessageEvent<string>) => keep(data))

/** The token; nothing where this tab has none. */
export const ownToken = (): string | null => token

/** Take a token, for this tab and all that are open. */
export function takeToken(given: string): void {
  keep(given)
  tabs.postMessage(given)
}

/** Resolves once another tab has taken a token. */
export const tokenTaken = (): Promise<void> =>
  new Promise((resolve) => tabs.addEventListener('message', () => resolve(), { once: true }))
