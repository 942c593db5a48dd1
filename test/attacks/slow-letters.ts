/** Letters that are small and take a parser very long, to somebody who looks at each; honest people write and read meanwhile. */
import type { Attack } from './attack.ts'
import { sendContents } from './bombs.ts'
import { pause, within } from './measure.ts'
import { tell } from '../bench/measure.ts'

const nested = Array.from(
  { length: 3_000 },
  (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
).join('')

/** What is written to keep a parser busy. */
const contents = [
  `Content-Type: text/html\r\n\r\n${'<a href="'.repeat(100_000)}`,
  'Content-Type: message/rfc822\r\n\r\n'.repeat(16_000),
  nested,
  `Subject: ${'=?utf-8?q?=41?= '.repeat(60_000)}\r\n\r\nhi`,
  `To: ${'g:'.repeat(100_000)}\r\n\r\nhi`,
  `Content-Type: text/plain;${Array.from({ length: 15_000 }, (_, at) => ` name*${at}*=utf-8''a;`).join('')}\r\n\r\nhi`,
  `Subject: ${'x'.repeat(10_000_000)}\r\n\r\nhi`,
  `Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\nContent-Disposition: attachment; filename=a\r\n\r\nq\r\n'.repeat(50_000)}`,
  `Content-Transfer-Encoding: quoted-printable\r\n\r\n${'='.repeat(4_000_000)}`,
  `Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n${'\x1b$B\x1b(B'.repeat(500_000)}`,
]

export const slowLetters: Attack = {
  name: 'slow-letters',
  what: 'ten letters that are written to keep a parser busy, and a reader who opens every one',
  victim: 'bob',
  strike: (mallory) => sendContents(mallory, contents),
  async meanwhile(stage, { seconds }) {
    const { api } = stage.daemon('bob')
    const people = await Promise.all(['alice', 'bob'].map((name) => stage.daemon(name).api.pseudonyms()))
    const honest = new Set(people.flat().map(({ address }) => address))
    const read = new Set<string>()
    await within(seconds * 2_000, async () => {
      for (const { id, from, state } of await api.messages({ folder: 'inbox' })) {
        if (honest.has(from) || state !== 'released' || read.has(id)) continue
        await api.message({ id })
        await api.shown({ id })
        read.add(id)
      }
      await pause(100)
      return read.size === contents.length
    })
    tell(`slow-letters: ${read.size} of ${contents.length} could be read`)
  },
}
