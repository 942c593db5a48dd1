/** A real browser for tests of the page: chromium, found where systems have it, and everything that it asks for. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** Where systems have it; `CHROMIUM` names another. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

/** The path of a chromium; undefined where there is none. */
const chromiumPath: string | undefined = [process.env.CHROMIUM ?? '', ...places].find((path) => existsSync(path))

/** Why tests of the page are left out; false where there is a chromium. */
export const skip: string | false = chromiumPath
  ? false
  : 'no chromium is found; install one, or name it in the variable CHROMIUM'

/** So that the browser itself asks nobody anything. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Start it, without a window and with nothing of an earlier start. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath!, headless: true, args: quiet })

/** What a page asked for, and what it said went wrong, from when this is called. */
export function listenTo(context: BrowserContext): { readonly requests: string[]; readonly errors: string[] } {
  const told = { requests: [] as string[], errors: [] as string[] }
  context.on('request', (request) => void told.requests.push(request.url()))
  const hear = (page: Page): void => {
    page.on('pageerror', (error) => void told.errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') told.errors.push(message.text())
    })
  }
  context.pages().forEach(hear)
  context.on('page', hear)
  return told
}

/** Requests that left for somewhere else than a page's own daemon. */
export const strayed = (requests: readonly string[], own: string): readonly string[] =>
  requests.filter((url) => !url.startsWith(`${own}/`) && !/^(data|blob|about):/.test(url))
