/** The local API over real HTTP on loopback, before a mailbox in memory, and how it is asked. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import pino from 'pino'
import { createApi } from '../../node/api/server.ts'
import type { Clock } from '../../node/seams.ts'
import { createServiceFixture } from './service-fixture.ts'

export const token = 'a'.repeat(64)

type Asked = {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  readonly token?: string
}

export const setUpApi = async () => {
  const service = createServiceFixture()
  const tasks = new Set<() => unknown>()
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: () => () => {},
    every: (_intervalMs, task) => {
      tasks.add(task)
      return () => void tasks.delete(task)
    },
  }
  const listen = { host: '127.0.0.1', port: 0 }
  const api = await createApi({ service, token, listen, logger: pino({ level: 'silent' }), clock })
  const open = async (path: string, asked: Asked = {}): Promise<IncomingMessage> => {
    const headers = {
      authorization: `Bearer ${asked.token ?? token}`,
      ...(asked.body !== undefined && { 'content-type': 'application/json' }),
      ...asked.headers,
    }
    const call = request({ host: '127.0.0.1', port: api.port, path, method: asked.method ?? 'GET', headers })
    call.on('error', () => {}) // a body that is refused half-way ends the connection under the writer
    call.end(asked.body)
    const [response] = await once(call, 'response')
    return response
  }
  const ask = async (path: string, asked: Asked = {}) => {
    const response = await open(path, asked)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return { status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) }
  }
  const post = (path: string, value: unknown) => ask(path, { method: 'POST', body: JSON.stringify(value) })
  return { service, api, open, ask, post, tasks }
}
