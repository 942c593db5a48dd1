/** A letter that is asked for again, by the command line or over HTTP, of a daemon that was killed meanwhile: paid once. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { readApiFile } from '../../node/settings/home.ts'
import { bmail } from '../kit/command.ts'
import { audit } from '../kit/kills.ts'
import { until } from '../kit/patience.ts'
import { createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'

/** A host, and two people who are registered, in processes of their own. */
async function begin(t: Test) {
  const people = ['alice', 'bob'] as const
  const network = await createProcesses(t, {
    people,
    relays: 1,
    keepers: ['relay1'],
    threshold: 1,
    funds: 1_000_000_000n,
  })
  const [host, alice, bob] = (['relay1', ...people] as const).map(network.daemon) as [Daemon, Daemon, Daemon]
  await network.start('relay1', ...people)
  await registered(alice, bob)
  return { network, host, alice, bob, to: (await bob.api.pseudonyms())[0]!.address }
}

const rawOf = (text: string): string => Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`).toString('base64')

/** Ask for a letter as any program does. */
async function post({ home }: Daemon, key: string, body: object) {
  const { port, token } = readApiFile(home)!
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key }
  const request = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await fetch(`http://127.0.0.1:${port}/v1/messages`, request)
  return { status: answer.status, json: (await answer.json()) as Answer }
}

/** What of an answer these tests look at. */
type Answer = { readonly message: { readonly id: string }; readonly quote: object; readonly repeated: boolean }

test('a daemon that is killed while it sends knows what it sent', async (t) => {
  const { network, host, alice, bob, to } = await begin(t)
  const rounds = 6
  const ids: string[] = []
  let known = 0
  for (let round = 0; round < rounds; round++) {
    const key = `"letter ${round}"`
    const body = { to: [to], raw: rawOf(`letter ${round}`), insist: true, refuseAbove: '2000000' }
    const asked = post(alice, key, body).catch(() => undefined)
    // Each time the daemon got a little further by then.
    for (let left = round; left > 0; left--) await alice.api.status()
    if (round === rounds - 1) await asked
    await alice.kill()
    const before = await asked
    await alice.start()
    const answer = await post(alice, key, body)
    t.equal(answer.status, 200)
    const { message, repeated } = answer.json
    if (before) t.match({ ...before.json.message, repeated }, { id: message.id, repeated: true })
    if (repeated) known++
    ids.push(message.id)
    t.match((await post(alice, key, body)).json, { message: { id: message.id }, repeated: true })
    t.match(await post(alice, key, { ...body, raw: rawOf('other words') }), {
      status: 422,
      json: { error: { code: 'key-reused' } },
    })
  }
  t.ok(known > 0, 'the last, at least, was sent before')
  for (const id of ids) await letterIn(bob, 'inbox', id, readable)
  for (const [daemon, folder] of [
    [alice, 'sent'],
    [bob, 'inbox'],
  ] as const)
    t.same((await daemon.api.messages({ folder })).map(({ id }) => id).sort(), [...ids].sort())
  const [books] = await audit(t, network, [host, alice, bob])
  t.equal(books!.settled.length, rounds, 'each was paid once')
})

test('a file that is sent twice is paid once, and again only on purpose', async (t) => {
  const { network, alice, bob, to } = await begin(t)
  const file = join(network.folder, 'letter.eml')
  writeFileSync(file, 'Message-ID: <1@invoices.example>\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n')
  const send = async (...more: readonly string[]) => {
    const ran = await bmail(['send', file, '--to', to, '--yes', '--no-pass', ...more], { home: alice.home })
    t.equal(ran.code, 0, ran.stderr)
    return ran
  }
  const balance = async () => (await alice.api.pseudonyms())[0]!.balance
  const first = (await send('--wait', '--json')).json() as Answer
  t.equal(first.repeated, false)
  const paid = await balance()
  const again = await bmail(['send', file, '--to', to, '--json'], { home: alice.home })
  t.equal(again.code, 0, 'nobody has to agree to what costs nothing')
  t.match(again.json(), { message: { id: first.message.id }, quote: first.quote, repeated: true })
  t.match(
    (await send('--wait')).stdout,
    new RegExp(`^already sent: ${first.message.id.slice(0, 12)} is released in batch`),
  )
  const quoted = await bmail(['quote', file, '--to', to], { home: alice.home })
  t.match(quoted.stdout, /already sent: .*; nothing more is paid for it\. --again sends it once more\.\n$/)
  t.equal(await balance(), paid)
  const other = (await send('--again', '--wait', '--json')).json() as Answer
  t.equal(other.repeated, false)
  t.not(other.message.id, first.message.id)
  t.not(await balance(), paid)

  const words = [
    'send',
    '--to',
    to,
    '--text',
    'Twice',
    '--attach',
    file,
    '--key',
    'notice',
    '--yes',
    '--no-pass',
    '--json',
  ]
  const one = await bmail(words, { home: alice.home })
  t.equal(one.code, 0, one.stdout)
  const { message } = one.json() as Answer
  t.match((await bmail(words, { home: alice.home })).json(), { message: { id: message.id }, repeated: true })
  const changed = await bmail(words.with(words.indexOf('Twice'), 'Thrice'), { home: alice.home })
  t.equal(changed.code, 1)
  t.match(changed.json(), { error: { code: 'key-reused', sentence: /sent under this key/ } })
  await until('all came', async () => (await bob.api.messages({ folder: 'inbox' })).length === 3)
})
