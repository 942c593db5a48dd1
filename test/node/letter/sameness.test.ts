/** By what two messages are known to be the same: what they say and under which id, and not when they were written down. */
import { test } from 'tap'
import { composeLetter } from '../../../node/letter/compose.ts'
import { samenessOf } from '../../../node/letter/sameness.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { seedOf } from '../../kit/fixtures.ts'

const of = (text: string) => {
  const { messageId, said } = samenessOf(Buffer.from(text))
  return { messageId, head: Buffer.from(said.head).toString(), rest: Buffer.from(said.rest).toString() }
}

test('an id is found in whatever head it stands', async (t) => {
  for (const [text, messageId] of [
    ['Message-ID: <a@b>\r\n\r\nx', '<a@b>'],
    ['message-id:<a@b>\n\nx', '<a@b>'],
    ['Subject: x\r\nMessage-ID:\r\n <a@b>\r\n\r\nx', '<a@b>'],
    ['Message-ID: <a@b>\rSubject: x\r\rx', '<a@b>'],
    ['Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\nx', '<a@b>'],
    ['Message-ID: (the first) (of two)\r\n <a@b> (by hand)\r\n\r\nx', '<a@b>'],
    ['Message-ID: <a(b)@c>\r\n\r\nx', '<a(b)@c>'],
    ['Message-ID: a@b\r\n\r\nx', 'a@b'],
    ['Message-ID: \r\nMessage-ID: <a@b>\r\n\r\nx', '<a@b>'],
    [`Message-ID: ${'()'.repeat(20_000)}${'('.repeat(50_000)}\r\n\r\nx`, `${'()'.repeat(20_000)}${'('.repeat(50_000)}`],
    ['Message-ID:\r\n\r\nx', undefined],
    ['Subject: x\r\n\r\nMessage-ID: <a@b>\r\n', undefined],
    ['just words', undefined],
    ['', undefined],
  ] as const)
    t.equal(of(text).messageId, messageId, JSON.stringify(text.slice(0, 100)))
})

test('what it says is all of it but its id and date', async (t) => {
  const head = 'Subject: x\r\nTo: a@b\r\n'
  const same = of(`Date: Mon, 01 Jan 2029 00:00:00 +0000\r\n${head}Message-ID: <a@b>\r\n\r\nwords\r\n`)
  t.strictSame(same, { messageId: '<a@b>', head, rest: 'words\r\n' })
  for (const other of [
    `Subject: y\r\nTo: a@b\r\n\r\nwords\r\n`,
    `${head}X-Stray: 1\r\n\r\nwords\r\n`,
    `${head}\r\nwords`,
    `${head}\r\nDate: words\r\n`,
  ]) {
    const { head: itsHead, rest } = of(other)
    t.not(`${itsHead}|${rest}`, `${same.head}|${same.rest}`, other)
  }
  t.strictSame(of('just words'), { messageId: undefined, head: '', rest: 'just words' })
})

test('the same words, written down again, are the same', async (t) => {
  const written = async (seed: string, text: string) => {
    const parties = { from: { name: '', address: 'a' }, to: [{ name: '', address: 'b' }] }
    const attachments = [{ filename: 'x.bin', mimeType: 'application/octet-stream', content: Buffer.from('1234') }]
    const about = { ...parties, subject: 'x', text, attachments, date: new Date(Number(seed)) }
    return samenessOf(await composeLetter({ ...about, random: seededRandom(seedOf(t.name), seed) }))
  }
  const [one, two] = [await written('1', 'Hello'), await written('2000', 'Hello')]
  t.strictSame(one.said, two.said)
  t.not(one.messageId, two.messageId)
  t.notSame((await written('1', 'Hallo')).said, one.said)
})
