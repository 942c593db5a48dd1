/** The page (HTML) of a letter, with the pictures that it brings along, and none beyond what is shown. */
import { test } from 'tap'
import { parseFormatted } from '../../../node/letter/parser.ts'
import { openLetterReader } from '../../../node/letter/reader.ts'

const lines = (...all: readonly string[]): Uint8Array => new TextEncoder().encode(all.join('\r\n'))
const picture = 'iVBORw0KGgo='
const withPicture = (page: string, { type = 'image/png', content = picture } = {}): Uint8Array =>
  lines(
    'Subject: Look',
    'Content-Type: multipart/related; boundary=b',
    '',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    '',
    page,
    '--b',
    `Content-Type: ${type}`,
    'Content-ID: <one@here>',
    'Content-Transfer-Encoding: base64',
    '',
    content,
    '--b--',
    '',
  )

test('formatted: a letter of plain text has no page', async (t) => {
  t.equal(await parseFormatted(lines('Subject: Hello', '', 'How are you?', '')), undefined)
  t.equal(await parseFormatted(lines('Content-Type: text/html', '', ' \r\n', '')), undefined, 'nor has one of blanks')
  t.equal(await parseFormatted(new Uint8Array()), undefined)
})

test('formatted: pictures that it brings along stand in it, and nothing else does', async (t) => {
  const page = '<p>Look: <img src="cid:one@here"> <img src="cid:other@here"> <img src="https://a.example/b"></p>'
  const shown = await parseFormatted(withPicture(page))
  t.match(shown, `<img src="data:image/png;base64,${picture}">`)
  t.match(shown, 'src="cid:other@here"')
  t.match(shown, 'src="https://a.example/b"', 'what else it names is left as it came, for whoever shows it')
  t.match(
    await parseFormatted(withPicture(page, { type: 'image/svg+xml' })),
    'src="cid:one@here"',
    'a drawing is no picture: it has scripts',
  )
})

test('formatted: a picture that is named again and again makes no page of any size', async (t) => {
  const page = `<p>${'<img src="cid:one@here">'.repeat(1_000)}</p>`
  const content = Array.from({ length: 800 }, () => 'A'.repeat(76)).join('\r\n')
  const shown = await parseFormatted(withPicture(page, { content }))
  t.ok(shown!.length < 12 * 1024 * 1024, `${shown!.length}`)
  t.equal(
    await parseFormatted(lines('Content-Type: text/html', '', `<p>${'a'.repeat(3 * 1024 * 1024)}</p>`, '')),
    undefined,
  )
})

test('formatted: it is read on a thread of its own, which may take only so long', async (t) => {
  const reader = openLetterReader()
  t.teardown(() => reader.close())
  t.match(await reader.formatted({ content: withPicture('<b>Hello</b>') }), '<b>Hello</b>')
  const hasty = openLetterReader({ timeoutMs: 1 })
  t.teardown(() => hasty.close())
  t.equal(await hasty.formatted({ content: withPicture('<b>Hello</b>') }), undefined, 'and then it has none')
})
