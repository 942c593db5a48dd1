/**
 * The page of a daemon, on its loopback API. What is served without the token is the same for everybody: the program. A
 * link opens the page once, by a ticket in its fragment, which no server and no log sees; for that the page gets the token,
 * and asks the API as every other program does.
 *
 * A letter's page (HTML) is foreign. It is shown in a frame that runs nothing, is of no origin, and reaches nobody: the
 * answer that it comes in forbids it, whatever it says.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { HttpRefusal } from '../api/errors.ts'
import { ticketPath } from '../api/routes.ts'
import type { Clock, Random } from '../seams.ts'
import { codeFile, type File, importMap, lookFile, looks, mainPath, packageFile } from './files.ts'
import { createOnce } from './once.ts'

type Options = { readonly token: string; readonly clock: Clock; readonly random: Random }

const hourMs = 60 * 60 * 1_000

const isOpen = { schema: { hide: true }, config: { needsNoToken: true } }

/** Serve the page beside the API. */
export function addPage(app: FastifyInstance, { token, clock, random }: Options): void {
  const tickets = createOnce<true>({ clock, random, most: 16, lifetimeMs: hourMs })
  const letters = createOnce<string>({ clock, random, most: 16, lifetimeMs: 60_000 })

  app.get('/', isOpen, (_request, reply) => answer(reply, { kind: 'text/html', text: page }, pagePolicy))
  for (const name of Object.keys(looks))
    app.get(`/${name}`, isOpen, async (_request, reply) => answer(reply, await lookFile(name)))
  for (const [prefix, fileOf] of [
    ['/code/', codeFile],
    ['/packages/', packageFile],
  ] as const)
    app.get(`${prefix}*`, isOpen, async ({ params }, reply) => {
      const file = await fileOf((params as { '*': string })['*'])
      if (!file) throw notFound('The page has no such file.')
      return answer(reply, file)
    })

  app.post(ticketPath, { schema: { hide: true } }, () => ({ ticket: tickets.keep(true) }))
  app.post('/page/entries', { ...isOpen, schema: textBody('ticket', 64) }, ({ body }) => {
    const { ticket } = body as { ticket: string }
    if (!tickets.take(ticket)) throw notFound('This link was used already, or is too old. `bmail open` makes another.')
    return { token }
  })
  app.post('/page/letters', { schema: textBody('html', lettersMax) }, ({ body }) => {
    const { html } = body as { html: string }
    return { path: `/page/letters/${letters.keep(html)}` }
  })
  app.get('/page/letters/:name', isOpen, ({ params }, reply) => {
    const html = letters.take((params as { name: string }).name)
    if (html === undefined) throw notFound('This letter was shown already. Open it again.')
    return answer(reply, { kind: 'text/html', text: html }, letterPolicy)
  })
}

/** A page of 2 MiB with all the pictures that are put into one, and what cleaning adds. */
const lettersMax = 16 * 1024 * 1024

const textBody = (name: string, maxLength: number) => ({
  hide: true,
  body: {
    type: 'object',
    properties: { [name]: { type: 'string', maxLength } },
    required: [name],
    additionalProperties: false,
  },
})

const notFound = (sentence: string): HttpRefusal => new HttpRefusal({ status: 404, code: 'not-found', sentence })

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>b-mail</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css">
<script type="importmap">${importMap}</script>
<script type="module" src="${mainPath}"></script>
</head>
<body><div id="page"><p class="opening">Opening your mail …</p></div><noscript>This page needs JavaScript. Without it, there is the command line: bmail --help</noscript></body>
</html>
`

/** The page runs the program's own files and nothing else, and speaks with its own daemon alone. */
const pagePolicy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash('sha256').update(importMap).digest('base64')}'`,
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify',
].join('; ')

/** A letter brings its own looks and pictures, runs nothing, and a link in it opens in a window of its own when it is clicked. */
const letterPolicy = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ')

/** What is no page needs no more than this. */
const filePolicy = "default-src 'none'; frame-ancestors 'none'"

function answer(reply: FastifyReply, { kind, text }: File, policy = filePolicy): FastifyReply {
  return reply
    .type(`${kind}; charset=utf-8`)
    .headers({
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-dns-prefetch-control': 'off',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    .send(text)
}
