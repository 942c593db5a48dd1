/** A message as it goes out: nobody's name but addresses in its fields, nobody hidden in them, and an id by which it is known. */
import { createHash } from 'node:crypto'
import addressParser from 'nodemailer/lib/addressparser'
import { type Field, fieldValue, headAt, inLines } from '../letter/head.ts'
import { domain } from './letter-view.ts'

type Outward = {
  readonly raw: Buffer
  /** Who it says wrote it. */
  readonly from: string | undefined
  /** Whom it says it goes to. */
  readonly shown: readonly string[]
}

/** A message without its owner's names for people, and without those who are hidden in it. */
export function outward(given: Buffer, withoutNames: (field: string) => string): Outward {
  const whole = inLines(given)
  const { fields, stray, bodyAt } = headAt(whole, 0)
  const written = fields
    .filter(({ name }) => !/^(?:bcc|resent-bcc)$/.test(name))
    .map(({ name, raw }) => {
      const text = Buffer.from(raw).toString('latin1')
      return { name, raw: Buffer.from(people.has(name) ? withoutNames(text) : text, 'latin1') }
    })
  const at = new RegExp(`@${domain}$`, 'i')
  return {
    raw: Buffer.concat([...written.map(({ raw }) => raw), Buffer.from('\r\n'), ...stray, whole.subarray(bodyAt)]),
    from: addressesIn(written, 'from')[0],
    shown: ['to', 'cc']
      .flatMap((name) => addressesIn(written, name))
      .map((address) => address.toLowerCase().replace(at, '')),
  }
}

/**
 * A message that waits: with an id that is the same whenever the same is handed in, and with a field that names those who are
 * hidden, so that whoever takes it back has all of it.
 */
export function waitingMessage(given: Buffer, hidden: readonly string[]): Buffer {
  const { fields } = headAt(inLines(given), 0)
  const id = createHash('sha256').update(given).digest('hex').slice(0, 40)
  const named = hidden.map((address) => `<${address}@${domain}>`).join(',\r\n ')
  return Buffer.concat([
    Buffer.from(fieldValue(fields, 'message-id') === '' ? `Message-ID: <${id}@${domain}>\r\n` : ''),
    Buffer.from(named !== '' && fieldValue(fields, 'bcc') === '' ? `Bcc: ${named}\r\n` : ''),
    given,
  ])
}

function addressesIn(fields: readonly Field[], wanted: string): string[] {
  return fields
    .filter(({ name }) => name === wanted)
    .map(({ raw }) => Buffer.from(raw).toString('latin1'))
    .flatMap((field) => addressParser(field.replace(/^[^:]*:/, '').replace(/\r?\n/g, '')))
    .flatMap((one) => ('group' in one && one.group ? one.group : [one]))
    .flatMap(({ address }) => address ?? [])
}

const people: ReadonlySet<string> = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'resent-to', 'resent-cc'])
