/** What the bridge tells its owner, as messages in the inbox: where a letter was refused after it was taken, a report (RFC 3464). */
import type { Summary } from '../service.ts'
import type { NewEntry } from './folders.ts'
import { domain, encoded, indexOf } from './letter-view.ts'

type Report = {
  /** Names it: the same report has the same name. */
  readonly name: string
  readonly at: number
  readonly to: string
  readonly subject: string
  /** What happened and what to do, in sentences. */
  readonly text: string
}

/** How what is said of a letter is named, and whom it goes to. */
export const about = ({ id, own }: Summary, what: string): Pick<Report, 'name' | 'to'> => ({
  name: `${what}-${id.slice(0, 32)}`,
  to: own,
})

const postmaster = `"b-mail" <postmaster@${domain}>`

/** A message in plain words. */
export const notice = (report: Report): Buffer =>
  Buffer.from(
    `${head(report)}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${report.text}\r\n`,
  )

/** The same for letters that did not go, as every mail program knows it. `original` is the head of the letter. */
export function deliveryReport(
  report: Report & { readonly recipients: readonly string[]; readonly why: string; readonly original: string },
): Buffer {
  const boundary = `report-${report.name}`
  const recipients = report.recipients.map(
    (address) =>
      `Final-Recipient: rfc822; ${address}@${domain}\r\nAction: failed\r\nStatus: 5.7.0\r\nDiagnostic-Code: x-bmail; ${encoded(report.why)}\r\n`,
  )
  const parts = [
    `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${report.text}\r\n`,
    `Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; ${domain}\r\n\r\n${recipients.join('\r\n')}`,
    `Content-Type: text/rfc822-headers\r\n\r\n${report.original}`,
  ]
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')
  const type = `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"\r\n`
  return Buffer.from(`${head(report)}${type}\r\n${body}--${boundary}--\r\n`)
}

/** The head of a message, as a report quotes it. */
export const headText = (raw: Buffer): string => raw.toString('utf8').split('\r\n\r\n', 1)[0]!.slice(0, 8_000)

/** A report as it is put into the inbox, not seen yet. */
export const inInbox = (source: Buffer, at: number): NewEntry => ({
  folder: 'INBOX',
  source,
  index: indexOf(source),
  at,
  flags: [],
})

const head = ({ name, at, to, subject }: Report): string =>
  `From: ${postmaster}\r\nTo: <${to}@${domain}>\r\nSubject: ${encoded(subject)}\r\n` +
  `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${name}@${domain}>\r\n` +
  `Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n`
