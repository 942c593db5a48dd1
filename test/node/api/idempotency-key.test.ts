/** The key under which something is asked for again: where it may stand, and what it may be. */
import { test } from 'tap'
import { keyHeader, keyProperty } from '../../../node/api/routes.ts'
import { setUpApi } from '../../kit/asked-api.ts'

test('a key of a request is a header, a text in quotes or a plain one, and nothing else', async (t) => {
  const { ask, api, service } = await setUpApi()
  t.teardown(api.close)
  const body = JSON.stringify({ to: ['anna'], raw: 'aGVsbG8=' })
  const under = (key: string | readonly string[], path = '/v1/messages') =>
    ask(path, { method: 'POST', headers: { [keyHeader]: key as string }, body })
  for (const [header, key] of [
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['  "an invoice: \\"7\\" \\\\ 8"  ', 'an invoice: "7" \\ 8'],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ] as const)
    for (const path of ['/v1/quotes', '/v1/messages']) {
      t.equal((await under(header, path)).status, 200, header)
      t.match(service.calls.at(-1), { request: { [keyProperty]: key } })
    }
  const before = service.calls.length
  for (const header of [
    '',
    '""',
    '"  "',
    '"a',
    'a"',
    '"a""b"',
    '"a\\b"',
    'a b',
    'a, b',
    '"a", "b"',
    '"a";b=1',
    '"\u00e9"',
    '"a\tb"',
    `"${'x'.repeat(256)}"`,
    'x'.repeat(256),
    ['"a"', '"b"'],
  ]) {
    const { status, json } = await under(header)
    t.equal(status, 400, String(header).slice(0, 20))
    t.match(json().error, { code: 'key-malformed', sentence: /1 to 255 printable/ })
  }
  const inBody = await ask('/v1/messages', { method: 'POST', body: JSON.stringify({ [keyProperty]: 'a' }) })
  t.match(inBody.json(), { error: { code: 'bad-request' } }, 'it stands in no body')
  for (const [method, path] of [
    ['POST', '/v1/transfers'],
    ['PUT', '/v1/contacts/anna'],
    ['DELETE', '/v1/contacts/anna'],
  ] as const) {
    const refused = await ask(path, { method, headers: { [keyHeader]: '"a"' } })
    t.equal(refused.status, 400, path)
    t.match(refused.json().error, { code: 'key-not-taken', sentence: /done twice/ })
  }
  t.equal((await ask('/v1/status', { headers: { [keyHeader]: '"a"' } })).status, 200, 'to read twice does no harm')
  t.equal(service.calls.length, before + 1, 'the mailbox was asked for nothing of that')
})
