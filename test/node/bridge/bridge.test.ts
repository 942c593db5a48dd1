/** The bridge as a mail program sees it: letters come once, verdicts can be undone, refusals come as mail, limits hold. */
import { createTransport } from 'nodemailer'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { openBridgeDisk, openStore } from '../../../node/bridge/store.ts'
import { systemRandom } from '../../../node/system-random.ts'
import { until } from '../../kit/patience.ts'
import { other, own } from '../../kit/service-fixture.ts'
import { bridgeHome, imapClient, letterNumber, rawLetter } from './bridge-fixture.ts'

type Client = Awaited<ReturnType<typeof imapClient>>

const uids = async (client: Client, question = 'ALL'): Promise<string> =>
  /\* SEARCH ?(.*)\r\n/.exec(await client.ask(`UID SEARCH ${question}`))![1]!

/** Wait until so many messages are in a folder, which is open then. */
const filled = (client: Client, folder: string, count: number): Promise<true> =>
  until(
    `${count} in ${folder}`,
    async () => (await client.ask(`SELECT ${folder}`)).includes(`* ${count} EXISTS`) || false,
  )

const hand = (port: number, password: string, letter: { to: string; subject: string; messageId?: string }) =>
  createTransport({ host: '127.0.0.1', port, auth: { user: 'tester', pass: password } }).sendMail({
    ...letter,
    from: 'default@bmail.invalid',
    text: 'Hello',
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

test('what is refused after it was handed in comes as a report, once', async (t) => {
  const { service, password, start } = bridgeHome(t)
  const bridge = await start()
  await hand(bridge.smtpPort, password, { to: `${other}@bmail.invalid`, subject: 'Hello' })
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
  t.equal(sends(), 1, 'what was refused was not sent')
  shift.ms += 24 * 60 * 60 * 1_000
  await hand(smtpPort, password, { to, subject: 'd' })
  t.equal(sends(), 2)
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
