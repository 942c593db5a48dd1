/** Structures of hostile messages, fields that only we may say, and commands that come in pieces. */
import { test } from 'tap'
import { amountText } from '../../../node/amount.ts'
import { commandsIn } from '../../../node/bridge/imap-lines.ts'
import { inSet, wordsOf } from '../../../node/bridge/imap-text.ts'
import { frontOfReceived, indexOf, viewOf } from '../../../node/bridge/letter-view.ts'
import { structureOf } from '../../../node/bridge/mime.ts'
import { peopleOf } from '../../../node/bridge/people.ts'
import type { Pseudonym } from '../../../node/service.ts'
import { createServiceFixture, other, own, received, status } from '../../kit/service-fixture.ts'

const lines = (...all: readonly string[]): Buffer => Buffer.from(all.join('\r\n'))

test('messages that are written to do harm have a structure that ends', async (t) => {
  const nested = (depth: number): string =>
    depth === 0
      ? 'Content-Type: text/plain\r\n\r\nx'
      : `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nested(depth - 1)}\r\n--b${depth}--\r\n`
  const hostile: Readonly<Record<string, Buffer>> = {
    deep: Buffer.from(nested(400)),
    'many parts': Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n\r\n'.repeat(20_000)}`),
    'messages in messages': Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(5_000)),
    'the same boundary inside': Buffer.from('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'.repeat(2_000)),
    'no end of a head': Buffer.from(`A: ${'x'.repeat(300_000)}`),
    'parameters without end': Buffer.from(`Content-Type: text/plain${'; a="'.repeat(50_000)}\r\n\r\n`),
    'addresses without end': Buffer.from(`From: ${'<a@b>,('.repeat(50_000)}\r\n\r\n`),
    empty: Buffer.alloc(0),
  }
  for (const [name, bytes] of Object.entries(hostile)) {
    const count = (part: ReturnType<typeof structureOf>): number =>
      [...part.parts, ...(part.message ? [part.message] : [])].reduce((sum, one) => sum + count(one), 1)
    t.ok(count(structureOf(bytes)) <= 502, name)
    const { sizeBytes, bodyStructure } = indexOf(bytes)
    t.equal(sizeBytes, bytes.length, name)
    t.match(bodyStructure, /^\(.*\)$/s, name)
  }
})

test('a sender says nothing that only we may say', async (t) => {
  const forged = lines(
    'From: "Anna" <boss@example.org>',
    'X-Bmail-Paid: 99',
    'AUTHENTICATION-Results: bmail.invalid; x-bmail=pass',
    'Bcc: somebody',
    'Subject: hi',
    '',
    'X-Bmail-Paid: 99 stands in the words',
    '',
  )
  const contacts = (await createServiceFixture().contacts()).map((contact) => ({
    ...contact,
    name: 'anna',
    address: own,
  }))
  const summary = { ...received, from: other, amount: '1650' }
  const front = frontOfReceived(forged, { summary, coin: status.network.coin, contacts, line: undefined })
  const text = viewOf(forged, front).toString()
  const [head, body] = text.split('\r\n\r\n')
  t.equal(head!.match(/^x-bmail-paid:.*$/gim)?.join(), `X-Bmail-Paid: ${amountText('1650', status.network.coin)}`)
  t.equal(head!.match(/^authentication-results:/gim)?.length, 1)
  t.equal(head!.match(/^from:.*$/gim)?.join(), `From: <${other}@bmail.invalid>`, 'nor has the name of somebody we know')
  t.notMatch(head, /bcc/i)
  t.match(head, 'X-Bmail-Claimed-From: "Anna" <boss@example.org>')
  t.match(body, 'stands in the words')
  t.match(viewOf(Buffer.from('no head at all\nand a line'), front).toString(), /\r\n\r\nno head at all\r\nand a line$/)
})

test('names stay here: what goes out has addresses', async (t) => {
  const pseudonym = { label: 'Work', address: own, retired: false } as Pseudonym
  const [contact] = await createServiceFixture().contacts()
  const people = peopleOf([{ ...contact!, name: 'Anna Lee', address: other }], [pseudonym])
  const field = 'To: Anna <anna.lee@bmail.invalid>, WORK@BMAIL.INVALID, x@example.org'
  t.equal(people.withoutNames(field), `To: Anna <${other}@bmail.invalid>, ${own}@bmail.invalid, x@example.org`)
  t.strictSame(people.recipient(`${other.toUpperCase()}@bmail.invalid`), { ok: true, address: other })
  t.match(people.recipient('anna.lee@example.org'), { ok: false, sentence: /no address of b-mail/ })
  t.match(people.recipient(`${other.slice(0, -1)}q@bmail.invalid`), { ok: false, sentence: /no valid bm1 address/ })
  t.match(people.own(`${other}@bmail.invalid`), { ok: false, sentence: /none of yours.*work@bmail\.invalid/ })
})

test('commands are the same however their bytes come', async (t) => {
  const text = 'a LOGIN {3}\r\nada {4+}\r\n\r\n}"\r\nb NOOP\r\nc X {2}\r\nhi\r\n'
  for (const size of [1, 2, 3, 7, 1_000]) {
    let waits = 0
    const pieces = async function* () {
      for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
    }
    const read = commandsIn(pieces(), { goOn: () => void waits++, limits: () => ({ literalMax: 10 }) })
    const all: unknown[] = []
    for await (const one of read) all.push(one)
    t.strictSame(
      all,
      [{ text: 'a LOGIN {3}\r\nada {4+}\r\n\r\n}"' }, { text: 'b NOOP' }, { text: 'c X {2}\r\nhi' }],
      `by ${size}`,
    )
    t.equal(waits, 2, 'only what asks for it is told to go on')
  }
  const words = wordsOf('{3}\r\nada {4+}\r\n\r\n}"')
  t.equal(words.astring(), 'ada')
  words.space()
  t.equal(words.astring(), '\r\n}"')
  const large = commandsIn(
    (async function* () {
      yield Buffer.from('a APPEND Drafts {11}\r\n')
    })(),
    { goOn: () => t.fail('told to go on'), limits: () => ({ literalMax: 10 }) },
  )
  for await (const one of large) t.match(one, { tooLong: /At most 10 bytes/ })
  const has = inSet('2:4,9,*:7', 8)
  t.strictSame([1, 2, 4, 5, 7, 8, 9].filter(has), [2, 4, 7, 8, 9])
})
