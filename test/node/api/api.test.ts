/** The local API over real HTTP on loopback, before a mailbox in memory. */
import { once } from 'node:events'
import pino from 'pino'
import { test } from 'tap'
import { setUpApi, token } from '../../kit/asked-api.ts'
import { createApi } from '../../../node/api/server.ts'
import { schemas } from '../../../node/api/schemas.ts'
import { rawBytesMax } from '../../../node/api/sending-schema.ts'
import { keyProperty, routes } from '../../../node/api/routes.ts'
import type { Clock } from '../../../node/seams.ts'
import { Refusal } from '../../../node/service.ts'
import { other, own, quote, received, reputation, stamps, status } from '../../kit/service-fixture.ts'

test('without the token nothing is answered, whatever is asked', async (t) => {
  const { ask, api, service } = await setUpApi()
  t.teardown(api.close)
  for (const path of ['/v1/status', '/v1/openapi.json', '/v1/events', '/v1/nothing-here', '/'])
    for (const shown of ['', 'b'.repeat(64), token.slice(1), `${token}a`]) {
      const { status, json } = await ask(path, { token: shown })
      t.equal(status, 401, `${path} with ${shown.length} characters`)
      t.equal(json().error.code, 'unauthorized')
    }
  t.equal((await ask('/v1/status', { headers: { authorization: token } })).status, 401, 'a token that is not a bearer')
  t.equal(service.calls.length, 0, 'the mailbox was never asked')
})

test('a request for another host is misdirected, token or not', async (t) => {
  const { ask, api, service } = await setUpApi()
  t.teardown(api.close)
  const port = api.port
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', 'localhost:1', `127.0.0.1.evil:${port}`]) {
    const { status, json } = await ask('/v1/status', { headers: { host } })
    t.equal(status, 421, host)
    t.equal(json().error.code, 'host-wrong')
    for (const path of ['/v1/events', '/v1/openapi.json', '/nothing-here'])
      t.equal((await ask(path, { headers: { host } })).status, 421, path)
  }
  t.equal(service.calls.length, 0)
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
    t.equal((await ask('/v1/status', { headers: { host } })).status, 200, host)
})

test('it offers nothing to pages of other origins', async (t) => {
  const { ask, api } = await setUpApi()
  t.teardown(api.close)
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
  const preflight = await ask('/v1/messages', { method: 'OPTIONS', headers })
  t.not(preflight.status, 204)
  const plain = await ask('/v1/status', { headers })
  t.equal(plain.status, 421, 'not even with the token')
  for (const { headers: answered } of [preflight, plain])
    t.notOk(Object.keys(answered).some((name) => name.startsWith('access-control')))
})

test('methods take what their path, query and body say, and answer as JSON', async (t) => {
  const { ask, post, api, service } = await setUpApi()
  t.teardown(api.close)
  t.same((await ask('/v1/status')).json(), status)
  t.same((await post('/v1/quotes', { to: ['anna'], raw: 'aGVsbG8=' })).json().fee, quote.fee)
  const sent = (await post('/v1/messages', { to: ['anna'], raw: 'aGVsbG8=', refuseAbove: '5000' })).json()
  t.equal((await ask('/v1/messages?folder=sent')).json().length, 1)
  t.equal((await ask(`/v1/messages/${sent.message.id}`)).json().raw, 'aGVsbG8=')
  t.equal((await post(`/v1/messages/${sent.message.id}/verdict`, { verdict: 'value' })).json().state, 'settled')
  const name = encodeURIComponent('Åsa & søn/2')
  const put = await ask(`/v1/contacts/${name}`, { method: 'PUT', body: JSON.stringify({ address: own }) })
  t.equal(put.status, 204)
  t.equal(put.text, '')
  t.equal((await ask(`/v1/contacts/${name}`, { method: 'DELETE' })).status, 204)
  t.same(
    service.calls.slice(3).map(({ name, request }) => [name, request]),
    [
      ['messages', { folder: 'sent' }],
      ['message', { id: sent.message.id }],
      ['ack', { id: sent.message.id, verdict: 'value' }],
      ['setContact', { name: 'Åsa & søn/2', address: own }],
      ['removeContact', { name: 'Åsa & søn/2' }],
    ],
  )
})

test('reputation and stamps are asked for like everything else', async (t) => {
  const { ask, post, api, service } = await setUpApi()
  t.teardown(api.close)
  t.same((await ask('/v1/reputation')).json(), reputation)
  t.same((await ask('/v1/stamps')).json(), stamps)
  t.equal((await post('/v1/enrolments', {})).json().state, 'settled')
  t.match((await post('/v1/endorsements', { message: 'ab12', amount: '2' })).json(), { note: /renewal/ })
  t.equal((await post('/v1/pseudonyms/shop/retire', {})).json().retired, true)
  t.match((await post('/v1/pseudonyms/shop/pass', {})).json(), { state: 'taken', at: null })
  const habit = { warm: true, skipPercent: 30, show: 'exactly', tier: 1 }
  const changed = (body: object) =>
    ask('/v1/pseudonyms/shop/habit', { method: 'PUT', body: JSON.stringify({ ...habit, ...body }) })
  t.same((await changed({})).json().habit, habit)
  for (const body of [
    { warm: 1 },
    { skipPercent: 101 },
    { skipPercent: 0.5 },
    { show: 'some' },
    { tier: -1 },
    { more: 1 },
  ])
    t.equal((await changed(body)).status, 400, JSON.stringify(body))
  t.equal((await post('/v1/stamps', { denomination: '100000', from: 'shop' })).json().state, 'settled')
  t.match((await post('/v1/stamps/1/redemptions', { to: 'shop' })).json(), { note: /Stamp 1/ })
  t.same(
    service.calls.slice(2).map(({ name, request }) => [name, request]),
    [
      ['enroll', {}],
      ['endorse', { message: 'ab12', amount: '2' }],
      ['retirePseudonym', { address: 'shop' }],
      ['takePass', { address: 'shop' }],
      ['changeHabit', { address: 'shop', warm: true, skipPercent: 30, show: 'exactly', tier: 1 }],
      ['buyStamp', { denomination: '100000', from: 'shop' }],
      ['redeemStamp', { number: 1, to: 'shop' }],
    ],
  )
  for (const number of ['-1', '01', '1.5', '65536', 'one', '1e2'])
    t.equal((await post(`/v1/stamps/${number}/redemptions`, { to: 'shop' })).status, 400, `stamp ${number}`)
})

test('a request of a wrong form is refused before the mailbox sees it', async (t) => {
  const { ask, post, api, service } = await setUpApi()
  t.teardown(api.close)
  const wrong = [
    ['no JSON', await ask('/v1/quotes', { method: 'POST', body: '{"to": [' })],
    ['no body', await ask('/v1/quotes', { method: 'POST', body: '' })],
    ['a list', await post('/v1/quotes', [])],
    ['nobody to send to', await post('/v1/quotes', { to: [], raw: '' })],
    ['a text for a list', await post('/v1/quotes', { to: 'anna', raw: '' })],
    ['no base64', await post('/v1/quotes', { to: ['anna'], raw: 'a*b=' })],
    ['base64 that is not padded', await post('/v1/quotes', { to: ['anna'], raw: 'YQ' })],
    ['an unknown property', await post('/v1/quotes', { to: ['anna'], raw: '', feemax: '1' })],
    ['a number for an amount', await post('/v1/transfers', { to: 'anna', amount: 5 })],
    ['a negative amount', await post('/v1/transfers', { to: 'anna', amount: '-5' })],
    ['an unknown folder', await ask('/v1/messages?folder=trash')],
    ['an id that is too long', await ask(`/v1/messages/${'a'.repeat(65)}`)],
    ['an operation’s id that is no hex', await ask(`/v1/operations/${'x'.repeat(64)}`)],
    ['a name with a control character', await post('/v1/transfers', { to: 'a\u0007', amount: '5' })],
    ['an unknown verdict', await post('/v1/messages/ab/verdict', { verdict: 'meh' })],
    ['a poisoned object', await ask('/v1/quotes', { method: 'POST', body: '{"__proto__": {"to": []}}' })],
    ['a broken escape', await ask('/v1/contacts/%zz', { method: 'DELETE' })],
  ] as const
  for (const [name, { status, json }] of wrong) {
    t.equal(status, 400, name)
    t.match(json().error, { code: 'bad-request', sentence: /\w.*\.$/ }, name)
  }
  const said = Object.fromEntries(wrong.map(([name, { json }]) => [name, json().error.sentence]))
  t.match(said['an unknown property'], /, and “feemax” is one\. /)
  t.match(said['an unknown verdict'], /allowed values: value, abstain, spam, abuse\. /)
  t.match(said['an unknown folder'], /allowed values: inbox, sent\b/)
  const text = await ask('/v1/quotes', { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } })
  t.equal(text.status, 415, 'a form that a browser sends without asking first')
  t.equal(service.calls.length, 0)
})

test('somebody is given as pasted, and it is said what is wrong where that cannot be one', async (t) => {
  const { ask, api, service } = await setUpApi()
  t.teardown(api.close)
  const long = `${'Anna Ö. '.repeat(60)}\r\n\t<${other}>`
  const asked = (to: string) =>
    [
      ['POST', '/v1/quotes', { to: [to], raw: '' }],
      ['POST', '/v1/transfers', { to, amount: '5' }],
      ['POST', '/v1/grants', { to, payer: 'sender', allowance: '0' }],
      ['POST', '/v1/grants/revocations', { to }],
      ['PUT', '/v1/contacts/anna', { address: to }],
    ] as const
  const answer = ([method, path, body]: readonly [string, string, object]) =>
    ask(path, { method, body: JSON.stringify(body) })
  for (const one of asked(long)) t.match(String((await answer(one)).status), /^2/, one[1])
  t.equal(service.calls.length, 5)
  for (const wrong of ['', 'a'.repeat(1_001), `${other}\u0000`])
    for (const one of asked(wrong)) {
      const { status, json } = await answer(one)
      t.equal(status, 400, one[1])
      t.match(json().error, { code: 'bad-request', sentence: /is not this: An address, also .*1 to 1,000 characters/ })
    }
})

test('a message of 16 MiB passes; more is refused', async (t) => {
  const { post, ask, api, service } = await setUpApi()
  t.teardown(api.close)
  const raw = Buffer.alloc(rawBytesMax, 7).toString('base64')
  t.equal((await post('/v1/quotes', { to: ['anna'], raw })).status, 200)
  t.equal((service.calls[0]!.request as { raw: string }).raw.length, raw.length)
  const more = Buffer.alloc(rawBytesMax + 3).toString('base64')
  t.equal((await post('/v1/quotes', { to: ['anna'], raw: more })).status, 400, 'a message that is a little too large')
  const { status, json } = await ask('/v1/quotes', { method: 'POST', body: Buffer.alloc(raw.length + 1e6, 32) })
  t.equal(status, 413)
  t.equal(json().error.code, 'too-large')
})

test('the bytes of a message are streamed as they are; what stands before them is refused as ever', async (t) => {
  const { open, ask, api, service } = await setUpApi()
  t.teardown(api.close)
  const bytes = Buffer.alloc(3_000_000, 'a\u0000\r\n\xff', 'latin1')
  service.put(received, bytes)
  const response = await open(`/v1/messages/${received.id}/raw`)
  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'message/rfc822')
  t.equal(response.headers['content-length'], undefined, 'nobody put it together first')
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  t.ok(Buffer.concat(pieces).equals(bytes))
  t.same((await ask(`/v1/messages/${received.id}/summary`)).json(), received)
  service.put({ ...received, id: 'ee'.repeat(32) })
  const closed = await ask(`/v1/messages/${'ee'.repeat(32)}/raw`)
  t.equal(closed.status, 503)
  t.match(closed.json(), { error: { code: 'not-ready', sentence: /cannot be read yet/ } })
  Object.assign(service, {
    raw: async () =>
      (async function* () {
        yield Buffer.from('half of')
        throw new Error('The disk is gone.')
      })(),
  })
  const broken = await open(`/v1/messages/${received.id}/raw`)
  await t.rejects(async () => {
    for await (const _ of broken);
  }, 'one that breaks off does not look whole')
})

test('refusals and failures carry a code and a sentence', async (t) => {
  const { ask, post, api, service } = await setUpApi()
  t.teardown(api.close)
  const cases = [
    [new Refusal('not-found', 'No such message.'), 404],
    [new Refusal('not-ready', 'Wait.'), 503],
    [new Refusal('halted', 'Stopped.'), 503],
    [new Refusal('not-personal', 'A relay has no mailbox.'), 409],
    [new Refusal('funds-short', 'The balance is short.'), 409],
    [new Refusal('recipient-repeated', 'Named twice.'), 422],
    [new Refusal('bad-request', 'No.'), 400],
  ] as const
  for (const [refusal, status] of cases) {
    Object.assign(service, {
      status: () => Promise.reject(refusal),
    })
    const answer = await ask('/v1/status')
    t.equal(answer.status, status, refusal.code)
    t.same(answer.json(), { error: { code: refusal.code, sentence: refusal.message } })
  }
  Object.assign(service, { status: () => Promise.reject(new Error('The disk is full.')) })
  const failed = await ask('/v1/status')
  t.equal(failed.status, 500)
  t.match(failed.json().error, { code: 'failure', sentence: /The disk is full\./ })
  t.equal((await ask('/v1/nothing-here')).json().error.code, 'not-found')
  t.equal((await post('/v1/messages', { to: ['nobody'], raw: '' })).json().error.code, 'recipient-unknown')
})

test('the document lists every route, and has each schema', async (t) => {
  const { ask, api } = await setUpApi()
  t.teardown(api.close)
  const answer = await ask('/v1/openapi.json')
  t.equal(answer.status, 200)
  const document = answer.json()
  t.equal(document.openapi, '3.1.0')
  const listed = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
  )
  const wanted = Object.entries(routes).map(
    ([name, { method, path }]) => `${name} ${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
  )
  t.same(listed.sort(), [...wanted, 'events GET /v1/events'].sort())
  const bodyOf = (path: string) => document.paths[path].post.requestBody.content['application/json'].schema
  for (const [path, { request }] of [
    ['/v1/quotes', schemas.quote],
    ['/v1/messages', schemas.send],
  ] as const)
    t.same(
      [...Object.keys(bodyOf(path).properties), keyProperty].sort(),
      Object.keys(request.json.properties as object).sort(),
      'the key is a header',
    )
  t.same(bodyOf('/v1/quotes').required, ['to', 'raw'])
  t.same(bodyOf('/v1/messages').required, [], 'a message, or the handle of one')
  t.ok(document.paths['/v1/status'].get.responses['200'].content['application/json'].schema.properties.stateRoot)
  t.same(document.security, [{ token: [] }])
  t.equal(new Set(wanted).size, Object.keys(schemas).length)
})

test('events are streamed, with heartbeats, until either side goes', async (t) => {
  const { open, post, api, service, tasks } = await setUpApi()
  const stream = await open('/v1/events')
  t.equal(stream.statusCode, 200)
  t.match(stream.headers['content-type'], /^text\/event-stream/)
  let seen = ''
  stream.setEncoding('utf8').on('data', (chunk) => {
    seen += chunk
  })
  const until = async (wanted: string) => {
    while (!seen.includes(wanted)) await once(stream, 'data')
  }
  await until(': listening\n\n')
  const { message } = (await post('/v1/messages', { to: ['anna'], raw: 'aGVsbG8=' })).json()
  await until('\n\nevent: message\ndata: ')
  await until(`"id":"${message.id}"`)
  for (const task of tasks) task()
  await until('\n\n: still here\n\n')
  t.equal(service.listeners.size, 1)

  const second = await open('/v1/events')
  second.destroy()
  const ended = once(stream, 'close')
  await api.close()
  await ended
  t.equal(service.listeners.size, 0, 'nothing is subscribed once it is closed')
  t.equal(tasks.size, 0)
})

test('only so many listen at a time', async (t) => {
  const { open, ask, api } = await setUpApi()
  t.teardown(api.close)
  for (let count = 0; count < 64; count++) t.equal((await open('/v1/events')).statusCode, 200)
  t.equal((await ask('/v1/events')).status, 503)
})

test('it listens on loopback only, and says where a port is taken', async (t) => {
  const { api, service } = await setUpApi()
  t.teardown(api.close)
  const options = { service, token, logger: pino({ level: 'silent' }), clock: {} as Clock }
  await t.rejects(createApi({ ...options, listen: { host: '0.0.0.0', port: 0 } }), /loopback/)
  await t.rejects(
    createApi({ ...options, listen: { host: '127.0.0.1', port: api.port } }),
    /cannot listen on 127.0.0.1/,
  )
})
