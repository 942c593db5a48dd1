/** What is served of the page, to whom, and with which policy: by HTTP alone, without a browser. */
import { request } from 'node:http'
import { t as suite, test } from 'tap'
import { servePage } from '../../kit/page-fixture.ts'
import { createServiceFixture } from '../../kit/service-fixture.ts'

const site = await servePage(createServiceFixture())
const { origin, authorization } = site
suite.teardown(() => site.close())

const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

test('site: a link opens the page once, and nothing else gives the token', async (t) => {
  const ticket = new URL(await site.link()).hash.replace('#ticket=', '')
  t.match(ticket, /^[0-9a-f]{32}$/)
  t.equal((await post('/page/entries', { ticket: 'f'.repeat(32) })).status, 404)
  const first = await post('/page/entries', { ticket })
  t.strictSame(await first.json(), { token: authorization.replace('Bearer ', '') })
  const second = await post('/page/entries', { ticket })
  t.equal(second.status, 404)
  t.match(await second.text(), /used already/)
  t.equal((await post('/v1/page/tickets', {})).status, 401, 'only who has the token makes one')
  t.equal((await post('/page/letters', { html: 'x' })).status, 401)
  t.equal((await fetch(`${origin}/v1/status`)).status, 401, 'and the API is closed as before')
})

test('site: another page gets nothing, whatever name led it here', async (t) => {
  for (const headers of [{ host: 'evil.example' }, { origin: 'https://evil.example' }]) {
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${origin}/`, { headers }, ({ statusCode }) => resolve(statusCode))
      asked.on('error', reject)
      asked.end()
    })
    t.equal(status, 421)
  }
})

test('site: the page runs its own files and speaks with its own daemon, and nothing of it is kept', async (t) => {
  const answer = await fetch(`${origin}/`)
  const policy = answer.headers.get('content-security-policy')!
  for (const rule of [
    "default-src 'none'",
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ])
    t.ok(policy.split('; ').includes(rule), rule)
  t.notMatch(policy, /unsafe|https?:|\*/)
  t.equal(answer.headers.get('referrer-policy'), 'no-referrer')
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.notMatch(await answer.text(), /src="http|href="http/)
})

test('site: a letter is shown once, and may do nothing', async (t) => {
  const { path } = (await (await post('/page/letters', { html: '<b>Hello</b>' }, { authorization })).json()) as {
    path: string
  }
  const answer = await fetch(`${origin}${path}`)
  const policy = answer.headers.get('content-security-policy')!
  t.match(policy, /default-src 'none'.*img-src data:.*sandbox allow-popups/)
  t.notMatch(policy, /allow-scripts|allow-same-origin|script-src|connect-src|frame-src/)
  t.equal(await answer.text(), '<b>Hello</b>')
  t.equal((await fetch(`${origin}${path}`)).status, 404)
})

test('site: only code of this program and of the packages of the page is served', async (t) => {
  for (const path of ['/code/node/web/page/main.ts', '/code/protocol/fee.ts', '/packages/preact/dist/preact.mjs']) {
    const answer = await fetch(`${origin}${path}`)
    t.equal(answer.status, 200, path)
    t.match(answer.headers.get('content-type'), /^text\/javascript/)
    t.match(answer.headers.get('content-security-policy'), /^default-src 'none'/)
    t.notMatch(await answer.text(), /: string\b/, 'without types')
  }
  for (const path of [
    '/code/package.json',
    '/code/node/web/../../package.json',
    '/code/node/web/%2e%2e/%2e%2e/package.json',
    '/code/node/..%2f..%2fpackage.ts',
    '/code/cli/main.ts',
    '/code/test/kit/fixtures.ts',
    '/code/node/web/page/gone.ts',
    '/packages/fastify/fastify.js',
    '/packages/preact/package.json',
    '/packages/preact/../fastify/fastify.js',
    '/packages/preact/%2e%2e/fastify/fastify.js',
    '/packages/@noble/hashes/../../fastify/fastify.js',
  ]) {
    const status = await new Promise((resolve, reject) => {
      // `fetch` would mend the path before it asks.
      const asked = request({ host: '127.0.0.1', port: new URL(origin).port, path }, ({ statusCode }) =>
        resolve(statusCode),
      )
      asked.on('error', reject)
      asked.end()
    })
    t.not(status, 200, path)
  }
})
