/** The bridge as a mail program sees it: letters come once, verdicts can be undone, refusals come as mail, limits hold. */
import { createTransport } from 'nodemailer'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { openBridgeDisk, openStore } from '../../../node/bridge/store.ts'
import { systemRandom } from '../../../node/system-random.ts'
import { imapClient } from '../../kit/imap-client.ts'
import { until } from '../../kit/patience.ts'
import { other, own, shop as pseudonym } from '../../kit/service-fixture.ts'
import { bridgeHome, letterNumber, rawLetter } from './bridge-fixture.ts'

const shop = pseudonym.address

type Client = Awaited<ReturnType<typeof imapClient>>

const uids = async (client: Client, question = 'ALL'): Promise<string> =>
  /\* SEARCH ?(.*)\r\n/.exec(await client.ask(`UID SEARCH ${question}`))![1]!

/** Wait until so many messages are in a folder, which is open then. */
const filled = (client: Client, folder: string, count: number): Promise<true> =>
  until(
    `${count} in ${folder}`,
    async () => (await client.ask(`SELECT ${folder}`)).includes(`* ${count} EXISTS`) || false,
  )

type Given = { readonly to: string; readonly subject: string; readonly bcc?: string; readonly messageId?: string }

const hand = (port: number, password: string, letter: Given) =>
  createTransport({
    ...{ host: '127.0.0.1', port, auth: { user: 'tester', pass: password } },
    tls: { rejectUnauthorized: false },
  }).sendMail({
    ...letter,
    from: 'default@bmail.invalid',
    text: 'Hello',
    date: new Date(1_800_000_000_000),
  })

test('letters come in once, keep their UIDs over restarts, and do not come back when they were removed', async (t) => {
  const { service, password, start } = bridgeHome(t)
  for (const number of [3, 2, 1]) service.put(letterNumber(number), rawLetter(`letter ${number}`))
  service.put(letterNumber(4, { state: 'settled' }))
  const first = await start()
  const client = await imapClient(first.imapPort, { name: 'tester', password })
  await filled(client, 'INBOX', 3)
  t.match(await client.ask('UID FETCH 1 ENVELOPE'), /"letter 1"/, 'the oldest has the first')
  service.put(letterNumber(4), rawLetter('letter 4'))
  await filled(client, 'INBOX', 4)
  await client.ask('UID STORE 2 +FLAGS (\\Deleted)')
  await client.ask('EXPUNGE')
  const { 1: validity } = /UIDVALIDITY (\d+)/.exec(await client.ask('SELECT INBOX'))!
  await first.close()

  const second = await start()
  const again = await imapClient(second.imapPort, { name: 'tester', password })
  service.put(letterNumber(5), rawLetter('letter 5'))
  await until('the new one', async () => (await again.ask('SELECT INBOX')).includes('* 4 EXISTS') || false)
  t.equal(await uids(again), '1 3 4 5')
  t.match(await again.ask('SELECT INBOX'), `UIDVALIDITY ${validity}`)
  t.equal(service.calls.filter(({ name }) => name === 'ack').length, 0, 'nothing of that says what a letter was worth')
  again.close()
})

test('a verdict is said a minute after a move or a star, and never where that was undone', async (t) => {
  const { service, shift, password, start } = bridgeHome(t)
  for (const number of [5, 4, 3, 2, 1]) service.put(letterNumber(number), rawLetter(`letter ${number}`))
  const first = await start()
  const client = await imapClient(first.imapPort, { name: 'tester', password })
  await filled(client, 'INBOX', 5)
  await client.ask('UID MOVE 1 Junk')
  await client.ask('UID MOVE 2 Junk')
  await client.ask('UID STORE 3:4 +FLAGS (\\Flagged)')
  await client.ask('UID COPY 5 Junk')
  await client.ask('UID STORE 4 -FLAGS (\\Flagged)')
  await client.ask('SELECT Junk')
  await client.ask('UID MOVE 2 INBOX')
  const verdicts = () =>
    service.calls
      .filter(({ name }) => name === 'ack')
      .map(({ request }) => request as { id: string; verdict: string })
      .map(({ id, verdict }) => `${Number(id)} ${verdict}`)
      .sort()
  shift.ms += 59_000
  await first.close()
  t.strictSame(verdicts(), [], 'not before')
  shift.ms += 2_000
  await start()
  await until('all are said', () => verdicts().length >= 3)
  t.strictSame(verdicts(), ['1 spam', '3 value', '5 spam'])
})

test('what is refused after it was sent comes as a report, once', async (t) => {
  const { service, shift, password, start } = bridgeHome(t)
  const bridge = await start()
  await hand(bridge.smtpPort, password, { to: `${other}@bmail.invalid`, subject: 'Hello' })
  shift.ms += 61_000
  const client = await imapClient(bridge.imapPort, { name: 'tester', password })
  await filled(client, 'Sent', 1)
  const [sent] = await service.messages({ folder: 'sent' })
  for (const note of ['It became dearer; send it again.', 'It became dearer still.'])
    service.put({ ...sent!, state: 'refused', note })
  await filled(client, 'INBOX', 1)
  const text = await client.ask('UID FETCH 1 BODY[]')
  t.match(text, /report-type=delivery-status/)
  t.match(text, 'It became dearer; send it again.')
  t.match(text, `Final-Recipient: rfc822; ${other}@bmail.invalid`)
  service.put(letterNumber(77), rawLetter('a letter'))
  await filled(client, 'INBOX', 2)
  client.close()
})

test('what a program may spend is held, and the refusal says what it would cost', async (t) => {
  const { service, shift, password, start } = bridgeHome(t)
  const { smtpPort } = await start()
  const to = `${other}@bmail.invalid`
  const sends = () => service.calls.filter(({ name }) => name === 'send').length
  // The price of the fixture is 2200, and 10 that carrying it burns.
  shift.limits = { letter: 2_209n, day: null }
  await t.rejects(
    hand(smtpPort, password, { to, subject: 'a' }),
    /would cost 2,210 coin, which is more than the 2,209 coin/,
  )
  shift.limits = { letter: 2_210n, day: 4_419n }
  await hand(smtpPort, password, { to, subject: 'b' })
  await t.rejects(hand(smtpPort, password, { to, subject: 'c' }), /spent 2,210 coin of the 4,419 coin/)
  shift.ms += 61_000
  await until('what was taken is sent', () => sends() === 1)
  shift.ms += 24 * 60 * 60 * 1_000
  await hand(smtpPort, password, { to, subject: 'd' })
  shift.ms += 61_000
  await until('so is the next day’s', () => sends() === 2)
})

test('a password that is taken back ends connections that are open', async (t) => {
  const { doorkeeper, password, start } = bridgeHome(t)
  const { imapPort } = await start()
  const client = await imapClient(imapPort, { name: 'tester', password: password.replaceAll('-', '') })
  t.match(await client.ask('SELECT INBOX'), /OK/)
  t.notMatch(await (await imapClient(imapPort, { name: 'other', password })).ask('SELECT INBOX'), /OK/)
  doorkeeper.takeBack('tester')
  t.match(await client.ask('NOOP'), /^\* BYE The password was taken back/)
})

test('nothing in the store can be read without the key of the daemon', async (t) => {
  const { home, service, password, start } = bridgeHome(t)
  service.put(letterNumber(7), rawLetter('A subject that tells'))
  const bridge = await start()
  const client = await imapClient(bridge.imapPort, { name: 'tester', password })
  await filled(client, 'INBOX', 1)
  const draft = rawLetter('A draft that tells').toString('latin1')
  t.match(await client.ask(`APPEND Drafts {${draft.length}+}\r\n${draft}`), /APPENDUID/)
  await bridge.close()
  const folder = join(home, 'bridge', 'data')
  const all = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'))
  for (const word of ['that tells', own, other, '0000007', 'INBOX'])
    t.notOk(
      all.some((text) => text.includes(word)),
      word,
    )
  const disk = await openBridgeDisk(home)
  await t.rejects(openStore({ disk, key: new Uint8Array(32), random: systemRandom }), /does not open with the key/)
  await disk.close()
})

test('a letter waits in Outbox for a minute, and whoever takes it out there takes it back', async (t) => {
  const { service, shift, password, start } = bridgeHome(t)
  const first = await start()
  const to = `${other}@bmail.invalid`
  const sent = () => service.calls.filter(({ name }) => name === 'send').length
  shift.limits = { letter: null, day: 4n * 2_210n }
  for (const subject of ['goes', 'to Drafts', 'removed', 'marked'])
    await hand(first.smtpPort, password, { to, subject, messageId: `<${subject.replace(' ', '-')}@example.org>` })
  await hand(first.smtpPort, password, { to, subject: 'goes', messageId: '<goes@example.org>' })
  await t.rejects(
    hand(first.smtpPort, password, { to, subject: 'another', messageId: '<goes@example.org>' }),
    /same Message-ID waits in Outbox/,
  )
  const client = await imapClient(first.imapPort, { name: 'tester', password })
  t.match(await client.ask('SELECT Outbox'), /\* 4 EXISTS/, 'what is handed in twice waits once')
  const copy = 'Message-ID: <goes@example.org>\r\n\r\nHello\r\n'
  t.match(await client.ask(`APPEND Sent {${copy.length}+}\r\n${copy}`), /OK Done/)
  t.match(await client.ask(`APPEND Outbox {${copy.length}+}\r\n${copy}`), /NO \[CANNOT\]/)
  await client.ask('UID MOVE 2 Drafts')
  await client.ask('UID STORE 3:4 +FLAGS (\\Deleted)')
  await client.ask('UID EXPUNGE 3')
  // What was taken back is not spent: without that, the day's limit would refuse these.
  for (const subject of ['new', 'newer'])
    await until('there is room', () =>
      hand(first.smtpPort, password, { to, subject, messageId: `<${subject}@example.org>` }),
    )
  shift.ms += 59_000
  await first.close()
  t.equal(sent(), 0, 'not before')
  shift.ms += 2_000
  const second = await start()
  const again = await imapClient(second.imapPort, { name: 'tester', password })
  await filled(again, 'Outbox', 1)
  t.match(await again.ask('UID FETCH 1:* ENVELOPE'), /"marked"/, 'what is marked to be removed waits')
  t.equal(sent(), 3)
  await filled(again, 'Sent', 3)
  await again.ask('SELECT Drafts')
  t.match(await again.ask('FETCH 1 ENVELOPE'), /"to Drafts"/)
})

test('what the daemon refuses as it is to be sent is in Drafts again, and is reported once', async (t) => {
  const { api, service, shift, password, start } = bridgeHome(t)
  const first = await start()
  await hand(first.smtpPort, password, { to: `${other}@bmail.invalid`, bcc: `${shop}@bmail.invalid`, subject: 'Dear' })
  const { quote } = api
  const refusal = { code: 'cannot-pay', sentence: 'You have too little for that.' }
  api.quote = async (request) => ({ ...(await quote(request)), refusal })
  shift.ms += 61_000
  const client = await imapClient(first.imapPort, { name: 'tester', password })
  await filled(client, 'INBOX', 2)
  t.match(await client.ask('UID FETCH 1 BODY[]'), /You have too little for that/)
  await client.ask('SELECT Drafts')
  t.match(
    await client.ask('FETCH 1 BODY[]'),
    new RegExp(`Bcc: <${shop}@bmail.invalid>`, 'i'),
    'all of it is there again',
  )
  await first.close()
  const again = await imapClient((await start()).imapPort, { name: 'tester', password })
  shift.ms += 61_000
  service.put(letterNumber(5), rawLetter('letter 5'))
  await filled(again, 'INBOX', 3)
  t.match(await again.ask('STATUS Outbox (MESSAGES)'), /MESSAGES 0/)
})

test('a daemon that does not answer is asked again, and a letter that is being sent cannot be taken back', async (t) => {
  const { api, shift, password, start } = bridgeHome(t)
  const { smtpPort, imapPort } = await start()
  await hand(smtpPort, password, { to: `${other}@bmail.invalid`, subject: 'a' })
  const client = await imapClient(imapPort, { name: 'tester', password })
  await client.ask('SELECT Outbox')
  const { send } = api
  let asked = 0
  let goOn = () => {}
  api.send = async (request) => {
    asked++
    if (asked === 1) throw Object.assign(new Error('The daemon did not answer.'), { code: 'no-answer' })
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    return send(request)
  }
  shift.ms += 61_000
  await until('it is asked twice', () => asked === 2)
  t.match(await client.ask('UID MOVE 1 Drafts'), /NO .*cannot be taken back any more/)
  goOn()
  await filled(client, 'Sent', 1)
  await filled(client, 'Outbox', 0)
  t.match(await client.ask('STATUS Drafts (MESSAGES)'), /MESSAGES 0/)
  t.match(await client.ask('STATUS INBOX (MESSAGES)'), /MESSAGES 0/, 'nothing to report')
})

test('a search in the words of letters asks the daemon for none of them', async (t) => {
  const { service, password, start } = bridgeHome(t)
  for (let number = 250; number > 0; number--)
    service.put(letterNumber(number), rawLetter(`letter ${number}`, `X-Odd: ${number}`))
  const client = await imapClient((await start()).imapPort, { name: 'tester', password })
  await filled(client, 'INBOX', 250)
  const fetched = () => service.calls.filter(({ name }) => name === 'raw').length
  const before = fetched()
  t.equal((await uids(client, 'BODY hello')).split(' ').length, 250)
  t.equal(await uids(client, 'TEXT "letter 249"'), '249')
  t.equal(await uids(client, 'HEADER X-Odd 17'), '17 117 170 171 172 173 174 175 176 177 178 179 217')
  await client.ask('UID COPY 249 Archive')
  await client.ask('SELECT Archive')
  t.equal(await uids(client, 'TEXT "letter 249"'), '1')
  t.equal(fetched(), before)
})
