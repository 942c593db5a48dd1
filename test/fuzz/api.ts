/**
 * Every route of a running daemon's API, over requests that are nearly right: never a failure of the daemon's own, never
 * silence, and every refusal has a code and a sentence.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routes, type RouteName, pathNames } from '../../node/api/routes.ts'
import { schemas } from '../../node/api/schemas.ts'
import { startDaemon } from '../../node/daemon/daemon.ts'
import { createTestnet, localPlaces } from '../../node/daemon/testnet.ts'
import { loadConfig } from '../../node/settings/config.ts'
import { readApiFile } from '../../node/settings/home.ts'
import { encodeAddress } from '../../protocol/address.ts'
import type { Draw } from './draw.ts'
import { type Fuzzer, type Input, withinMs } from './run.ts'

/** No answer takes longer, on a machine that has other things to do. */
const slowMs = 120_000
const answerMax = 64 * 1024 * 1024

/** A request as it is written down in the corpus. */
type Asked = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export async function openApiFuzzer() {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-fuzz-'))
  const testnet = await createTestnet({
    folder,
    places: await localPlaces({ relays: 1, people: ['ann'] }),
    keepers: ['relay1'],
    threshold: 1,
    funds: 10n ** 12n,
    kdf: { memoryKib: 64, passes: 1, lanes: 1 },
    settings: { apiListen: '127.0.0.1:0', metricsListen: '' },
  })
  const [ann] = testnet.people
  const daemons: Awaited<ReturnType<typeof startDaemon>>[] = []
  for (const [name, home] of testnet.homes) {
    const config = await loadConfig({ home, flags: { logLevel: 'silent' }, env: {} })
    daemons.push(await startDaemon({ config, passphrase: name === 'ann' ? ann!.passphrase : undefined }))
  }
  const { port, token } = readApiFile(ann!.home)!
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const host = `127.0.0.1:${port}`
  const own = encodeAddress(ann!.address)

  const ask = (asked: Asked): Promise<{ status: number; type: string; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${token}`, ...asked.headers }
      const call = request(
        { agent, host: '127.0.0.1', port, path: asked.path, method: asked.method, headers },
        (answer) => {
          const chunks: Buffer[] = []
          let length = 0
          answer.on('data', (chunk: Buffer) => {
            chunks.push(chunk)
            // What is never over, as events are, has been answered when it begins.
            if ((length += chunk.length) > answerMax || /event-stream/.test(String(answer.headers['content-type'])))
              answer.destroy()
          })
          const done = () =>
            resolve({
              status: answer.statusCode!,
              type: String(answer.headers['content-type'] ?? ''),
              text: Buffer.concat(chunks).toString('utf8'),
            })
          answer.on('end', done)
          answer.on('close', done)
        },
      )
      call.on('error', reject)
      if (asked.body !== null) call.write(asked.body)
      call.end()
    })

  const fuzzer: Fuzzer = {
    name: 'api',
    atOnce: 4,
    next(draw: Draw, corpus): Input {
      const route = draw.pick(routeNames)
      if (rare.has(route) && draw.percent(90)) return fuzzer.next(draw, corpus)
      const known = corpus(route)
      if (known.length > 0 && draw.percent(10)) return { target: route, input: draw.pick(known) }
      return { target: route, input: JSON.stringify(askedOf(draw, route, own)) }
    },
    async attempt({ input }) {
      const asked: Asked = JSON.parse(input.replaceAll('OWN', own))
      let answer: Awaited<ReturnType<typeof ask>>
      try {
        answer = await withinMs(slowMs, 'an answer', ask(asked))
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        // What is no request at all is hung up on, and what Node itself does not send never left.
        if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('ERR_')) return `broken ${code}`
        throw error
      }
      // To a HEAD there is no body, whatever is answered.
      return asked.method === 'HEAD' ? String(answer.status) : judged(answer)
    },
    async after() {
      const { status } = await withinMs(slowMs, 'the last answer', ask({ ...plain, method: 'GET', path: '/v1/status' }))
      if (status !== 200) throw new Error(`the daemon answers ${status} in the end`)
    },
  }
  return {
    fuzzer,
    async close() {
      agent.destroy()
      for (const daemon of daemons.reverse()) await daemon.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const plain = { headers: {}, body: null }
const routeNames = Object.keys(routes) as RouteName[]
/** What takes long, or leaves something behind for good. */
const rare: ReadonlySet<string> = new Set(['doctor', 'createPseudonym', 'retirePseudonym', 'rekey'])
/** Failures that are said to happen: something has not come yet, or all room is taken at this moment. */
const temporary = new Set(['not-ready', 'queue-full', 'halted'])

/** A word about an answer; throws where it must not be. */
function judged({ status, text }: { status: number; type: string; text: string }): string {
  if (status < 400) return String(status)
  const { error } = JSON.parse(text) as { error?: { code?: unknown; sentence?: unknown } }
  const isSaid = typeof error?.code === 'string' && typeof error.sentence === 'string' && error.sentence.length > 10
  if (!isSaid) throw new Error(`${status} without a code and a sentence: ${text.slice(0, 200)}`)
  if (status >= 500 && !(status === 503 && temporary.has(error.code as string)))
    throw new Error(`${status}: ${text.slice(0, 300)}`)
  return `${status} ${error.code}`
}

type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly enum?: readonly unknown[]
  readonly type?: unknown
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly const?: unknown
}

/** A request for a route: nearly right in its parts, now and then wrong as a whole. */
function askedOf(draw: Draw, name: RouteName, own: string): Asked {
  const { method, path } = routes[name]
  const values = objectOf(draw, schemas[name].request.json as Schema)
  const inPath = new Set(pathNames(path))
  const filled = path.replace(/:(\w+)/g, (_, key) => inUrl(draw, String(values[key] ?? draw.pick(texts))))
  const rest = Object.fromEntries(Object.entries(values).filter(([key]) => !inPath.has(key)))
  const isQuery = method === 'GET' || method === 'DELETE'
  const query = isQuery && Object.keys(rest).length > 0 ? `?${queryOf(draw, rest)}` : ''
  const body = isQuery ? null : bodyOf(draw, rest)
  const headers = body === null ? {} : { 'content-type': draw.percent(95) ? 'application/json' : draw.pick(types) }
  const asked = { method: draw.percent(96) ? method : draw.pick(methods), path: `${filled}${query}`, headers, body }
  // An address of the person's, under a name that is good in every run.
  return JSON.parse(JSON.stringify(asked).replaceAll(own, 'OWN'))
}

const inUrl = (draw: Draw, text: string): string => {
  if (draw.percent(5)) return draw.pick(['%', '%zz', '%00', '..', '%2e%2e%2f', '%ff%fe', 'a'.repeat(2_000)])
  return encodeURIComponent(text.isWellFormed() ? text : 'x').slice(0, 4_000)
}

function queryOf(draw: Draw, values: Record<string, unknown>): string {
  const pairs = Object.entries(values).map(
    ([key, value]) => `${key}=${encodeURIComponent(String(value).toWellFormed())}`,
  )
  if (draw.percent(5)) pairs.push(...pairs)
  if (draw.percent(5)) pairs.push('__proto__=1', 'a[b]=c', '=')
  return pairs.join('&').slice(0, 8_000)
}

function bodyOf(draw: Draw, values: Record<string, unknown>): string {
  const text = JSON.stringify(values)
  if (draw.percent(93)) return text
  return draw.pick([
    '',
    'null',
    '[]',
    '"',
    text.slice(0, draw.below(text.length + 1)),
    `${text}${text}`,
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    '{"__proto__":{"to":1}}',
    '{"constructor":{"prototype":{}}}',
    '\ufeff{}',
    '\u0000',
    text.replace('{', `{"to":"OWN",`),
  ])
}

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']
const types = ['text/plain', 'application/json; charset=utf-16', 'application/xml', 'multipart/form-data', 'a', '']
const texts = [
  'OWN',
  'default',
  'anna',
  '0',
  '1',
  '00',
  '-1',
  '1e3',
  '100000',
  '18446744073709551615',
  '18446744073709551616',
  '99999999999999999999',
  'ab',
  'f'.repeat(64),
  'F'.repeat(64),
  'f'.repeat(65),
  'bm1',
  'bm1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqvxnp0l',
  'BM1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQVXNP0L',
  'aGVsbG8=',
  'aGVsbG8',
  'U3ViamVjdDogeA0KDQp5',
  'bmreq-',
  'bmreq-aGVsbG8=',
  '__proto__',
  'constructor',
  'toString',
  '',
  ' ',
  '\u0000',
  '\u202e',
  '\ud800',
  '😀',
  'Å',
  '../../etc/passwd',
  'a'.repeat(64),
  'a'.repeat(1_000),
  'value',
  'spam',
  'inbox',
  'sent',
  'sender',
  'recipient',
] as const
const things: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  2 ** 53,
  1e308,
  [],
  {},
  [[]],
  { a: 1 },
  [null],
  ['OWN', 'OWN'],
]

function drawnOf(draw: Draw, schema: Schema, key: string): unknown {
  if (draw.percent(8)) return draw.pick(things)
  if (draw.percent(12)) return draw.pick(texts)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return draw.pick(schema.enum)
  if (schema.oneOf) return drawnOf(draw, draw.pick(schema.oneOf), key)
  if (schema.type === 'array')
    return Array.from({ length: draw.below(4) }, () => drawnOf(draw, schema.items ?? {}, key))
  if (schema.type === 'integer') return draw.pick([0, 1, 2, 5, 30, 255, 256, 65_535, 65_536, 2 ** 32])
  if (schema.type === 'boolean') return draw.percent(50)
  if (schema.properties) return objectOf(draw, schema)
  return draw.pick(likely[key] ?? texts)
}

/** What a property of a name is likely to be given. */
const likely: Readonly<Record<string, readonly string[]>> = {
  address: ['OWN', 'default'],
  from: ['OWN', 'default'],
  to: ['OWN', 'default', 'anna'],
  raw: ['aGVsbG8=', 'U3ViamVjdDogeA0KDQp5', ''],
  amount: ['1', '3200', '100000'],
  leastFee: ['0', '5000'],
  allowance: ['0', '100000'],
  denomination: ['100000', '1000000'],
  refuseAbove: ['1', '1000000'],
  id: ['ab', 'f'.repeat(64)],
  label: ['shop', 'default'],
  name: ['anna', 'Åsa'],
}

function objectOf(draw: Draw, schema: Schema): Record<string, unknown> {
  const one = schema.oneOf ? draw.pick(schema.oneOf) : schema
  const values: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(one.properties ?? {}))
    if (!draw.percent(10)) values[key] = drawnOf(draw, property, key)
  if (draw.percent(4)) values[draw.pick(texts)] = draw.pick(things)
  return values
}
