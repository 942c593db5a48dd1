/** Letters that mail programs hand in: who writes to whom, what it costs against the limits, and then one send for each. */
import { createHash } from 'node:crypto'
import addressParser from 'nodemailer/lib/addressparser'
import { amountText } from '../amount.ts'
import { fieldValue, headAt, inLines } from '../letter/head.ts'
import type { Coin } from '../../protocol/rules.ts'
import type { Clock } from '../seams.ts'
import type { Quote } from '../service.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { Folders } from './folders.ts'
import type { Intake } from './intake.ts'
import { domain } from './letter-view.ts'
import { peopleOf } from './people.ts'
import { deliveryReport, inInbox } from './reports.ts'
import type { Spending } from './spending.ts'
import { createTurns } from '../turns.ts'

/** What a letter and a day of letters may cost, in the smallest unit; null for what is said when nothing is set. */
export type Limits = { readonly letter: bigint | null; readonly day: bigint | null }

type HandedIn = { readonly sender: string; readonly recipients: readonly string[]; readonly raw: Buffer }

/** A letter was not sent; the sentence says why and what to do. */
export class SubmissionError extends Error {
  /** Whether the program may try again by itself. */
  readonly isPassing: boolean
  constructor(sentence: string, { isPassing = false, cause }: { isPassing?: boolean; cause?: unknown } = {}) {
    super(sentence, { cause })
    this.name = 'SubmissionError'
    this.isPassing = isPassing
  }
}

type Options = {
  readonly api: DaemonApi
  readonly folders: Folders
  readonly intake: Pick<Intake, 'handedIn'>
  readonly spending: Spending
  readonly limits: (coin: Coin) => Limits
  readonly clock: Pick<Clock, 'now'>
}

export type Submission = {
  /** Resolves where somebody can be written to. Throws SubmissionError. */
  checkRecipient(address: string): Promise<void>
  /** Send a letter to all its recipients; back once it is on its way. Throws SubmissionError where it went to nobody. */
  submit(letter: HandedIn): Promise<void>
}

/** A letter to some of its recipients, under one operation. */
type Part = { readonly to: readonly string[]; readonly quote: Quote; readonly key: string; readonly cost: bigint }

/** Without a limit of one's own, a letter may cost so many times what a first letter of a KiB to a stranger costs. */
const firstLettersMost = 4n

export function createSubmission({ api, folders, intake, spending, limits, clock }: Options): Submission {
  // One after the other, so that two letters never share what is left of a limit.
  const inTurn = createTurns()
  const people = async () => peopleOf(await api.contacts(), await api.pseudonyms())

  async function limitOf(own: bigint | null): Promise<bigint> {
    if (own !== null) return own
    const { tiers } = await api.reputation()
    return firstLettersMost * BigInt(tiers.find(({ tier }) => tier === null)!.firstLetter)
  }

  /** Throws SubmissionError where the parts cost more than is allowed, or the daemon refuses one of them. */
  async function checkCosts(parts: readonly Part[]): Promise<void> {
    const { coin } = (await api.status()).network
    const { letter, day } = limits(coin)
    const news = parts.filter(({ quote }) => !quote.alreadySent)
    for (const { quote } of news) if (quote.refusal) throw new SubmissionError(quote.refusal.sentence)
    const cost = news.reduce((sum, part) => sum + part.cost, 0n)
    const shown = (amount: bigint): string => amountText(amount, coin)
    const most = await limitOf(letter)
    if (cost > most)
      throw new SubmissionError(
        `This letter would cost ${shown(cost)}, which is more than the ${shown(most)} that a mail program may spend on one (bridgeMaxFee). Nothing was sent. Send it with \`bmail send\`, or start the bridge with a higher one.`,
      )
    const spent = spending.within(new Set(parts.map(({ key }) => key)))
    if (day !== null && spent + cost > day)
      throw new SubmissionError(
        `This letter would cost ${shown(cost)}, and mail programs spent ${shown(spent)} of the ${shown(day)} that they may within 24 hours (bridgePerDay). Nothing was sent. Wait, send it with \`bmail send\`, or start the bridge with a higher one.`,
      )
  }

  /** The letter of ours that this one answers, if that came from one of those to whom it goes. */
  async function answered(raw: Buffer, from: string, to: readonly string[]): Promise<string | undefined> {
    const answers = fieldValue(headAt(inLines(raw), 0).fields, 'in-reply-to')
    const found =
      answers &&
      (['INBOX', 'Archive', 'Trash', 'Junk'] as const).map((name) => folders.find(name, answers)).find(Boolean)
    if (!found || !('letter' in found.source)) return undefined
    const { id, own, from: sender } = await api.summary({ id: found.source.letter })
    return own === from && to.includes(sender) ? id : undefined
  }

  async function send({ to, quote, key, cost }: Part, { from, raw }: { from: string; raw: Buffer }): Promise<void> {
    if (quote.alreadySent) return intake.handedIn(quote.alreadySent.message)
    const answers = await answered(raw, from, to)
    await spending.count(key, cost)
    try {
      const sent = await api.send({ prepared: quote.prepared, refuseAbove: quote.feeMax, ...(answers && { answers }) })
      await intake.handedIn(sent.message)
    } catch (error) {
      // What could not be asked may have been sent: then it stays counted, and asking again finds it.
      if (!noOf(error).isPassing) await spending.count(key, 0n)
      throw error
    }
  }

  async function submitAll({ sender, recipients, raw: given }: HandedIn): Promise<void> {
    const known = await people()
    const { raw, from, shown } = rewritten(given, known.withoutNames, sender)
    const own = known.own(from)
    if (!own.ok) throw new SubmissionError(own.sentence)
    const to = recipients.map((address) => {
      const found = known.recipient(address)
      if (!found.ok) throw new SubmissionError(found.sentence)
      return found.address
    })
    // A copy to oneself is in Sent already, and nobody can be paid by themselves.
    const others = new Set(to.filter((address) => to.length === 1 || address !== own.address))
    const visible = [...others].filter((address) => shown.includes(address))
    // An operation names its recipients to all of them, so whoever is hidden gets one of their own.
    const hidden = [...others].filter((address) => !shown.includes(address)).map((address) => [address])
    const groups = [...(visible.length > 0 ? [visible] : []), ...hidden]
    const messageId = fieldValue(headAt(inLines(raw), 0).fields, 'message-id')
    const parts: Part[] = []
    for (const group of groups) {
      const quote = await api.quote({ from: own.address, to: group, raw: raw.toString('base64') })
      const cost = BigInt(quote.feeMax) + BigInt(quote.inclusionFee)
      parts.push({ to: group, quote, key: `${messageId} ${group.join(' ')}`, cost })
    }
    await checkCosts(parts)
    for (const [index, part] of parts.entries())
      await send(part, { from: own.address, raw }).catch(async (error) => {
        if (index === 0) throw error
        await report(part, own.address, raw, noOf(error).sentence)
      })
  }

  /** That a letter went to some and not to others: the program was told yes, so it is told in the inbox. */
  async function report({ to }: Part, own: string, raw: Buffer, why: string): Promise<void> {
    const source = deliveryReport({
      name: `part-${createHash('sha256').update(raw).update(to.join()).digest('hex').slice(0, 32)}`,
      at: clock.now(),
      to: own,
      subject: 'Not delivered to everybody',
      text: `This letter went to some of its recipients, and not to these:\r\n\r\n${to.join('\r\n')}\r\n\r\n${why}`,
      recipients: to,
      why,
      original: raw.toString('utf8').split('\r\n\r\n', 1)[0]!.slice(0, 8_000),
    })
    await folders.add([inInbox(source, clock.now())])
  }

  return {
    async checkRecipient(address) {
      const found = (await asked(people)).recipient(address)
      if (!found.ok) throw new SubmissionError(found.sentence)
    },
    submit: (letter) => inTurn(() => asked(() => submitAll(letter))),
  }
}

/** What the daemon refuses, as what is told a program. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof SubmissionError) throw error
    const { sentence, isPassing } = noOf(error)
    throw new SubmissionError(sentence, { isPassing, cause: error })
  }
}

/**
 * A message as it goes out: nobody's name but addresses in its fields, nobody hidden in them, and an id by which it is known
 * when it is handed in again. `from` is who it says wrote it, `shown` whom it says it goes to.
 */
function rewritten(given: Buffer, withoutNames: (field: string) => string, sender: string) {
  const whole = inLines(given)
  const { fields, stray, bodyAt } = headAt(whole, 0)
  const written = fields
    .filter(({ name }) => !/^(?:bcc|resent-bcc)$/.test(name))
    .map(({ name, raw }) => {
      const text = Buffer.from(raw).toString('latin1')
      return { name, raw: Buffer.from(people.has(name) ? withoutNames(text) : text, 'latin1') }
    })
  const inField = (name: string): string[] =>
    written
      .filter((field) => field.name === name)
      .flatMap(({ raw }) =>
        addressParser(
          raw
            .toString('latin1')
            .replace(/^[^:]*:/, '')
            .replace(/\r?\n/g, ''),
        ),
      )
      .flatMap((one) => ('group' in one && one.group ? one.group : [one]))
      .flatMap(({ address }) => address ?? [])
  const named = fieldValue(written, 'message-id')
  const id = createHash('sha256').update(given).digest('hex').slice(0, 40)
  const first = named ? [] : [Buffer.from(`Message-ID: <${id}@${domain}>\r\n`)]
  const rest = [...stray, whole.subarray(bodyAt)]
  const at = new RegExp(`@${domain}$`, 'i')
  return {
    raw: Buffer.concat([...first, ...written.map(({ raw }) => raw), Buffer.from('\r\n'), ...rest]),
    from: inField('from')[0] ?? sender,
    shown: [...inField('to'), ...inField('cc')].map((address) => address.toLowerCase().replace(at, '')),
  }
}

const people: ReadonlySet<string> = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'resent-to', 'resent-cc'])
