/**
 * What operators and their machines ask a daemon, on a bind of its own: `/metrics` (Prometheus), `/healthz` (the
 * process lives and its event loop turns, or there would be no answer), `/readyz` (it does its work, or why not, and what
 * else is wrong with it).
 * Nothing here is secret (of a trouble its outline is told, and the sentence to whoever has the token), so there is no token; whoever listens on more than loopback decides who reaches it. A page in a
 * browser that was led here by DNS gets nothing, as at the API.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import { isForOwnHost, type OwnHost, ownHost } from '../api/own-host.ts'
import { isLoopback } from '../settings/home.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { isReady, outlineOf, type Trouble } from '../troubles.ts'

type Listen = { readonly host: string; readonly port: number }

type TelemetryOptions = {
  /** Where to listen; null counts without telling anybody. Port 0 takes any that is free. */
  readonly listen: Listen | null
  /** Further names that it answers to, where it listens beyond loopback. */
  readonly names: readonly string[]
  /** What is wrong now, the worst first. */
  readonly troubles: () => readonly Trouble[]
  readonly version: string
}

type Telemetry = {
  readonly metrics: Metrics
  /** Where it listens; null where it does not. */
  readonly port: number | null
  close(): Promise<void>
}

/** Count, and tell whoever asks, until `close`. Throws where the port is taken. */
export async function createTelemetry({ listen, names, troubles, version }: TelemetryOptions): Promise<Telemetry> {
  const { metrics, registry } = createMetrics()
  if (!listen) return { metrics, port: null, close: async () => registry.clear() }
  describeProcess(registry, version)
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 })
  server.maxConnections = 64
  let own = namesOf(listen, names)
  server.on('request', async ({ method, url = '', headers }, response) => {
    if (!isForOwnHost(headers, own)) return answer(response, 421, json({ error: notOurs(own) }))
    const page = pages[url.split('?')[0]!]
    if (!page) return answer(response, 404, json({ error: 'There are /metrics, /healthz and /readyz.' }))
    if (method !== 'GET' && method !== 'HEAD')
      return answer(response, 405, json({ error: 'These pages are read only.' }))
    try {
      answer(response, ...(await page({ registry, troubles })))
    } catch (error) {
      answer(response, 500, json({ error: (error as Error).message }))
    }
  })
  await listening(server, listen)
  const { port } = server.address() as AddressInfo
  own = namesOf({ ...listen, port }, names)
  return {
    metrics,
    port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      registry.clear()
    },
  }
}

/** On loopback as the API. Beyond it, ports are forwarded, and addresses are many; names are this machine’s, and what was set. */
function namesOf(listen: Listen, names: readonly string[]): OwnHost {
  const own = ownHost(listen)
  if (isLoopback(listen.host)) return own
  const all = [...own.names, ...[hostname(), ...names].map((name) => name.toLowerCase())]
  return { names: all, port: null, isAnyAddress: true }
}

const notOurs = ({ names, port }: OwnHost): string =>
  port === null
    ? 'These pages answer to addresses, to the name of this machine, and to those of the setting metricsNames. Add this one there.'
    : `These pages answer to ${names[0]}:${port} only, and to no page of another origin. Call them by that name.`

type Page = readonly [status: number, body: { readonly type: string; readonly text: string }]
type Asked = { readonly registry: Registry; readonly troubles: () => readonly Trouble[] }

const pages: Readonly<Record<string, (asked: Asked) => Promise<Page>>> = {
  '/metrics': async ({ registry }) => [200, { type: registry.contentType, text: await registry.metrics() }],
  '/healthz': async () => [200, json({ healthy: true, uptimeSeconds: Math.floor(process.uptime()) })],
  '/readyz': async ({ troubles }) => {
    const all = troubles().map(outlineOf)
    if (isReady(all)) return [200, json({ ready: true, troubles: all })]
    const { sentence: reason } = all.find((one) => !isReady([one]))!
    return [503, json({ ready: false, reason, troubles: all })]
  },
}

function describeProcess(registry: Registry, version: string): void {
  collectDefaultMetrics({ register: registry, prefix: 'bmail_' })
  const labelNames = ['version', 'node']
  const info = new Gauge({ name: 'bmail_build_info', help: 'The program', labelNames, registers: [registry] })
  info.set({ version, node: process.versions.node }, 1)
}

const json = (value: unknown) => ({ type: 'application/json; charset=utf-8', text: `${JSON.stringify(value)}\n` })

function answer(response: ServerResponse, status: number, { type, text }: { type: string; text: string }): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
}

async function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const place = `${host}:${port}`
      reject(new Error(`Metrics cannot listen on ${place}. Stop what listens there, or set metricsListen.`, { cause }))
    })
    server.listen({ host, port }, resolve)
  })
}
