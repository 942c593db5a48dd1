/**
 * The local API: `Service` over HTTP on loopback, for the person whose daemon it is. Whoever asks shows the token of
 * the home's `api.json`, and names this very host and port, so that a page in a browser that was led here by DNS gets
 * nothing. There is no CORS.
 */
import assert from 'node:assert/strict'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { failureOf, HttpRefusal } from './errors.ts'
import { keyIn, keyNotTaken } from './idempotency-key.ts'
import { createEventStreams } from './events.ts'
import { event, failure, schemas } from './schemas.ts'
import { rawBytesMax } from './sending-schema.ts'
import { isForOwnHost, type OwnHost, ownHost } from './own-host.ts'
import { isLoopback } from '../settings/home.ts'
import {
  documentPath,
  eventsPath,
  keyHeader,
  keyProperty,
  pathNames,
  type Route,
  type RouteName,
  routes,
} from './routes.ts'
import type { Json } from './json-schema.ts'
import type { Clock } from '../seams.ts'
import type { Service } from '../service.ts'

type ApiOptions = {
  readonly service: Service
  /** What a request must show as `Authorization: Bearer …`. */
  readonly token: string
  /** A loopback address; port 0 takes any that is free. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly logger: FastifyBaseLogger
  readonly clock: Clock
  /** Adds what is served beside the API; a route whose `config` says `needsNoToken` is open to whoever names this host. */
  readonly beside?: (app: FastifyInstance) => void
}

type Api = { readonly port: number; close(): Promise<void> }

/** Serve until `close`, which ends open streams too. Throws where the port is taken. */
export async function createApi({ service, token, listen, logger, clock, beside }: ApiOptions): Promise<Api> {
  assert(isLoopback(listen.host), 'the API listens on loopback only')
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    requestTimeout: 60_000,
    // A name of 64 characters, each of up to four bytes in percent encoding.
    routerOptions: { maxParamLength: 768 },
    frameworkErrors: (error, _request, reply) => answerFailure(error, reply),
    clientErrorHandler: (_error, socket) => void socket.destroy(),
    ajv: {
      customOptions: { verbose: true, coerceTypes: false, removeAdditional: false, formats: { base64: isBase64 } },
    },
  })
  const streams = createEventStreams({ service, clock })
  let own = ownHost(listen)
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((error, _request, reply) => answerFailure(error, reply))
  app.addHook('onRequest', async ({ headers, routeOptions }) => {
    guardHost(headers, own)
    if (!(routeOptions.config as { needsNoToken?: true }).needsNoToken) guardToken(headers.authorization, token)
  })
  app.addHook('preClose', async () => streams.close())
  app.setNotFoundHandler(() => {
    const sentence = 'The API has no such path. All paths are in /v1/openapi.json.'
    throw new HttpRefusal({ status: 404, code: 'not-found', sentence })
  })
  await app.register(swagger, { openapi: document })
  for (const name of Object.keys(routes) as RouteName[]) addRoute(app, service, name)
  addEvents(app, streams)
  beside?.(app)
  app.get(documentPath, { schema: { hide: true } }, () => app.swagger())
  try {
    await app.listen({ host: listen.host, port: listen.port })
  } catch (cause) {
    const place = `${listen.host}:${listen.port}`
    throw new Error(`The API cannot listen on ${place}. Stop what listens there, or set apiListen to another port.`, {
      cause,
    })
  }
  const { port } = app.server.address() as AddressInfo
  own = ownHost({ ...listen, port })
  return { port, close: () => app.close() }
}

/** The largest message in base64, with room for the rest of a request. */
const bodyBytesMax = Math.ceil(rawBytesMax / 3) * 4 + 64 * 1024

function addRoute(app: FastifyInstance, service: Service, name: RouteName): void {
  const { method, path, summary, streams, takesKey }: Route = routes[name]
  const { request, response } = schemas[name]
  const answers = isNothing(response.json)
    ? { 204: nothingBack }
    : { 200: streams ? streamed(streams, response.json) : response.json }
  app.route({
    method,
    url: path,
    schema: {
      summary,
      operationId: name,
      ...requestParts(request.json, routes[name]),
      response: { ...answers, ...failures },
    },
    async onRequest({ headers }) {
      if (!takesKey && method !== 'GET' && headers[keyHeader] !== undefined) throw keyNotTaken()
    },
    async preValidation(asked) {
      asked.params = numbered(asked.params as Json, request.json)
    },
    async handler({ headers, params, query, body }, reply) {
      const call = service[name] as (this: Service, request: unknown) => Promise<unknown>
      const given = headers[keyHeader]
      const key = takesKey && given !== undefined ? { [keyProperty]: keyIn(String(given)) } : {}
      const answer = await call.call(service, { ...(params as Json), ...(query as Json), ...(body as Json), ...key })
      if (answer === undefined) return reply.code(204).send()
      if (streams) return reply.type(streams).send(Readable.from(answer as AsyncIterable<Uint8Array>))
      return answer
    },
  })
}

function addEvents(app: FastifyInstance, streams: ReturnType<typeof createEventStreams>): void {
  const content = { 'text/event-stream': { schema: event.json } }
  const response = { 200: { description: 'Events, until either side goes', content }, ...failures }
  const schema = { summary: 'What happens, as server-sent events', operationId: 'events', response }
  app.get(eventsPath, { schema }, (_request: FastifyRequest, reply: FastifyReply) => {
    streams.admit()
    reply.hijack()
    streams.open(reply.raw)
  })
}

type RequestParts = { params?: Json; headers?: Json; querystring?: Json; body?: Json }

/** What of a request stands in its path, what in a header, and what in its query or body. */
function requestParts(schema: Json, { method, path, takesKey }: Route): RequestParts {
  if (isNothing(schema)) return {}
  const inPath = new Set(pathNames(path))
  const part = (holds: (name: string) => boolean): Json => ({
    ...schema,
    properties: Object.fromEntries(Object.entries(schema.properties as Json).filter(([name]) => holds(name))),
    required: (schema.required as string[]).filter(holds),
  })
  const rest = part((name) => !inPath.has(name) && name !== keyProperty)
  const isEmpty = Object.keys(rest.properties as Json).length === 0
  const place = method === 'GET' || method === 'DELETE' ? 'querystring' : 'body'
  return {
    ...(inPath.size > 0 && { params: part((name) => inPath.has(name)) }),
    ...(takesKey && { headers: keyed }),
    ...(!isEmpty && { [place]: rest }),
  }
}

const keyed: Json = {
  type: 'object',
  properties: {
    [keyHeader]: {
      type: 'string',
      description:
        'A text in quotes (RFC 9651), 1 to 255 characters. Whoever asks for the same under it again gets the first answer; without it the Message-ID of the message and its recipients are the key',
    },
  },
}

/** What stands in a path is text; whole numbers in it are read here, before they are looked at. */
function numbered(params: Json, schema: Json): Json {
  const properties = (schema.properties ?? {}) as Record<string, Json>
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      properties[name]?.type === 'integer' && /^(0|[1-9]\d{0,9})$/.test(String(value)) ? Number(value) : value,
    ]),
  )
}

const isNothing = (schema: Json): boolean => Object.keys(schema).length === 0

function answerFailure(error: unknown, reply: FastifyReply): FastifyReply {
  const { status, body } = failureOf(error)
  if (status >= 500) reply.log.error({ err: error, route: reply.request.routeOptions.url }, 'a request failed')
  else reply.log.debug({ code: body.error.code, url: reply.request.url }, 'a request was refused')
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body))
}

function guardHost(headers: IncomingHttpHeaders, own: OwnHost): void {
  if (isForOwnHost(headers, own)) return
  const sentence = `This API answers to ${own.names[0]}:${own.port} only, and to no page of another origin. Call it by that name.`
  throw new HttpRefusal({ status: 421, code: 'host-wrong', sentence })
}

/** Hashed first, so that texts of any length are compared in the same time. */
function guardToken(authorization: string | undefined, token: string): void {
  const shown = authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : ''
  if (timingSafeEqual(digest(shown), digest(token))) return
  const sentence = 'The token is missing or wrong. It stands in api.json in the home of the daemon.'
  throw new HttpRefusal({ status: 401, code: 'unauthorized', sentence })
}

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** Canonical base64. Compared by writing it again: an expression over 22 million characters overflows the stack. */
const isBase64 = (value: string): boolean => Buffer.from(value, 'base64').toString('base64') === value

const nothingBack = { type: 'null', description: 'Done' }
const failures = { '4xx': described(failure.json), '5xx': described(failure.json) }

const streamed = (kind: string, schema: Json): Json => ({
  description: 'Its bytes, as they came',
  content: { [kind]: { schema } },
})

function described(schema: Json): Json {
  return { description: 'A refusal or a failure, with a sentence for people', ...schema }
}

const document: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: {
    title: 'b-mail local API',
    description:
      'Amounts are decimal texts in the smallest unit, times milliseconds since 1970, raw messages and receipts base64.',
    version: '1',
  },
  components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  security: [{ token: [] }],
}
