/** Foreign text that is shown: free of what a terminal obeys and of what cannot be seen, and whole in every writing. */
import fc from 'fast-check'
import { test } from 'tap'
import { printableFilename, printableJson, printableLine, printableText } from '../../../node/letter/printable.ts'

/** Each with what stays of it between an a and a z. */
const cases: Readonly<Record<string, [text: string, shown: string]>> = {
  'a window’s title': ['\x1b]0;title\x07', ''],
  'a link': ['\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\', 'here'],
  'a title by one character': ['\x9d0;title\x9c', ''],
  'a device’s string over lines': ['\x1bPq#0\n~~\x1b\\', ''],
  'strings of programs, privacy and start': ['\x1b_a\x1b\\\x9fb\x9c\x1b^c\x1b\\\x9ed\x9c\x1bXe\x1b\\\x98f\x9c', ''],
  'a string without an end': ['\x1b]0;title\n', '\n'],
  colours: ['\x1b[1;31mred\x1b[0m\x9b31m', 'red'],
  'a reset, a character set': ['\x1bc\x1b(B', ''],
  'bells, and deleted': ['\x07\x08\x00\x7f\x85', ''],
  directions: ['\u202e\u2066\u200f\u061c', ''],
  'spaces without width': ['\u200b\u2060\ufeff\u00ad\u180e\u3164', ''],
  tags: ['\u{e0041}\u{e007f}', ''],
  'selectors of nothing': ['\ufe0f\u{e0100}x\ufe0f', 'x'],
  'joiners of nothing': ['\u200dx\u200c \u200d', 'x '],
  notes: ['\ufff9x\ufffay\ufffb', 'xy'],
}

test('what a terminal obeys and what cannot be seen is gone, with what is in it', async (t) => {
  for (const [what, [text, shown]] of Object.entries(cases)) t.equal(printableText(`a${text}z`), `a${shown}z`, what)
  t.same(printableLine(' a\u200b \u2028 b '), 'a b')
  t.equal(printableFilename('..\x1b]0;x\x07\u202e/fdp.exe\u200b'), '_fdp.exe')
})

test('a name of a file is cut by bytes, between characters, and keeps its ending', async (t) => {
  const name = printableFilename
  t.equal(name(`${'x'.repeat(300)}.pdf`), `${'x'.repeat(196)}.pdf`)
  t.equal(name(`${'ü'.repeat(300)}.pdf`), `${'ü'.repeat(98)}.pdf`)
  t.equal(name(`${'你'.repeat(300)}.tar.gz`), `${'你'.repeat(64)}.tar.gz`)
  t.equal(name(`${'👩‍👩‍👧'.repeat(30)}.文書`), `${'👩‍👩‍👧'.repeat(10)}.文書`, 'nobody of a family is left out')
  t.equal(name(`${'x'.repeat(300)}.${'y'.repeat(30)}`), 'x'.repeat(200), 'what is no ending')
  t.equal(name(`${'e\u0301'.repeat(100)}.png`), `${'e\u0301'.repeat(65)}.png`)
  t.equal(name(`e${'\u0301'.repeat(300)}.png`), 'attachment.png', 'one character that is too long')
  t.equal(name(`${'x'.repeat(60_000)}.pdf`), `${'x'.repeat(196)}.pdf`)
  t.equal(name('letter.pdf. . '), 'letter.pdf', 'no system keeps what follows')
  t.equal(name('.gitignore'), 'gitignore')
  for (const misread of ['-rf', '--help.txt', 'CON', 'con.txt', 'Nul .tar.gz', 'COM1.log', 'lpt².pdf'])
    t.equal(name(misread), `_${misread}`)
  for (const read of ['console.log', 'nul-1.txt', 'com.txt', 'COM10', 'a-b']) t.equal(name(read), read)
  t.equal(name('..-rf'), '_-rf')
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom('', '.pdf', '.tar.xz', '.ü'),
      (stem, end) => {
        const cut = name(`a${stem}a${end}`)
        return Buffer.byteLength(cut) <= 200 && cut.isWellFormed() && cut.endsWith(end) && name(cut) === cut
      },
    ),
  )
})

test('what cannot be seen and is part of writing stays', async (t) => {
  const whole = ['👩🏽‍💻', '👩‍👩‍👧', '❤️‍🔥', '1️⃣', '☎︎', 'می‌خواهم', 'क्‍', 'ක්‍රී', 'ᠠ᠋', 'é', '葛', 'עברית، العربية']
  for (const text of whole) t.equal(printableText(text), text)
})

const pieces = fc.constantFrom(
  ...Object.values(cases).flatMap(([text]) => [...text]),
  ...[
    'a',
    ' ',
    '\n',
    '\r',
    '[',
    ']',
    '\\',
    'P',
    ';',
    '0',
    'م',
    'क',
    '\u094d',
    '👩',
    '🏽',
    '\u200c',
    '\u20e3',
    '\ud800',
    '\u2029',
  ],
)

test('whatever the text, nothing of the kind is left, and nothing comes of what is', async (t) => {
  const obeyed = /[[\p{Cc}\p{Bidi_Control}\p{Cs}]--[\n\t]]|[\u200B\u2060\uFEFF]|[\u{E0000}-\u{E0FFF}]/v
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const text = parts.join('')
      const shown = printableText(text)
      const json = printableJson(JSON.stringify({ text }))
      return (
        !obeyed.test(shown) &&
        printableText(shown) === shown &&
        !/[[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]]/v.test(json) &&
        JSON.parse(json).text === text
      )
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})
