/** Writing and reading from the command line, before a daemon whose mailbox is in memory. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { when } from '../../cli/print.ts'
import { parseLetter } from '../../node/letter/parser.ts'
import type { SendRequest, WholeMessage } from '../../node/sending.ts'
import { Refusal, type Summary } from '../../node/service.ts'
import { mailboxHome } from '../kit/command.ts'
import { until } from '../kit/patience.ts'
import { idOf, letter, other, own, plain, quote, received, type ServiceFixture } from '../kit/service-fixture.ts'

/** The message that was sent last, as the mailbox keeps it. */
async function sentBytes(service: ServiceFixture): Promise<Buffer> {
  const { id } = (await service.messages({ folder: 'sent' })).at(-1)!
  return Buffer.from((await service.message({ id })).raw!, 'base64')
}

/** What a method was asked last. */
const asked = (service: ServiceFixture, method: string) =>
  service.calls.findLast(({ name }) => name === method)?.request as SendRequest

test('a text is composed, with what is attached; a whole message is sent byte for byte', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const attached = Buffer.from([0, 255, 1, 254])
  writeFileSync(join(home, 'data.bin'), attached)
  const file = join(home, 'data.bin')
  const composed = await run(['send', '--to', 'anna', '--subject', 'Grüße', '--attach', file, '--yes'], {
    input: 'It is done.\n',
  })
  t.equal(composed.code, 0, composed.stderr)
  const read = await parseLetter(await sentBytes(service))
  t.match(read, {
    subject: 'Grüße',
    text: /It is done\./,
    from: { name: '', address: own },
    to: [{ name: '', address: other }],
  })
  t.same(Buffer.from(read.attachments[0]!.content), attached)
  t.equal(read.attachments[0]!.filename, 'data.bin')

  const odd = Buffer.from('Subject: odd\nno end of headers \xff\xfe\r\r\n.\n', 'latin1')
  writeFileSync(join(home, 'odd.eml'), odd)
  for (const [args, input] of [
    [['send', join(home, 'odd.eml'), '--to', 'anna', '--yes'], undefined],
    [['send', '--as-is', '--to', 'anna', '--yes'], odd],
    [['send', '-', '--as-is', '--to', 'anna', '--yes'], odd],
  ] as const) {
    const { code, stderr } = await run(args, input === undefined ? {} : { input })
    t.equal(code, 0, stderr)
    t.same(await sentBytes(service), odd, args.join(' '))
  }
  const changed = await run(['send', join(home, 'odd.eml'), '--to', 'anna', '--subject', 'x'])
  t.equal(changed.code, 2, 'a whole message is not changed')
})

test('the price is shown before it is paid, and nothing is paid above the limit', async (t) => {
  const { run, service } = await mailboxHome(t)
  const isSent = () => service.calls.some(({ name }) => name === 'send')
  const dry = await run(['send', '--to', 'anna', '--text', 'Hello', '--dry-run'])
  t.equal(dry.code, 0)
  for (const word of ['×2.00', '×1.10', '2,200', '1,650', 'anna']) t.match(dry.stdout, word)
  t.match(dry.stdout, `this price holds until ${when(quote.holdsUntil)}`)
  const told = await run(['send', '--to', 'anna', '--text', 'Hello', '--dry-run', '--json'])
  t.match(told.json(), { quote: { holdsUntil: quote.holdsUntil } })
  const over = await run(['send', '--to', 'anna', '--text', 'Hello', '--refuse-above', '2199', '--json'])
  t.equal(over.code, 1)
  t.match(over.json(), { error: { code: 'over-maximum', sentence: /2,200 coin.*2,199 coin of --refuse-above/ } })
  const beyond = await run(['send', '--to', 'anna', '--text', 'Hello', '--ask-above', '2199', '--json'])
  t.match(beyond.json(), { error: { code: 'above-limit', sentence: /2,200 coin.*2,199 coin/ } })
  t.notOk(isSent())
  const sent = await run(['send', '--to', 'anna', '--text', 'Hello', '--refuse-above', '2,200', '--as', 'default'])
  t.equal(sent.code, 0, sent.stderr)
  t.match(sent.stderr, /×1\.10/, 'the price is told where questions go')
  t.match(
    sent.stdout,
    /^0{11}\d is submitted; you pay 2,200 coin, and 10 coin that carrying it burns\. Where no batch has it by [-\d: ]+, it is priced and signed again, within that limit\.\n$/,
  )
  t.match(sent.stdout, when(quote.holdsUntil))
  t.match(asked(service, 'quote'), { from: own, to: [other] })
  t.same(asked(service, 'send'), { prepared: quote.prepared, refuseAbove: '2200' })
  for (const [args, refuseAbove] of [
    [['--yes'], '2200'],
    [['--ask-above', '2500'], '2200'],
    [['--ask-above', '100', '--yes'], '2200'],
    [['--refuse-above', '2600'], '2600'],
    [['--refuse-above', '2600', '--yes'], '2600'],
    [['--ask-above', '2500', '--refuse-above', '2600'], '2600'],
  ] as const) {
    const { stderr } = await run(['send', '--to', 'anna', '--text', 'Hello', ...args])
    t.match(asked(service, 'send'), { refuseAbove }, `sent with ${args.join(' ')}`)
    t.match(stderr, `the fee is no more than ${refuseAbove.replace('2', '2,')} coin:`, 'as it was said')
  }
})

test('what was quoted is sent by its handle, and whole where the daemon has it no more', async (t) => {
  const { run, service } = await mailboxHome(t)
  const sends = () => service.calls.filter(({ name }) => name === 'send').map(({ request }) => request)
  const args = ['send', '--to', 'anna', '--text', 'Hello', '--yes', '--json']
  const first = await run(args)
  t.equal(first.code, 0, first.stderr)
  t.same(sends(), [{ prepared: quote.prepared, refuseAbove: '2200' }], 'the message is not handed over again')
  const { prepared: _, ...price } = quote
  t.match(first.json(), { message: { state: 'submitted' }, opId: /^[0-9a-f]{64}$/, quote: price, feeMax: '2200' })

  const stale = 'd1'.repeat(16)
  const { quote: quoting } = service
  const whole: WholeMessage[] = []
  Object.assign(service, {
    quote: async (message: WholeMessage) => {
      whole.push(message)
      return { ...(await quoting(message)), prepared: stale }
    },
  })
  const again = await run(args)
  t.equal(again.code, 0, again.stderr)
  t.equal(again.stderr, first.stderr, 'nobody notices')
  t.same(sends().slice(1), [
    { prepared: stale, refuseAbove: '2200' },
    { ...whole[0], refuseAbove: '2200' },
  ])
  t.equal((await service.messages({ folder: 'sent' })).length, 2, 'sent once each')
  const followed = await run([...args, '--wait', '--until', 'settled', '--timeout', '1'])
  t.match(followed.json(), { error: { code: 'timeout' } }, 'also where it is followed')
  t.equal((await service.messages({ folder: 'sent' })).length, 3)

  Object.assign(service, {
    send: async () => {
      throw new Refusal('over-maximum', 'The fee is above the maximum.')
    },
  })
  t.match((await run(args)).json(), { error: { code: 'over-maximum' } }, 'any other no is final')
})

test('what was sent before is said to be, and nothing is asked, taken or sent for it', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const file = join(home, 'invoice.eml')
  writeFileSync(file, letter('Message-ID: <7@x>', 'Subject: Invoice', '', 'Please pay.', ''))
  const message: Summary = { ...received, folder: 'sent', note: 'delivered: its lock is open' }
  service.put(message)
  const { prepared: _, refusal: __, alreadySent: ___, ...price } = quote
  const alreadySent = { message, opId: '34'.repeat(32), quote: price, repeated: true }
  const { quote: quoting } = service
  const answers = (answer: Partial<typeof quote>) =>
    Object.assign(service, {
      quote: async (asked: WholeMessage) => ({ ...(await quoting(asked)), tier: null, ...(asked.again ? {} : answer) }),
    })
  answers({ alreadySent })
  const calls = () => service.calls.filter(({ name }) => name === 'send' || name === 'takePass').length
  const args = ['send', file, '--to', 'anna']
  const said =
    'already sent: 000000000000 is released in batch 5 (delivered: its lock is open); nothing more is paid for it. --again sends it once more.\n'
  for (const more of [[], ['--yes'], ['--wait'], ['--refuse-above', '1']]) {
    const { code, stdout, stderr } = await run([...args, ...more])
    t.equal(code, 0, stderr)
    t.equal(stdout, said, more.join(' '))
  }
  t.match((await run([...args, '--json'])).json(), { ...alreadySent, feeMax: quote.fee })
  for (const shown of [
    ['quote', ...args.slice(1)],
    [...args, '--dry-run'],
  ])
    t.ok((await run(shown)).stdout.endsWith(`\n${said}`), shown.join(' '))
  t.equal(calls(), 0)
  service.put({ ...message, state: 'refused', note: 'it costs more by now' })
  const followed = await run([...args, '--wait', '--json'])
  t.match(followed.json(), { error: { code: 'refused' } }, 'as it is by now, and not as it was when it was quoted')
  answers({ refusal: { code: 'key-reused', sentence: 'Another letter went.' } })
  t.match((await run([...args, '--yes', '--json'])).json(), { error: { code: 'key-reused' } })
  t.equal(calls(), 0, 'nor is a pass taken for what is refused')

  const again = await run([...args, '--again', '--yes', '--no-pass'])
  t.equal(again.code, 0, again.stderr)
  t.match(asked(service, 'quote'), { again: true })
  t.same(asked(service, 'send'), { prepared: quote.prepared, again: true, refuseAbove: '2200' })
})

test('a key goes with the price and the letter, and is one', async (t) => {
  const { run, service } = await mailboxHome(t)
  const args = ['send', '--to', 'anna', '--text', 'Hello', '--yes', '--no-pass']
  const key = 'an invoice: "7" \\ 8'
  const { code, stderr } = await run([...args, '--key', key])
  t.equal(code, 0, stderr)
  for (const method of ['quote', 'send']) t.match(asked(service, method), { idempotencyKey: key }, method)
  const before = service.calls.length
  for (const wrong of ['', '  ', 'für Anna', 'a\nb', 'x'.repeat(256)]) {
    const refused = await run([...args, '--key', wrong, '--json'])
    t.equal(refused.code, 2, wrong)
    t.match(refused.json(), { error: { code: 'usage', sentence: /1 to 255 printable characters/ } })
  }
  const both = await run([...args, '--key', key, '--again', '--json'])
  t.match(both.json(), { error: { code: 'usage', sentence: /Give one of them/ } })
  t.equal(service.calls.length, before, 'nothing was asked')
})

test('--wait follows a message from state to state', async (t) => {
  const { run, service } = await mailboxHome(t)
  const { send } = service
  const follow = (...states: readonly Pick<Summary, 'state' | 'note'>[]) =>
    Object.assign(service, {
      send: async (request: SendRequest) => {
        const sent = await send(request)
        setImmediate(() => {
          for (const state of states) service.put({ ...sent.message, ...state, batchHeight: '9' })
        })
        return sent
      },
    })
  const paid = { state: 'settled', note: 'waiting for 2 of 3 keepers' } as const
  follow(paid, { state: 'released', note: '' })
  const released = await run(['send', '--to', 'anna', '--text', 'Hello', '--yes', '--wait'])
  t.equal(released.code, 0, released.stderr)
  t.match(released.stderr, /\nsubmitted: waiting for a batch\nsettled: waiting for 2 of 3 keepers\nreleased\n$/)
  t.match(released.stdout, /is released in batch 9/)
  follow(paid)
  const settled = await run([
    'send',
    '--to',
    'anna',
    '--text',
    'Hello',
    '--yes',
    '--wait',
    '--until',
    'settled',
    '--json',
  ])
  t.match(settled.json(), { message: { state: 'settled', batchHeight: '9' } })
  follow({ state: 'refused', note: 'The balance does not cover this.' })
  const refused = await run(['send', '--to', 'anna', '--text', 'Hello', '--yes', '--wait', '--json'])
  t.equal(refused.code, 1)
  t.same(refused.json(), { error: { code: 'refused', sentence: 'The balance does not cover this.' } })
  follow(paid)
  // Where a second is too short for anything to be told, the sentence says of what stood before.
  await until('it gives up on what is settled', async () => {
    const late = await run(['send', '--to', 'anna', '--text', 'Hello', '--yes', '--wait', '--timeout', '1', '--json'])
    const { error } = late.json() as { error: { code: string; sentence: string } }
    t.equal(error.code, 'timeout')
    return error.sentence.includes('settled: waiting for 2 of 3 keepers')
  })
})

/** What a terminal obeys, what turns the reading direction, and what is there without being seen. */
const dangerous = /[[\p{Cc}\p{Default_Ignorable_Code_Point}]--\n]/v

test('nothing that came in a message reaches the terminal as a command to it', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const evil = '\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x9b31m\b\r\u200b\u{e0041}\x1bPhidden\x1b\\\x9d2;hidden\x9c'
  const subject = Buffer.from(evil).toString('base64')
  const raw = letter(
    `Subject: =?utf-8?B?${subject}?=`,
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    subject,
    '--b',
    'Content-Disposition: attachment; filename="../../\x1b[2J.bashrc"',
    '',
    'x',
    '--b--',
  )
  service.put({ ...received, subject: evil, note: evil, state: 'settled' }, raw)
  await service.setContact({ name: evil, address: other })
  for (const args of [['inbox'], ['read', received.id], ['contacts']]) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, 0, stderr)
    t.notMatch(stdout, dangerous, args.join(' '))
    t.notMatch(stdout, 'hidden', 'nor what stands in a string of its commands')
    t.match(stdout, 'gnp.exe')
  }
  const folder = join(home, 'in')
  // A message that cannot be taken apart within seconds is given up; on a slow machine somebody asks again.
  const paths = await until('something is saved', async () => {
    const { saved } = (await run(['read', received.id, '--attachments', folder, '--json'])).json() as {
      saved: string[]
    }
    return saved.length > 0 && saved
  })
  t.equal(paths.length, 1)
  t.match(paths[0]!.slice(folder.length), /^\/[^/]+$/)
  t.notMatch(paths[0]!, dangerous)
})

test('a message is read as text, raw, or with its attachments; a closed one says so', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  service.put(received, plain)
  const shown = await run(['read', received.id])
  t.match(shown.stdout, /from +anna <bm1.*subject +Good day.*earned +1,650 coin.*How are you\?/s)
  const raw = await run(['read', received.id, '--raw'])
  t.equal(raw.stdout, plain.toString())
  const { code, json } = await run(['read', received.id, '--json'])
  t.equal(code, 0)
  t.match(json(), { raw: plain.toString('base64'), letter: { text: /How are you/, attachments: [] } })
  const large = Buffer.concat([plain, Buffer.alloc(2_000_000, 'and so on\r\n')])
  service.put(received, large)
  const cut = await run(['read', received.id])
  t.match(cut.stdout, /How are you\?/)
  t.match(cut.stdout, /\n… and 1,\d{3},\d{3} characters more; all of it: bmail read 0+ --raw\n$/)
  t.ok(cut.stdout.length < 300_000)
  t.equal((await run(['read', received.id, '--raw'])).stdout, large.toString())
  t.equal(service.calls.filter(({ name }) => name === 'message').length, 1, 'only a program is given all of it at once')
  service.put({ ...received, id: idOf(7), state: 'settled', note: 'waiting for 2 of 3 keepers' })
  const closed = await run(['read', idOf(7)])
  t.equal(closed.code, 1)
  t.match(closed.stderr, /is settled: waiting for 2 of 3 keepers\./)

  const reply = await run(['reply', received.id, '--text', 'Well, thank you.', '--yes'])
  t.equal(reply.code, 0, reply.stderr)
  const answer = await parseLetter(await sentBytes(service))
  t.match(answer, { subject: 'Re: Good day', references: ['<1@x>'], text: /Well, thank you\./ })
  t.match((await sentBytes(service)).toString(), /^In-Reply-To: <1@x>\r$/m)
  t.same(asked(service, 'quote').to, [other])

  const file = join(home, 'paid.receipt')
  t.equal((await run(['receipt', received.id, '--save', file])).code, 0)
  t.equal(readFileSync(file, 'utf8'), 'receipt')
})

test('an empty letter, input without an end, and a limit that is none are refused before anything is paid', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const before = service.calls.filter(({ name }) => name === 'send').length
  for (const args of [
    ['--text', ''],
    ['--text', ' \n\u200b'],
    ['--text', '', '--subject', ' '],
  ]) {
    const { code, stderr } = await run(['send', '--to', 'anna', ...args, '--yes'])
    t.equal(code, 1)
    t.match(stderr, /The message is empty; nothing was sent\. Give it a text, a subject or an attachment\./)
  }
  for (const limit of ['-5', 'much', ''])
    for (const flag of ['--ask-above', '--refuse-above']) {
      const { code, stderr } = await run(['send', '--to', 'anna', '--text', 'x', `${flag}=${limit}`, '--yes'])
      t.match({ code, stderr }, { code: 2, stderr: /is an amount like 12 coin, and not/ }, `${flag}=${limit}`)
    }
  for (const args of [['--attach', '/dev/zero', '--text', 'x'], ['/dev/zero'], ['--as-is', '/dev/zero']]) {
    const { code, stderr } = await run(['send', '--to', 'anna', ...args, '--yes'])
    t.match({ code, stderr }, { code: 1, stderr: /\/dev\/zero is larger than a message may be, which is 16 MiB/ })
  }
  const piped = await run(['send', '--to', 'anna', '--yes'], { input: Buffer.alloc(17 * 1024 * 1024, 'x') })
  t.match(piped, { code: 1, stderr: /What came on standard input is larger than a message may be/ })
  t.equal(service.calls.filter(({ name }) => name === 'send').length, before, 'nothing was sent')

  const empty = await run(['send', '--to', 'anna', '--text', '', '--attach', join(home, 'bmail.toml'), '--yes'])
  t.equal(empty.code, 0, 'what is attached is something')
})
