/** What people type, paste and name at the command line, and what it says to it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { shortened, when } from '../../cli/print.ts'
import { latestFirst } from '../../node/mailbox/summaries.ts'
import type { SendRequest } from '../../node/sending.ts'
import type { Summary } from '../../node/service.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { mailboxHome } from '../kit/command.ts'
import { idOf, letter, other, own, plain, received, type ServiceFixture, shop } from '../kit/service-fixture.ts'

const asked = (service: ServiceFixture, method: string) =>
  service.calls.findLast(({ name }) => name === method)?.request as SendRequest

test('messages are listed as they were settled, with what they claim beside it', async (t) => {
  const day = 86_400_000
  const settledAt = 1_800_000_000_000
  const ages: Readonly<Record<string, Partial<Summary>>> = {
    waiting: { settledAt: null, date: settledAt + 9 * day, state: 'submitted' },
    honest: { settledAt: settledAt + 5 * day, date: settledAt + 5 * day - 60_000 },
    'clock of 2019': { settledAt: settledAt + 4 * day, date: Date.parse('2019-05-05T12:00Z') },
    'says nothing': { settledAt: settledAt + 3 * day, date: settledAt + 3 * day },
    'refused long ago': { settledAt: null, date: settledAt + 2 * day, state: 'refused' },
    'later in a batch': { settledAt: settledAt + day, date: settledAt + day - 1 },
    'earlier in a batch': { settledAt: settledAt + day, date: settledAt + day - 2 },
    'from 2099': { settledAt, date: Date.parse('2099-01-01T12:00Z') },
  }
  const messages = Object.entries(ages).map(([subject, age], at) => ({ ...received, id: idOf(at), subject, ...age }))
  const shuffled = [3, 7, 0, 6, 1, 5, 2, 4].map((at) => messages[at]!)
  t.strictSame(latestFirst(shuffled), messages)
  t.strictSame(latestFirst(messages.toReversed()), messages)

  const { run, service } = await mailboxHome(t)
  const [, , old] = messages
  service.put(old!, plain)
  const list = (await run(['inbox'])).stdout
  t.match(list, /^id +settled +dated +from/)
  t.match(list, new RegExp(`${when(old!.settledAt!)}  ${when(old!.date)}  anna`))
  service.put({ ...old!, date: old!.settledAt! }, plain)
  t.match((await run(['inbox'])).stdout, new RegExp(`${when(old!.settledAt!)} {3,}anna`), 'what claims nothing')
  const dated = async (date: string) => {
    service.put(old!, letter(`Date: ${date}`, 'Subject: x', '', 'words'))
    return (await run(['read', old!.id])).stdout
  }
  t.match(await dated('Sun, 05 May 2019 12:00:00 +0000'), `dated    ${when(Date.parse('2019-05-05T12:00Z'))}\n`)
  t.match(await dated('the day after tomorrow'), /settled +2027-.*\ndated +the day after tomorrow\n/)
})

test('no subject and no number of readers stretches the list', async (t) => {
  const { run, service } = await mailboxHome(t)
  for (const [at, subject] of ['x'.repeat(500), '你'.repeat(250), '👩‍👩‍👧'.repeat(100)].entries())
    service.put({ ...received, id: idOf(at), subject }, plain)
  const to = Array.from({ length: 100 }, () => other)
  service.put({ ...received, id: idOf(9), folder: 'sent', to, subject: 'to many' }, plain)
  for (const args of [['inbox'], ['inbox', '--sent']])
    for (const line of (await run(args)).stdout.split('\n'))
      t.notMatch(shortened(line.replaceAll(' ', '.'), 130), /…$/, line)
  t.match((await run(['inbox', '--sent'])).stdout, /anna and 99 more/)
  t.equal(shortened('abcdef', 6), 'abcdef')
  t.equal(shortened('abcdefg', 6), 'abcde…')
  t.equal(shortened('你你你', 6), '你你你')
  t.equal(shortened('你你你你', 6), '你你…')
  t.equal(shortened('', 6), '')
})

test('an address is taken as it was pasted, wherever one is', async (t) => {
  const { run, service } = await mailboxHome(t)
  for (const pasted of [`Anna Ö. <${other}>`, `mailto:${other}?subject=x`, ` "${other}" `, other.toUpperCase()]) {
    const { code, stderr } = await run(['send', '--to', pasted, '--text', 'x', '--yes'])
    t.equal(code, 0, stderr)
    t.same(asked(service, 'quote').to, [other], pasted)
  }
  t.equal((await run(['contacts', 'add', 'berta', `Berta <${own}>`])).stdout, `${own} is called berta.\n`)
  t.same(asked(service, 'setContact'), { name: 'berta', address: own })
  await run(['transfer', `<${other}>`, '5', '--yes'])
  t.match(asked(service, 'transfer'), { to: other })
  await run(['send', '--to', 'anna', '--as', `Shop <${shop.address}>`, '--text', 'x', '--yes'])
  t.match(asked(service, 'quote'), { from: shop.address })
  const before = service.calls.length
  for (const words of [
    ['send', '--to', '', '--text', 'x', '--yes'],
    ['transfer', ' ', '5', '--yes'],
    ['contacts', 'add', 'cyd', ''],
  ]) {
    const { code, json } = await run([...words, '--json'])
    t.equal(code, 1)
    t.match(json(), { error: { code: 'address', sentence: /^The address is empty\. An address looks like bm1/ } })
  }
  t.strictSame(
    service.calls.slice(before).filter(({ name }) => !['status', 'pseudonyms', 'contacts'].includes(name)),
    [],
    'nothing is asked for',
  )
})

test('what cannot be sent is refused in a sentence and with a code, and nothing is paid', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(home, name), content)
    return join(home, name)
  }
  const mixed = `bm1${other.slice(3).toUpperCase()}`
  const to = ['--to', 'anna']
  const many = Array.from({ length: 101 }, () => ['--to', 'anna']).flat()
  const cases: [args: string[], code: string, sentence: RegExp][] = [
    [['send', ...to, file('nothing.txt', '')], 'empty', /nothing\.txt is empty; nothing was sent/],
    [['send', ...to, file('blank.txt', ' \n\ufeff'), '--subject', 'x'], 'empty', /blank\.txt is empty/],
    [['send', ...to, file('nothing.eml', '')], 'empty', /nothing\.eml is empty/],
    [['send', ...to, file('blank.eml', '\r\n \r\n')], 'empty', /blank\.eml is empty/],
    [['send', ...to, file('mark.eml', '\ufeff')], 'empty', /mark\.eml is empty/],
    [['send', ...to, file('head.eml', 'From: a@b\nTo: c@d\n\n')], 'empty', /head\.eml is empty/],
    [
      ['send', ...to, file('parts.eml', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\n--b--\n')],
      'empty',
      /parts\.eml/,
    ],
    [['send', ...to, file('page.eml', 'Content-Type: text/html\n\n<p> </p>')], 'empty', /page\.eml/],
    [['send', ...to, '--as-is', file('other.msg', '')], 'empty', /other\.msg is empty/],
    [
      ['send', ...to, '--text', 'x', '--attach', file('nothing.pdf', '')],
      'empty',
      /nothing\.pdf is empty.*Leave it out/,
    ],
    [['send', '--to', mixed, '--text', 'x'], 'address', /mixes small and capital letters/],
    [['send', '--to', `Anna <${mixed}>`, '--text', 'x'], 'address', /mixes small and capital letters/],
    [['contacts', 'add', 'berta', mixed], 'address', /mixes small and capital letters/],
    [['send', '--to', other.slice(0, -1), '--text', 'x'], 'address', /has 40 characters instead of 41/],
    [['send', '--to', `${other} ${own}`, '--text', 'x'], 'address', /holds 2 addresses/],
    [['send', ...to, ...to, '--text', 'x'], 'recipient-repeated', /“anna” is named twice\. Name each recipient once/],
    [
      ['send', ...to, '--to', `<${other}>`, '--text', 'x'],
      'recipient-repeated',
      /“anna” and “<bm1.*>” are one recipient/,
    ],
    [
      ['send', ...many, '--text', 'x'],
      'too-many-recipients',
      /101 recipients are named.*no more than 100|no message takes more than 100/,
    ],
  ]
  for (const [args, code, sentence] of cases) {
    const ran = await run([...args, ...(args[0] === 'send' ? ['--yes'] : []), '--json'])
    t.equal(ran.code, 1, args.join(' '))
    t.match(ran.json(), { error: { code, sentence } }, args.join(' '))
  }
  t.equal(
    service.calls.some(({ name }) => name === 'send' || name === 'quote'),
    false,
  )
  for (const said of ['Subject: only\n\n', 'Content-Type: image/png\n\nx', 'words']) {
    const { code, stderr } = await run(['send', ...to, file('said.eml', said), '--yes'])
    t.equal(code, 0, stderr)
  }
})

test('all of many who got a message, and of what is attached to it, are shown', async (t) => {
  const { run, service } = await mailboxHome(t)
  const names = Array.from({ length: 100 }, (_, at) => `${String(at).padStart(3, '0')}.txt`)
  const parts = names.map((name) => `--b\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\nx\r\n`)
  const to = names.map((_, at) => encodeAddress(new Uint8Array(20).fill(at + 100)))
  service.put({ ...received, to }, letter('Content-Type: multipart/mixed; boundary=b', '', `${parts.join('')}--b--`))
  const { stdout } = await run(['read', received.id])
  for (const shown of [...names.map((name) => `${name} (`), ...to]) t.ok(stdout.includes(shown), shown)
})

test('what is attached is saved though one of it cannot be', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const names = ['a.txt', 'b.txt', 'a.txt', `${'ü'.repeat(300)}.pdf`]
  const parts = names.map((name) => `--b\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\nx\r\n`)
  service.put(received, letter('Content-Type: multipart/mixed; boundary=b', '', `${parts.join('')}--b--`))
  const folder = join(home, 'in')
  mkdirSync(folder)
  // A thousand names are taken: by nothing else can a folder be kept from a file for everybody, root included.
  for (let copy = 0; copy < 1000; copy++) writeFileSync(join(folder, copy === 0 ? 'b.txt' : `${copy}-b.txt`), 'before')
  const { code, json } = await run(['read', received.id, '--attachments', folder, '--json'])
  t.equal(code, 1)
  const saved = ['a.txt', '1-a.txt', `${'ü'.repeat(98)}.pdf`].map((name) => join(folder, name))
  t.match(json(), { saved, unsaved: [{ filename: 'b.txt', sentence: /b\.txt could not be saved/ }] })
  for (const path of saved) t.match(readFileSync(path, 'utf8'), /^x/)
  t.equal(readdirSync(folder).length, 1003)
  const said = await run(['read', received.id, '--attachments', folder])
  t.match(said.stderr, /b\.txt could not be saved \(1000 files are called so already\)\. What else is attached was\./)
  t.match(said.stdout, /\nsaved .*2-a\.txt/)
  writeFileSync(join(home, 'file'), '')
  const none = await run(['read', received.id, '--attachments', join(home, 'file'), '--json'])
  t.match(none.json(), { error: { code: 'file', sentence: /file is no folder, and none can be made there/ } })
  // As of a variable that is not set: what is attached is not left where it is without a word.
  const unnamed = await run(['read', received.id, '--attachments', ''])
  t.equal(unnamed.code, 1)
  t.match(unnamed.stderr, /An empty name is no folder/)
})

test('that nothing attached can be found is said, and not taken for nothing', async (t) => {
  const { run, service, home } = await mailboxHome(t)
  const slow = `--b\r\nContent-Type: text/html\r\n\r\n${'<a href="'.repeat(200_000)}\r\n`
  const file = '--b\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nx\r\n--b--'
  service.put(received, letter('Content-Type: multipart/mixed; boundary=b', '', `${slow}${file}`))
  const { code, json } = await run(['read', received.id, '--attachments', join(home, 'in'), '--json'])
  t.equal(code, 1)
  t.match(json(), { error: { code: 'unreadable', sentence: /takes too much time or memory.*--raw/ } })
})

test('the codes of errors stay as programs know them', async (t) => {
  const folder = join(import.meta.dirname, '../../cli')
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  const thrown = texts.flatMap((text) => [...text.matchAll(/CommandError\(\s*'([a-z-]+)'/g)].map(([, code]) => code!))
  const named = readFileSync(join(folder, 'errors.ts'), 'utf8')
  const table = [...named.matchAll(/(?:Error: |code: |\?\? |heldCode = )'([a-z-]+)'/g)].map(([, code]) => code!)
  t.strictSame(new Set([...thrown, ...table].toSorted()), new Set(codes))
})

/** What a program may go by. New ones are added here; none of these goes, or changes what it says. */
const codes = [
  'above-limit',
  'address',
  'attack',
  'bug',
  'cancelled',
  'card',
  'config',
  'consent-missing',
  'daemon-failed',
  'daemon-up',
  'damaged',
  'denomination-unknown',
  'disk-failing',
  'editor',
  'empty',
  'exposed',
  'failure',
  'file',
  'format',
  'give-back-over',
  'halted',
  'home-held',
  'home-taken',
  'home-unknown',
  'keystore',
  'locked',
  'network-file',
  'no-answer',
  'no-daemon',
  'no-home',
  'not-found',
  'not-personal',
  'not-recipient',
  'over-maximum',
  'passphrase-differs',
  'passphrase-missing',
  'passphrase-short',
  'passphrase-unseen',
  'receipt-wrong',
  'recipient-repeated',
  'refused',
  'report',
  'set-up',
  'set-up-missing',
  'system',
  'timeout',
  'too-large',
  'too-many-recipients',
  'trace',
  'unreadable',
  'usage',
]
