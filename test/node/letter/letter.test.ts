import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { composeLetter } from '../../../node/letter/compose.ts'
import { type ParsedLetter, parseHead, parseLetter, parsePage } from '../../../node/letter/parser.ts'
import { openLetterReader } from '../../../node/letter/reader.ts'
import { printableFilename, printableLine, printableText } from '../../../node/letter/printable.ts'
import { pack } from '../../../node/seal/content.ts'
import { type Sealed, type Sealing, sealKeyPairFromSeed } from '../../../node/seal/seal.ts'
import { keeperKeyPairFromSeed } from '../../../node/seal/share.ts'
import { openWithLockKey } from '../../../node/seal/unseal.ts'
import { bombOf, packedAnyhow } from '../../kit/bombs.ts'
import { patienceMs, until } from '../../kit/patience.ts'

const seeded = (seed: string) => {
  let drawn = 0
  return (length: number) =>
    new Uint8Array(createHash('shake256', { outputLength: length }).update(`${seed} ${drawn++}`).digest())
}
const bytes = (text: string) => new TextEncoder().encode(text)

/** Two people, all that sealing from one to the other needs, and what the other finds in it. */
async function correspondents() {
  const random = seeded('people')
  const person = async () => ({ ...(await sealKeyPairFromSeed(random(32))), address: random(20) })
  const [sender, recipient] = [await person(), await person()]
  const network = random(32)
  const lockKey = keeperKeyPairFromSeed(random(32)).publicKey
  const sealing: Sealing = {
    network,
    keeperSet: { version: 1, threshold: 1, members: [{ lockKey }] },
    sender: { address: sender.address, sealKey: sender.publicKey },
    recipients: [{ address: recipient.address, sealKey: recipient.publicKey }],
    maxSizeClass: 8,
  }
  const parties = { sender: sender.address, recipients: [recipient.address] }
  const own = { ownAddress: recipient.address, sealSeeds: [recipient.seed] }
  const opened = ({ envelope, lockKey }: Pick<Sealed, 'envelope' | 'lockKey'>) =>
    openWithLockKey({ envelope, network, ...parties, lockKey, ...own })
  return { sealing, parties, opened }
}

const ann = { name: 'Ann Ö.', address: 'bm1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq' }
const bob = { name: '', address: 'bm1zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz' }
const draft = {
  date: new Date('2026-11-22T12:00:00Z'),
  from: ann,
  to: [bob, ann],
  subject: 'Grüße, and a subject that is long enough to be folded onto a second line by whoever writes it down',
  text: 'Dear Bob,\n.\nFrom here — 你好\n-- \nAnn\n',
}

test('what is composed is read', async (t) => {
  const attachments = [
    { filename: 'ü name.bin', mimeType: 'application/octet-stream', content: seeded('file')(3000) },
    { filename: 'note.txt', mimeType: 'text/plain', content: bytes('not the body') },
  ]
  const answer = { inReplyTo: '<a@b>', references: ['<first@b>', '<a@b>'], messageId: '<mine@bmail.invalid>' }
  const letter = await parseLetter(await composeLetter({ ...draft, ...answer, attachments, random: seeded('1') }))
  t.match(letter, {
    subject: draft.subject,
    from: ann,
    date: '2026-11-22T12:00:00.000Z',
    messageId: '<mine@bmail.invalid>',
    references: ['<first@b>', '<a@b>'],
    text: draft.text,
    damaged: false,
  })
  t.same(letter.to, [bob, ann])
  t.same(
    letter.attachments.map(({ filename, mimeType }) => [filename, mimeType]),
    attachments.map(({ filename, mimeType }) => [filename, mimeType]),
  )
  for (const [at, { content }] of attachments.entries())
    t.ok(Buffer.from(letter.attachments[at]!.content).equals(content))
})

test('one draft under one seed is one message', async (t) => {
  const compose = async (seed: string) =>
    Buffer.from(await composeLetter({ ...draft, random: seeded(seed) })).toString()
  t.equal(await compose('1'), await compose('1'))
  t.not(await compose('1'), await compose('2'))
  t.match(await compose('1'), /^Message-ID: <[0-9a-f]{32}@bmail\.invalid>\r$/m)
})

test('a draft cannot bring headers of its own', async (t) => {
  const evil = 'x\r\nX-Evil: yes\nX-Evil: yes\rX-Evil: yes'
  const message = await composeLetter({
    ...draft,
    random: seeded('1'),
    from: { name: evil, address: evil },
    to: [{ name: evil, address: evil }],
    subject: evil,
    messageId: evil,
    inReplyTo: evil,
    references: [evil],
    attachments: [{ filename: evil, mimeType: evil, content: bytes('x') }],
  })
  t.notMatch(Buffer.from(message).toString(), /^X-Evil/m)
})

const shown = (letter: ParsedLetter) =>
  [letter.subject, letter.text, letter.date, letter.messageId, letter.from, letter.to, letter.references]
    .concat(letter.attachments.map(({ filename, mimeType }) => [filename, mimeType].join()))
    .map((part) => JSON.stringify(part ?? ''))
    .join()

const escapes = '\u001b[31mred\u001b]0;title\u0007 \u009b2J \u0000\u0008\u202egnp.exe'
const malformed: Record<string, string | Uint8Array> = {
  'no bytes': '',
  'one byte': '\n',
  zeros: new Uint8Array(5000),
  'every byte': Uint8Array.from({ length: 1024 }, (_, at) => at & 255),
  noise: seeded('noise')(20_000),
  'no header': 'just words',
  'a header and no end': 'Subject: no end',
  'headers alone': 'Subject: a\r\nFrom: b\r\n\r\n',
  'a colon first': ': nothing\n: again\n\nx',
  'no To that is one': 'To: ,,,;:<>,"\nFrom: <<>>@@\n\nx',
  'a date that is none': 'Date: the day after tomorrow\n\nx',
  'a date beyond dates': 'Date: Thu, 99 Foo 99999999999 99:99:99\n\nx',
  'a charset that is none': 'Content-Type: text/plain; charset=klingon\n\nx',
  'words that do not end': 'Subject: =?utf-8?b?4pyT\n\nx',
  'words that are none': 'Subject: =?utf-8?b?!!!?= =?x?q?=FF?= =??q??=\n\nx',
  'base64 that is none': 'Content-Transfer-Encoding: base64\n\n*** not base64 ===',
  'quoted-printable that is none': 'Content-Transfer-Encoding: quoted-printable\n\n=ZZ=\n==3',
  'an encoding that is none': 'Content-Transfer-Encoding: 9bit\n\nx',
  'a boundary that never comes': 'Content-Type: multipart/mixed; boundary=never\n\n--other\n\nx',
  'a boundary of nothing': 'Content-Type: multipart/mixed; boundary=""\n\n--\n\nx\n----\n',
  'no boundary': 'Content-Type: multipart/mixed\n\n--x\n\nx',
  'parts in parts in parts': Array.from(
    { length: 300 },
    (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\n\n--b${at}\n`,
  ).join(''),
  'messages in messages': 'Content-Type: message/rfc822\n\n'.repeat(50),
  'a header too long': `Subject: ${'x'.repeat(2_000_000)}\n\nx`,
  'escapes everywhere': `Subject: ${escapes}\nFrom: "${escapes}" <a@b>\nTo: ${escapes}\nDate: ${escapes}\nMessage-ID: ${escapes}\nReferences: ${escapes}\n\n${escapes}`,
  'an escape in an encoded word': 'Subject: =?utf-8?q?=1B[31mred=07?=\n\nx',
  'an escape in a file name':
    'Content-Type: application/x; name="=?utf-8?q?=1B[31m?="\nContent-Disposition: attachment; filename="=?utf-8?q?../=1B[31m?="\n\nx',
  'half a surrogate': 'Content-Type: text/plain; charset=utf-16le\n\n\u0000\u00d8',
}

for (const [name, content] of Object.entries(malformed))
  test(`malformed: ${name}`, async (t) => {
    const letter = await parseLetter(typeof content === 'string' ? bytes(content) : content)
    t.type(letter.text, 'string')
    t.notMatch(JSON.parse(`[${shown(letter)}]`).join(), /[\p{Cc}--[\n\t]]|\p{Bidi_Control}/v)
    t.ok(shown(letter).isWellFormed())
  })

test('what cannot be parsed is shown as it came', async (t) => {
  const letter = await parseLetter(bytes(`Subject: ${'x'.repeat(2_000_000)}\n\nthe words`))
  t.equal(letter.damaged, true)
  t.match(letter.text, /^Subject: x+$/)
  t.equal(letter.text.length + letter.cut, 2_000_000 + 'Subject: \n\nthe words'.length, 'and cut where nobody reads on')
})

test('a long text is cut, and says by how much; a letter of a hundred pages is not', async (t) => {
  for (const [length, cut] of [
    [250_000, 0],
    [262_143, 0],
    [262_144, 1],
    [1_000_000, 737_857],
  ] as const) {
    const letter = await parseLetter(bytes(`Subject: long\n\n${'x'.repeat(length)}`))
    t.match(letter, { subject: 'long', cut, damaged: false }, `${length} characters`)
    t.equal(letter.text.length + letter.cut, length + 1)
  }
})

test('of what would take the parser’s memory the beginning is shown', async (t) => {
  const head = 'Subject: many\n'
  const kinds: Record<string, string> = {
    lines: `${head}\n${'x\n'.repeat(1_000_000)}`,
    parts: `${head}Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(200_000)}`,
    bytes: `${head}\n${`${'x'.repeat(10_000)}\n`.repeat(1_500)}`,
  }
  for (const [name, text] of Object.entries(kinds)) {
    const page = await parsePage(bytes(text))
    t.match(page, { subject: 'many', damaged: false, bytes: text.length, flaw: undefined }, name)
    t.ok(page.cut > text.length / 2, `${name}: ${page.cut} of ${text.length} are left out`)
    t.ok(page.text.startsWith('x'), name)
  }
  // What comes out of what is encoded, too, and lines that end in CR.
  const encoded = (text: string): string => Buffer.from(text).toString('base64')
  const inside = `${head}Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n`
  const others: Record<string, Uint8Array> = {
    'lines that end in CR': bytes(kinds.lines!.replaceAll('\n', '\r')),
    'parts in another encoding': Buffer.from(`\ufeff${kinds.parts!}`, 'utf16le'),
    'lines of a message inside': bytes(`${inside}${encoded(kinds.lines!)}`),
    'parts of a message inside': bytes(`${inside}${encoded(kinds.parts!)}`),
  }
  for (const [name, content] of Object.entries(others)) {
    const page = await parsePage(content)
    t.match(page, { subject: 'many', damaged: false, bytes: content.length, flaw: undefined }, name)
    t.ok(page.cut > 500_000, `${name}: ${page.cut} of ${content.length} are left out`)
    t.match(page.text, /^x$/m, name)
    t.ok(page.text.length < 64_000, `${name}: ${page.text.length} are taken apart`)
  }
  // A quarter of a megabyte in base64, which is as much as a message of the largest class holds.
  const file = seeded('file')(256 * 1024)
  const attachments = [{ filename: 'a.zip', mimeType: 'application/zip', content: file }]
  const page = await parsePage(await composeLetter({ ...draft, random: seeded('1'), attachments }))
  t.match(page, { cut: 0, attachments: [{ filename: 'a.zip', bytes: file.length }] })
})

test('only so many addressees are listed', async (t) => {
  t.equal((await parseLetter(bytes(`To: ${'a@b,'.repeat(1500)}\n\nx`))).to.length, 1000)
})

test('a page is shown as words', async (t) => {
  const page =
    '<html><style>p { color: red }</style><p>Dear &amp; near</p><script>alert(1)</script><p>caf&eacute;</p></html>'
  const letter = await parseLetter(bytes(`Content-Type: text/html; charset=utf-8\n\n${page}`))
  t.match(letter.text, /^Dear & near\s+café$/)
})

test('a style sheet that does not end stays, and costs no more than any other text', async (t) => {
  const read = async (page: string) => (await parseLetter(bytes(`Content-Type: text/html\n\n${page}`))).text.trim()
  t.equal(await read('<STYLE a>one</style >two<style>three</style\n>four'), 'twofour')
  t.match(await read('<style>one</style>two<style >three'), /^two\s*three$/)
  // Each of them was followed to the end of the page, which takes minutes.
  for (const end of ['', '</style']) t.match(await read(`one${'<style '.repeat(280_000)}${end}`), /^one<style /)
})

test('a file of more lines than a call takes arguments is shown though it is damaged', async (t) => {
  const lines = `begin 644 a.bin\n${'#0V%T\n'.repeat(200_000)}\x7f\n`
  const letter = await parseLetter(bytes(`Subject: many\n\n${lines}`))
  t.match(letter, { subject: 'many', damaged: false, text: /^\[a\.bin, uuencoded, and damaged:\]\n/ })
})

test('a message that is made to be slow stops itself, and the next one is read', async (t) => {
  const reader = openLetterReader()
  t.teardown(() => reader.close())
  const slow = bytes(`Content-Type: text/html\n\n${'<a href="'.repeat(200_000)}`)
  const read = async (text: string) => {
    const letter = await reader.read({ content: bytes(text) })
    return !letter.damaged && letter
  }
  // A thread that took too long to start has read nothing, either; asked again, the next one reads it.
  const first = await until('the first is read', () => read('Subject: first\n\nx'))
  const [second, third] = await Promise.all([
    reader.read({ content: slow }),
    until('the third is read', () => read('Subject: third\n\ny')),
  ])
  t.match(first, { subject: 'first', text: 'x\n' })
  t.match(second, { subject: '', damaged: true })
  t.match(third, { subject: 'third' })
})

test('a list takes subject and date from a message that is made to be slow, as from any other', async (t) => {
  const reader = openLetterReader({ timeoutMs: patienceMs })
  t.teardown(() => reader.close())
  const fields = 'To: a@b\r\nSubject: =?utf-8?q?made_to?=\r\n be slow\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n'
  const slow = {
    'tags that do not end': `Content-Type: text/html\r\n\r\n${'<a href="'.repeat(230_000)}`,
    'messages in messages': `${'\r\nContent-Type: message/rfc822\r\n'.repeat(16_000)}`,
    addressees: `${'To: a@b\r\n'.repeat(25_000)}\r\n`,
    'a line of 10 MB': `X: ${'x'.repeat(10_000_000)}\r\n\r\n`,
  }
  for (const [what, rest] of Object.entries(slow)) {
    const content = bytes(fields + rest)
    const wanted = {
      subject: 'made to be slow',
      date: '2026-11-26T12:00:00.000Z',
      bytes: content.length,
      flaw: undefined,
    }
    for (const head of [reader.head, reader.ownHead]) t.strictSame(await head({ content }), wanted, what)
  }
  const longest = `Subject: ${'x'.repeat(300_000)}\r\n${'Subject: y\r\n'.repeat(100_000)}\r\n`
  t.ok((await parseHead(bytes(longest))).subject.length <= 500)
  for (const none of ['', '\r\n', 'Subject: x', 'no field\r\n\r\nSubject: of the text'])
    t.equal((await parseHead(bytes(none))).subject, none === 'Subject: x' ? 'x' : '')
  const parties = { sender: new Uint8Array(20), recipients: [new Uint8Array(20)] }
  const packed = await pack(parties, bytes('x'))
  t.ok((await reader.head({ parties: { ...parties, sender: bytes('somebody else 123456') }, packed })).flaw)
})

test('on its thread the parser gives what it gives here', async (t) => {
  const reader = openLetterReader({ timeoutMs: patienceMs })
  t.teardown(() => reader.close())
  const message = await composeLetter({
    ...draft,
    random: seeded('1'),
    attachments: [{ filename: 'a', mimeType: 'image/png', content: bytes('b') }],
  })
  t.same(await reader.read({ content: message }), await parsePage(message))
  const { sealing, parties, opened } = await correspondents()
  const { packed, ...sealed } = await reader.seal({ ...sealing, content: message })
  t.same(Buffer.from(packed), Buffer.from(await pack(parties, message)), 'and packs what is packed here')
  t.same(Buffer.from((await opened(sealed)).packed), Buffer.from(packed), 'and seals it for its recipient')
  const again = await reader.seal({ ...sealing, content: message })
  t.notSame(Buffer.from(again.contentKey), Buffer.from(sealed.contentKey), 'under another key each time')
  t.same(Buffer.from(await reader.unpack({ parties, packed })), Buffer.from(message))
  t.same(await reader.read({ parties, packed }), await reader.read({ content: message }))
  t.same(await reader.attachments({ content: message }), (await parseLetter(message)).attachments)
})

test('a message that cannot be unpacked is shown as damaged, with why; nothing of it is packed here', async (t) => {
  const reader = openLetterReader({ timeoutMs: patienceMs })
  t.teardown(() => reader.close())
  const { sealing, parties } = await correspondents()
  const bomb = bombOf(16 * 1024 * 1024, 1)
  const refused = { name: 'SealError', message: /compressed file\.$/ }
  await t.rejects(reader.seal({ ...sealing, content: bomb }), refused)
  const packed = await packedAnyhow(parties, bomb)
  await t.rejects(reader.unpack({ parties, packed }), { name: 'SealError', message: /no honest program sends/ })
  const page = await reader.read({ parties, packed })
  t.match(page, { damaged: true, subject: '', flaw: /no honest program sends/, bytes: packed.length, cut: 0 })
  t.equal(page.text, page.flaw)
  const other = { ...parties, sender: seeded('c')(20) }
  const honest = await pack(other, bytes('Subject: x\n\nx'))
  t.match(await reader.read({ parties, packed: honest }), { damaged: true, flaw: /from or to somebody else/ })
  t.match(await reader.read({ parties: other, packed: honest }), { damaged: false, subject: 'x' })
})

test('a reader that was closed says so, and calls nothing damaged', async (t) => {
  const reader = openLetterReader({ timeoutMs: patienceMs })
  const reading = reader.read({ content: bytes('Subject: x\n\nx') })
  const refused = t.rejects(reading)
  await reader.close()
  await refused
  await t.rejects(reader.read({ content: bytes('Subject: x\n\nx') }), /closed/)
})

test('only the thread unpacks and parses', async (t) => {
  const root = join(import.meta.dirname, '../../..')
  const users = (pattern: RegExp) =>
    ['node', 'cli'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && pattern.test(readFileSync(join(root, folder, name), 'utf8')))
        .map((name) => join(folder, name)),
    )
  t.strictSame(users(/^import .*\b(unpack|parsePage|parseLetter)\b/m), ['node/letter/work.ts'])
  t.strictSame(users(/^import .*\bbrotli/m), ['node/seal/content.ts'])
  t.strictSame(users(/^import .*\bworks\b/m), ['node/letter/worker.ts'], 'which the daemon’s own thread does not load')
})

test('printable text', async (t) => {
  t.equal(printableText('a\r\nb\rc\u2028d\te\u0007'), 'a\nb\nc\nd\te')
  t.equal(printableText('\u001b[1;31mred\u001b[0m \u009b31mred'), 'red red')
  t.equal(printableText('\u202etxt.exe\u2066'), 'txt.exe')
  t.equal(printableText('\ud800x'), '\ufffdx')
  t.equal(printableText('עברית, العربية, 👩‍👩‍👧'), 'עברית, العربية, 👩‍👩‍👧', 'other scripts stay as they are')
  t.equal(printableLine(' a \n\n b\t'), 'a b')
  t.equal(printableLine('x'.repeat(600)).length, 500)
  t.same(['../../etc/passwd', '.bashrc', 'a\u0000b', '', '...', 'C:\\x.txt', ' . '].map(printableFilename), [
    '_.._etc_passwd',
    'bashrc',
    'ab',
    'attachment',
    'attachment',
    'C__x.txt',
    'attachment',
  ])
})

const shared = new URL('../../../../shared/mail/', import.meta.url)
const samples = existsSync(shared)
  ? (await readdir(shared, { recursive: true })).filter((name) => name.endsWith('.eml'))
  : []

test('messages of real mail programs travel unchanged, and are read', {
  skip: samples.length === 0 && 'no samples here',
}, async (t) => {
  const reader = openLetterReader({ timeoutMs: patienceMs })
  t.teardown(() => reader.close())
  const { sealing, parties, opened } = await correspondents()
  for (const name of samples) {
    const content = await readFile(new URL(name.split('/').map(encodeURIComponent).join('/'), shared))
    const { packed } = await opened(await reader.seal({ ...sealing, content }))
    t.ok(packed.length * 10 > content.length, `${name}: nowhere near the bound`)
    t.ok(Buffer.from(await reader.unpack({ parties, packed })).equals(content), name)
    const { damaged, text, attachments } = await reader.read({ parties, packed })
    t.equal(damaged, false, name)
    t.ok(text.trim() !== '' || attachments.length > 0, `${name}: something is shown`)
    for (const { filename } of attachments) t.match(filename, /.\.\w+$/, name)
  }
})
