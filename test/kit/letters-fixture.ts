/** What a mailbox in memory answers about what stands in its letters. */
import { Readable } from 'node:stream'
import { composeLetter } from '../../node/letter/compose.ts'
import { parseFormatted, parseLetter, parsePage } from '../../node/letter/parser.ts'
import { shownOf } from '../../node/mailbox/views.ts'
import { Refusal, type Service } from '../../node/service.ts'
import { systemRandom } from '../../node/system-random.ts'

type Reading = Pick<Service, 'raw' | 'shown' | 'formatted' | 'attachment' | 'compose'>

/** Reads letters whose bytes `find` has in base64; null while they cannot be opened. */
export function readLetters(find: (id: string) => string | null): Reading {
  const opened = (id: string): Buffer => {
    const raw = find(id)
    if (raw === null) throw new Refusal('not-ready', 'The message cannot be read yet.')
    return Buffer.from(raw, 'base64')
  }
  return {
    raw: async ({ id }) => Readable.from([opened(id)]),
    shown: async ({ id }) => shownOf(await parsePage(opened(id))),
    formatted: async ({ id }) => ({ html: (await parseFormatted(opened(id))) ?? null }),
    async attachment({ id, number }) {
      const attached = (await parseLetter(opened(id))).attachments[number]
      if (!attached) throw new Refusal('not-found', 'The message has no such attachment.')
      return Readable.from([attached.content])
    },
    async compose({ from = '', to, attachments = [], ...draft }) {
      const mailbox = (address: string) => ({ name: '', address })
      const raw = await composeLetter({
        ...draft,
        random: systemRandom,
        date: new Date(0),
        from: mailbox(from),
        to: to.map(mailbox),
        attachments: attachments.map((one) => ({ ...one, content: Buffer.from(one.content, 'base64') })),
      })
      return { raw: Buffer.from(raw).toString('base64') }
    },
  }
}
