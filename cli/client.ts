/** Asks the daemon of a home over its local API: every method of `Service`, and its events. */
import { existsSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Route, RouteName } from '../node/api/routes.ts'
import { door } from '../node/daemon/door.ts'
import type { Event, Service } from '../node/service.ts'
import type { ApiFile } from '../node/settings/home.ts'
import { CommandError } from './errors.ts'

const { pathsOf, readApiFile } = await door.home()
const { eventsPath, keyHeader, keyProperty, pathNames, routes } = await door.routes()

export type Client = Pick<Service, RouteName> & {
  /** Everything that happens from now on; resolves once it listens. Ends when the signal aborts or the daemon goes. */
  events(signal: AbortSignal): Promise<AsyncIterable<Event>>
}

/** A client for the daemon of a home. Nothing is asked before a method is called. */
export function connect(home: string): Client {
  const methods = Object.entries<Route>(routes).map(([name, route]) => [
    name,
    (request?: Readonly<Record<string, unknown>>) => call(home, route, request ?? {}),
  ])
  return { ...(Object.fromEntries(methods) as Pick<Service, RouteName>), events: (signal) => listen(home, signal) }
}

/** Whether a daemon answers for a home. Throws for any other trouble. */
export async function isUp(home: string): Promise<boolean> {
  try {
    await connect(home).status()
    return true
  } catch (error) {
    if (error instanceof CommandError && (error.code === 'no-daemon' || error.code === 'no-home')) return false
    throw error
  }
}

type Ask = {
  readonly method: string
  readonly path: string
  readonly key?: string
  readonly body?: string
  readonly signal: AbortSignal
}

async function call(home: string, route: Route, given: Readonly<Record<string, unknown>>): Promise<unknown> {
  if (route.streams) return pieces(home, route, given)
  const { [keyProperty]: key, ...others } = given
  const { path, rest } = requestOf(route, others)
  const body = rest && { body: JSON.stringify(rest) }
  const signal = AbortSignal.timeout(route.timeoutMs)
  const keyed = key === undefined ? {} : { key: String(key) }
  const response = await open(home, { method: route.method, path, ...keyed, ...body, signal })
  const text = await textOf(response, signal, route.timeoutMs)
  if (response.statusCode === 204) return undefined
  const answer = parsed(text)
  if (response.statusCode === 200 && answer !== undefined) return answer
  throw refusalOf(home, response.statusCode!, answer)
}

/** The bytes that a route answers. They may take as long as their reader; only for the first of them there is a limit. */
async function pieces(
  home: string,
  route: Route,
  given: Readonly<Record<string, unknown>>,
): Promise<AsyncIterable<Uint8Array>> {
  const limit = new AbortController()
  const late = setTimeout(() => limit.abort(), route.timeoutMs)
  try {
    const response = await open(home, {
      method: route.method,
      path: requestOf(route, given).path,
      signal: limit.signal,
    })
    if (response.statusCode === 200) return unbroken(response)
    throw refusalOf(home, response.statusCode!, parsed(await textOf(response, limit.signal, route.timeoutMs)))
  } finally {
    clearTimeout(late)
  }
}

async function* unbroken(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response
  } catch (cause) {
    throw brokenOff(cause)
  }
}

/** Where a request goes, with its query; and what travels in its body, where it has one. */
function requestOf({ method, path: pattern }: Route, given: Readonly<Record<string, unknown>>) {
  const inPath = new Set(pathNames(pattern))
  const path = pattern.replace(/:(\w+)/g, (_, name) => encodeURIComponent(String(given[name])))
  const rest = Object.entries(given).filter(([name, value]) => !inPath.has(name) && value !== undefined)
  if (method === 'POST' || method === 'PUT') return { path, rest: Object.fromEntries(rest) }
  return { path: rest.length > 0 ? `${path}?${new URLSearchParams(rest as [string, string][])}` : path }
}

/** Send a request; resolves to the head of the answer. */
async function open(home: string, { method, path, key, body, signal }: Ask): Promise<IncomingMessage> {
  const file = readApiFile(home)
  if (!file) throw noDaemon(home)
  // Loading it takes longer than all else; a command that only prints help does without.
  const { request } = await import('node:http')
  const headers: OutgoingHttpHeaders = { authorization: `Bearer ${file.token}` }
  if (body !== undefined)
    Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  // Of printable ASCII, a text is written as in JSON (RFC 9651).
  if (key !== undefined) headers[keyHeader] = JSON.stringify(key)
  return new Promise((resolve, reject) => {
    const asked = request({ host: file.host, port: file.port, method, path, headers, signal, agent: false })
    asked.on('response', resolve)
    asked.on('error', (error) => reject(reached(home, file, error)))
    asked.end(body)
  })
}

async function textOf(response: IncomingMessage, signal: AbortSignal, timeoutMs: number): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk)
  } catch (cause) {
    if (signal.aborted) throw late(timeoutMs, cause)
    throw brokenOff(cause)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function listen(home: string, signal: AbortSignal): Promise<AsyncIterable<Event>> {
  const response = await open(home, { method: 'GET', path: eventsPath, signal })
  if (response.statusCode !== 200) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(15_000)])
    throw refusalOf(home, response.statusCode!, parsed(await textOf(response, limit, 15_000)))
  }
  return eventsOf(response.setEncoding('utf8'), signal)
}

/** Reads a stream of events; comments, which keep it alive, are passed over. */
async function* eventsOf(stream: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<Event> {
  let rest = ''
  try {
    for await (const chunk of stream) {
      const frames = `${rest}${chunk}`.split('\n\n')
      rest = frames.pop()!
      for (const frame of frames) {
        const data = /^data: (.*)$/m.exec(frame)?.[1]
        if (data) yield JSON.parse(data)
      }
    }
  } catch (cause) {
    if (!signal.aborted)
      throw new CommandError('no-answer', 'The daemon stopped telling what happens. Is it still up?', { cause })
  }
}

/** The error that an answer tells of. If it is not in our form, the daemon is gone and another program has its port. */
function refusalOf(home: string, status: number, answer: unknown): CommandError {
  const { code, sentence } =
    (answer as { error?: { code?: unknown; sentence?: unknown } } | null | undefined)?.error ?? {}
  if (status === 401 || status === 421 || typeof code !== 'string' || typeof sentence !== 'string')
    return noDaemon(home)
  return new CommandError(code, sentence)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // nothing that a daemon of ours sends
  }
}

function reached(home: string, file: Pick<ApiFile, 'host' | 'port'>, error: NodeJS.ErrnoException): CommandError {
  if (error.code === 'ECONNREFUSED') return noDaemon(home)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return late(undefined, error)
  const sentence = `The daemon at ${file.host}:${file.port} cannot be reached (${error.code ?? error.message}). See daemon.log in its home.`
  return new CommandError('no-answer', sentence, { cause: error })
}

const brokenOff = (cause: unknown): CommandError =>
  new CommandError('no-answer', 'The daemon broke off its answer. See daemon.log in its home.', { cause })

const late = (timeoutMs: number | undefined, cause: unknown): CommandError => {
  const span = timeoutMs === undefined ? 'in time' : `within ${timeoutMs / 1000} s`
  return new CommandError('no-answer', `The daemon did not answer ${span}. See daemon.log in its home.`, { cause })
}

function noDaemon(home: string): CommandError {
  if (!existsSync(pathsOf(home).config))
    return new CommandError('no-home', `There is no b-mail home in ${home} yet. Make one with \`bmail init\`.`)
  return new CommandError('no-daemon', `No daemon answers for ${home}. Start it with \`bmail up\`.`)
}
