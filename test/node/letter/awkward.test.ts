/** Messages that go by no rule, as people, old programs and machines write them: nothing in them that can be read is dropped. */
import { test } from 'tap'
import { parseHead, parseLetter } from '../../../node/letter/parser.ts'

/** A letter of a text stands for one byte, unless it is made of bytes already. */
type Case = {
  readonly message: string | Buffer
  readonly subject?: string
  readonly from?: string
  readonly text?: string
  readonly files?: readonly string[]
}

const mixed = (...parts: readonly string[]): string =>
  `Content-Type: multipart/mixed; boundary=b\n\n${parts.map((part) => `--b\n${part}\n`).join('')}--b--\n`
const report = (...parts: readonly string[]): string =>
  mixed(...parts).replace('mixed', 'report; report-type=delivery-status')
const inner = 'Subject: inner\nFrom: x@y\n\ninner words'
const uu = 'begin 644 cat.txt\n#0V%T\n`\nend\n'
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')

const kinds: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  'a head that is none': {
    'words alone': { message: 'just words', text: 'just words' },
    paragraphs: { message: 'Dear Bob,\nHow are you?\n\nAnn\n', text: 'Dear Bob,\nHow are you?\n\nAnn' },
    'words like fields': { message: 'Dear Bob: hi\nTime: noon\n\nAnn', text: 'Dear Bob: hi\nTime: noon\n\nAnn' },
    'words like one field': { message: 'From: the train\n\nI write', subject: '', text: 'I write' },
    'a word of mail in the second line': {
      message: 'Hello\nDate: tomorrow\n\nAnn',
      text: 'Hello\nDate: tomorrow\n\nAnn',
    },
    'no blank line after it': {
      message: 'Subject: hi\nFrom: a@b\nDear Bob,\nnoon\n\nAnn',
      subject: 'hi',
      from: 'a@b',
      text: 'Dear Bob,\nnoon\n\nAnn',
    },
    'blanks in the blank line': {
      message: 'Subject: hi\n \t\nDear Bob,\n\nAnn',
      subject: 'hi',
      text: 'Dear Bob,\n\nAnn',
    },
    'words among its fields': {
      message: 'Subject: hi\nquite so\nFrom: a@b\n\nAnn',
      from: 'a@b',
      text: 'quite so\n\nAnn',
    },
    'blank lines before it': { message: '\r\n\r\nSubject: hi\r\n\r\nAnn', subject: 'hi', text: 'Ann' },
    'a line of a file of many before it': {
      message: 'From a@b Thu Jan  1 10:20:30 1970\nSubject: hi\n\nAnn',
      subject: 'hi',
      text: 'Ann',
    },
    'a text that begins as such a line does': {
      message: 'From here I write.\n\nAnn',
      text: 'From here I write.\n\nAnn',
    },
    'a byte order mark': { message: Buffer.from('\ufeffSubject: hi\n\nAnn'), subject: 'hi', text: 'Ann' },
    'an encoding of two bytes': {
      message: Buffer.from('\ufeffSubject: h\u00fc\n\nAn\u0144', 'utf16le'),
      subject: 'hü',
      text: 'Anń',
    },
    'the same the other way round': {
      message: Buffer.from('\ufeffSubject: hi\n\nAnn', 'utf16le').swap16(),
      subject: 'hi',
      text: 'Ann',
    },
    'a part without one': { message: mixed('Hello\nBob\n\nAnn'), text: 'Hello\nBob\n\nAnn' },
    'a part without a blank line after it': {
      message: mixed('Content-Type: text/plain\nHello\n\nAnn'),
      text: 'Hello\n\nAnn',
    },
  },
  'ends of lines': {
    'CR alone': { message: 'Subject: hi\rFrom: a@b\r\rone\rtwo\r', subject: 'hi', from: 'a@b', text: 'one\ntwo' },
    'CR alone, with parts': {
      message: mixed('\none', 'Content-Type: image/png; name=a.png\n\nx').replaceAll('\n', '\r'),
      text: 'one',
      files: ['a.png'],
    },
    'CR alone, no head': { message: 'one\rtwo\r\rthree', text: 'one\ntwo\n\nthree' },
    'CR alone, then others': { message: 'Subject: hi\r\rone\ntwo\r\nthree', subject: 'hi', text: 'one\ntwo\nthree' },
    'CR alone in the text': { message: 'Subject: hi\r\n\r\none\rtwo', subject: 'hi', text: 'one\ntwo' },
    'CR too many': { message: 'Subject: hi\r\r\n\r\r\none\r\r\ntwo', subject: 'hi', text: 'one\ntwo' },
    'LF alone': { message: 'Subject: hi\n\none\ntwo', subject: 'hi', text: 'one\ntwo' },
  },
  'parts that report': {
    'what became of it first': {
      message: report(
        'Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nStatus: 5.1.1',
        `Content-Type: message/rfc822\n\n${inner}`,
      ),
      text: 'Reporting-MTA: dns; x\n\nStatus: 5.1.1\n\nFrom: x@y\nSubject: inner\n\ninner words',
      files: ['attachment.txt', 'attachment.eml'],
    },
    'the message first': {
      message: report(
        `Content-Type: message/rfc822\n\n${inner}`,
        'Content-Type: message/delivery-status\n\nStatus: 5.1.1',
      ),
      text: 'From: x@y\nSubject: inner\n\ninner words\n\nStatus: 5.1.1',
    },
    'words first': {
      message: report('\nIt failed.', 'Content-Type: message/delivery-status\n\nStatus: 5.1.1'),
      text: 'It failed.\n\nStatus: 5.1.1',
    },
    'its head alone': {
      message: report('Content-Type: text/rfc822-headers\n\nSubject: inner'),
      text: 'Subject: inner',
    },
    'that it was read': {
      message: report('Content-Type: message/disposition-notification\n\nDisposition: displayed'),
      text: 'Disposition: displayed',
    },
    'a complaint': {
      message: report('Content-Type: message/feedback-report\n\nFeedback-Type: abuse'),
      text: 'Feedback-Type: abuse',
    },
    'no parts at all': { message: 'Content-Type: message/delivery-status\n\nStatus: 5.1.1', text: 'Status: 5.1.1' },
    'a message and nothing else': {
      message: `Content-Type: message/rfc822\n\n${inner}`,
      text: 'From: x@y\nSubject: inner\n\ninner words',
    },
    'a message in base64': {
      message: `Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${base64(inner)}`,
      text: 'From: x@y\nSubject: inner\n\ninner words',
    },
    'a message of its own kind': {
      message: `Content-Type: message/global\n\n${inner}`,
      text: 'From: x@y\nSubject: inner\n\ninner words',
    },
    'many in one': {
      message: mixed(`\n${inner}`).replace('mixed', 'digest'),
      text: 'From: x@y\nSubject: inner\n\ninner words',
    },
    'an awkward one in one': {
      message: 'Content-Type: message/rfc822\n\nSubject: Gr\xfc\xdfe\rFrom: x@y\r\rinner',
      text: 'From: x@y\nSubject: Grüße\n\ninner',
    },
    'half of one': {
      message: 'Content-Type: message/partial; id=1; number=1\n\nSubject: inner\n\nhalf',
      text: 'Subject: inner\n\nhalf',
    },
    'what is attached to one': {
      message: `Content-Type: message/rfc822\n\n${mixed('Content-Type: image/png; name=a.png\n\nx')}`,
      files: ['attachment.eml', 'a.png'],
    },
    'one that is attached': {
      message: mixed(
        '\nSee below.',
        `Content-Type: message/rfc822; name=a.eml\nContent-Disposition: attachment\n\n${inner}`,
      ),
      text: 'See below.',
      files: ['a.eml'],
    },
  },
  'parts that are not as they say': {
    'a boundary that never comes': { message: 'Content-Type: multipart/mixed; boundary=b\n\nwords\n', text: 'words' },
    'another boundary': {
      message: mixed('Content-Type: text/plain\n\nwords', 'Content-Type: image/png; name=a.png\n\nx').replace(
        '=b',
        '=c',
      ),
      text: 'words',
      files: ['a.png'],
    },
    'no boundary': { message: mixed('Content-Type: text/plain\n\nwords').replace('; boundary=b', ''), text: 'words' },
    'no last one': { message: mixed('\nwords').replace('--b--', ''), text: 'words' },
    'words in front': {
      message: mixed('\nwords').replace('--b', 'Read this first.\n--b'),
      text: 'Read this first.\n\nwords',
    },
    'words behind': { message: `${mixed('\nwords')}and this last`, text: 'words\n\nand this last' },
    'the usual words in front': {
      message: mixed('\nwords').replace('--b', 'This is a multi-part message in MIME format.\n--b'),
      text: 'words',
    },
    'words around inner ones': {
      message: mixed(`Content-Type: multipart/mixed; boundary=c\n\nfirst\n--c\n\nwords\n--c--\nlast`),
      text: 'first\n\nwords\n\nlast',
    },
    'words that are blank, and a page': {
      message: mixed('\n \n', 'Content-Type: text/html\n\n<p>rich</p>').replace('mixed', 'alternative'),
      text: 'rich',
    },
    'text that is not plain': { message: 'Content-Type: text/enriched\n\n<bold>hi</bold>', text: '<bold>hi</bold>' },
    'an appointment': {
      message: 'Content-Type: text/calendar\n\nSUMMARY:Lunch',
      text: 'SUMMARY:Lunch',
      files: ['attachment.ics'],
    },
    'a type that is none': { message: 'Content-Type: text; charset=utf-8\n\nwords', text: 'words' },
    'no type in its field': { message: 'Content-Type:\n\nwords', text: 'words' },
  },
  'letters of eight bits that are not UTF-8': {
    'a subject, a name': {
      message: 'Subject: Gr\xfc\xdfe \x80\nFrom: J\xfcrgen\n\nAnn',
      subject: 'Grüße €',
      from: 'Jürgen',
      text: 'Ann',
    },
    'a folded subject': { message: 'Subject: Gr\xfc\xdfe\n an \xc4nne\n\nAnn', subject: 'Grüße an Änne' },
    'a name of a file': { message: mixed('Content-Type: image/png;\n name="\xfcber.png"\n\nx'), files: ['über.png'] },
    'UTF-8 beside it': {
      message: Buffer.concat([Buffer.from('Subject: Grüße\n'), Buffer.from('From: J\xfcrgen\n\nAnn', 'latin1')]),
      subject: 'Grüße',
      from: 'Jürgen',
    },
    'a text': { message: 'Subject: x\n\nsch\xf6n \x80', text: 'schön €' },
    'a text of a part': {
      message: mixed('\nsch\xf6n', 'Content-Type: text/html\n\n<p>gr\xfcn</p>'),
      text: 'schön\n\n\ngrün',
    },
    'a text by numbers': { message: 'Content-Transfer-Encoding: quoted-printable\n\nsch=F6n', text: 'schön' },
    'a text in base64': {
      message: `Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n${base64('sch\xf6n')}`,
      text: 'schön',
    },
    'a report': { message: 'Content-Type: message/delivery-status\n\nStatus: gel\xf6scht', text: 'Status: gelöscht' },
    'no head': { message: 'sch\xf6n', text: 'schön' },
    'a text in UTF-8 with a letter that is broken': {
      message: Buffer.concat([Buffer.from('\nschön, grün \n'), Buffer.from([0xff])]),
      text: 'schön, grün \n\ufffd',
    },
    'a text in another that is named': { message: 'Content-Type: text/plain; charset=koi8-r\n\n\xf0\xd2', text: 'Пр' },
  },
  'files by uuencode': {
    'in a text': {
      message: `Subject: x\n\nDear Bob,\n\n${uu}Ann`,
      text: 'Dear Bob,\n\n[cat.txt, attached]\nAnn',
      files: ['cat.txt=Cat'],
    },
    'two in a text': {
      message: `Subject: x\n\n${uu}\n${uu.replace('cat.txt', 'a b.bin')}`,
      text: '[cat.txt, attached]\n\n[a b.bin, attached]',
      files: ['cat.txt=Cat', 'a b.bin=Cat'],
    },
    'a part': {
      message: mixed(`Content-Type: image/png\nContent-Transfer-Encoding: x-uuencode\n\n${uu}`),
      files: ['cat.txt=Cat'],
    },
    'a part with a name': {
      message: mixed(`Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: uuencode\n\n${uu}`),
      files: ['a.png=Cat'],
    },
    'a part that does not say so': {
      message: mixed(`Content-Type: application/octet-stream\n\n${uu}`),
      files: ['cat.txt=Cat'],
    },
    'a file that is one': {
      message: mixed(`Content-Type: application/octet-stream; name=cat.uu\n\n${uu}`),
      files: [`cat.uu=${uu}`],
    },
    'the text itself': { message: `Content-Type: text/plain\nContent-Transfer-Encoding: x-uue\n\n${uu}`, text: 'Cat' },
    'in base64': {
      message: 'Subject: x\n\nbegin-base64 644 cat.txt\nQ2F0\n====\n',
      text: '[cat.txt, attached]',
      files: ['cat.txt=Cat'],
    },
    'without its end': {
      message: `Subject: x\n\n${uu.replace('`\nend\n', '')}`,
      text: '[cat.txt, attached; its end is missing]',
      files: ['cat.txt=Cat'],
    },
    'without blanks at ends of lines': { message: 'Subject: x\n\nbegin 644 a\n$0P\n\nend', files: ['a=C\0\0\0'] },
    damaged: {
      message: `Subject: x\n\n${uu.replace('`', 'oops')}`,
      text: '[cat.txt, uuencoded, and damaged:]\nbegin 644 cat.txt\n#0V%T\noops\nend',
      files: [],
    },
    'words that begin as one does': {
      message: 'Subject: x\n\nbegin 644 times\nand go on\nend',
      text: 'begin 644 times\nand go on\nend',
    },
  },
  'parts without a name': {
    'by their type': {
      message: mixed(
        ...[
          'image/jpeg',
          'application/pdf',
          'text/csv',
          'application/x-of-nobody',
          'message/rfc822',
          'application/gzip',
          'text/x-of-nobody',
          'application/octet-stream',
        ].map((type) => `Content-Type: ${type}\nContent-Disposition: attachment\n\nx`),
      ),
      files: ['jpg', 'pdf', 'csv', 'bin', 'eml', 'gz', 'txt', 'bin'].map((ending) => `attachment.${ending}`),
    },
    'by where they were': {
      message: mixed(
        ...[
          'Photo25.jpg',
          'http://x.example/a/b%20c.png?d=1#e',
          'photo',
          'thismessage:/i.png',
          '=?utf-8?q?=C3=BC.png?=',
          'a%zz.png',
          'cid:a@b.c',
          'http://x.example/',
          '..',
        ].map((location) => `Content-Type: image/png\nContent-Location: ${location}\n\nx`),
      ),
      files: [
        'Photo25.jpg',
        'b c.png',
        'photo.png',
        'i.png',
        'ü.png',
        'a%zz.png',
        'attachment.png',
        'attachment.png',
        'attachment.png',
      ],
    },
    'a name goes before a place': {
      message: mixed(
        'Content-Type: image/png\nContent-Location: b.png\nContent-Disposition: attachment; filename=a.png\n\nx',
      ),
      files: ['a.png'],
    },
    'a name of nothing': { message: mixed('Content-Type: image/png; name=""\n\nx'), files: ['attachment.png'] },
    'a name that ends in nothing is left': {
      message: mixed('Content-Type: text/plain; name=README\nContent-Disposition: attachment\n\nx'),
      files: ['README'],
    },
  },
}

for (const [kind, cases] of Object.entries(kinds))
  test(`awkward: ${kind}`, async (t) => {
    for (const [name, { message, subject, from, text, files }] of Object.entries(cases)) {
      const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message
      const letter = await parseLetter(bytes)
      t.equal(letter.damaged, false, name)
      if (subject !== undefined) {
        t.equal(letter.subject, subject, name)
        t.equal((await parseHead(bytes)).subject, subject, `${name}, in a list`)
      }
      if (from !== undefined) t.equal(letter.from?.address, from, name)
      if (text !== undefined) t.equal(letter.text.trim(), text, name)
      if (files !== undefined)
        t.same(
          letter.attachments.map(({ filename, content }, at) =>
            files[at]?.includes('=') ? `${filename}=${Buffer.from(content)}`.trimEnd() : filename,
          ),
          files.map((file) => file.trimEnd()),
          name,
        )
    }
  })
