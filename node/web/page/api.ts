/** The local API, asked from the page: every method of `Service` by the one table of routes, and its events. */
import { eventsPath, keyHeader, keyProperty, pathNames, type Route, type RouteName, routes } from '../../api/routes.ts'
import type { Event, Service } from '../../service.ts'
import { ownToken } from './session.ts'

/** A no that a person can act on, as the daemon says it; `no-daemon` and `unauthorized` are the page's own. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: string
  /** Whether nobody answers this page at all, which is told once, on top of it. */
  get isLost(): boolean {
    return this.code === 'no-daemon' || this.code === 'unauthorized'
  }
  constructor(code: string, sentence: string) {
    super(sentence)
    this.code = code
  }
}

type Streamed = 'raw' | 'attachment'

export type Api = Omit<Pick<Service, RouteName>, Streamed> & {
  /** All of a message, or of what is attached to it. */
  bytes(name: Streamed, given: Readonly<Record<string, unknown>>): Promise<Blob>
  /** Where a frame finds a letter's page, once. */
  letterFrame(page: string): Promise<string>
  /** Everything that happens, from when `isOpen` is called until the daemon goes. */
  events(told: { readonly isOpen: () => void; readonly event: (event: Event) => void }): Promise<void>
}

type Asked = {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly timeoutMs: number
  /** Whether it goes out although the tab is being closed. */
  readonly isLast?: boolean
}
type Given = Readonly<Record<string, unknown>>

/** A client with the token of this tab. Nothing is asked before a method is called. */
export function createApi(): Api {
  const fetched = async (
    { method, path, body, timeoutMs, isLast = false }: Asked,
    more: Readonly<Record<string, string>> = {},
  ) => {
    const headers = {
      authorization: `Bearer ${ownToken()}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more,
    }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await reached(
      fetch(path, { method, headers, ...sent, signal, cache: 'no-store', keepalive: isLast }),
    )
    if (answer.ok) return answer
    throw await refusalOf(answer)
  }
  const call = async (name: RouteName, { [keyProperty]: key, ...given }: Given): Promise<unknown> => {
    // Of printable ASCII, a text is written as in JSON (RFC 9651).
    const keyed = key === undefined ? {} : { [keyHeader]: JSON.stringify(key) }
    const answer = await fetched({ ...askedOf(routes[name], given), isLast: name === 'ack' }, keyed)
    return answer.status === 204 ? undefined : reached(answer.json())
  }
  const methods = Object.keys(routes).map((name) => [name, (given: Given = {}) => call(name as RouteName, given)])
  return {
    ...(Object.fromEntries(methods) as Api),
    bytes: async (name, given) => reached((await fetched(askedOf(routes[name], given))).blob()),
    async letterFrame(page) {
      const asked = { method: 'POST', path: '/page/letters', body: { html: page }, timeoutMs: 60_000 }
      const { path } = (await reached((await fetched(asked)).json())) as { path: string }
      return path
    },
    async events({ isOpen, event }) {
      // It stays open for as long as the daemon does.
      const answer = await fetched({ method: 'GET', path: eventsPath, timeoutMs: 2 ** 31 - 1 })
      isOpen()
      let rest = ''
      for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
        const frames = `${rest}${text}`.split('\n\n')
        rest = frames.pop()!
        for (const frame of frames) {
          const data = /^data: (.*)$/m.exec(frame)?.[1]
          if (data) event(JSON.parse(data))
        }
      }
    },
  }
}

/** The token, for the ticket of a link. Throws ApiError where the link was used already. */
export async function tokenFor(ticket: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const answer = await reached(fetch('/page/entries', { method: 'POST', headers, body: JSON.stringify({ ticket }) }))
  if (!answer.ok) throw await refusalOf(answer)
  return ((await answer.json()) as { token: string }).token
}

function askedOf({ method, path, timeoutMs }: Route, given: Given): Asked {
  const inPath = new Set(pathNames(path))
  const filled = path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(String(given[name])))
  const rest = Object.entries(given).filter(([name, value]) => !inPath.has(name) && value !== undefined)
  if (method === 'POST' || method === 'PUT')
    return { method, path: filled, timeoutMs, ...(rest.length > 0 && { body: Object.fromEntries(rest) }) }
  const query = rest.length > 0 ? `?${new URLSearchParams(rest as [string, string][])}` : ''
  return { method, path: `${filled}${query}`, timeoutMs }
}

/** What comes of a request, where anything does. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    const isLate = (cause as Error).name === 'TimeoutError'
    throw isLate
      ? new ApiError('no-answer', 'The daemon did not answer in time. Try again; `bmail status` says how it is.')
      : new ApiError('no-daemon', 'The daemon does not answer. Start it with `bmail up`; what you typed is still here.')
  }
}

async function refusalOf(answer: Response): Promise<ApiError> {
  if (answer.status === 401)
    return new ApiError('unauthorized', 'The daemon was started anew, and no longer knows this page.')
  const body = (await answer.json().catch(() => ({}))) as { error?: { code?: string; sentence?: string } }
  const { code = 'failure', sentence = `The daemon answered ${answer.status}.` } = body.error ?? {}
  return new ApiError(code, sentence)
}
