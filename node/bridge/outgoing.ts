/**
 * Letters out of Outbox, each when its time has come. What the daemon was asked to send and did not answer is asked again
 * under the same Message-ID, and it sends and pays that once; so a crash at any moment doubles nothing. What it refuses is
 * put into Drafts, and its owner is told.
 */
import { createHash } from 'node:crypto'
import { fieldValue, headAt, inLines } from '../letter/head.ts'
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'
import { createTurns } from '../turns.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { Became, Entry, Folders, NewEntry, Sent } from './folders.ts'
import type { Intake } from './intake.ts'
import { outward } from './outward.ts'
import { peopleOf } from './people.ts'
import { type Part, type Pricing, spendingKey, SubmissionError } from './pricing.ts'
import { deliveryReport, headText, inInbox } from './reports.ts'
import type { Spending } from './spending.ts'

type Options = {
  readonly api: DaemonApi
  readonly folders: Folders
  readonly intake: Pick<Intake, 'handedIn'>
  readonly pricing: Pricing
  readonly spending: Spending
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
}

type Outgoing = {
  /** Send what is due. What cannot be sent for a while waits on. */
  sendDue(): Promise<void>
}

/** Why some of a letter's recipients do not get it. */
type Refused = { readonly to: readonly string[]; readonly why: string }

/** What was found of the groups of recipients; `waiting` where the daemon could not say. */
type Found = { readonly refused: readonly Refused[]; readonly waiting: readonly (readonly string[])[] }

export function createOutgoing({ api, folders, intake, pricing, spending, clock, logger }: Options): Outgoing {
  const inTurn = createTurns()
  /** The UID of what is being sent now. */
  let current: number | undefined

  // What is taken back is not spent.
  folders.onChange(({ before, entry }) => {
    if (before?.folder !== 'Outbox' || entry?.folder === 'Outbox' || before.uid === current) return
    for (const to of before.sending?.groups ?? [])
      spending
        .count(spendingKey(before.index.messageId, to), 0n)
        .catch((error) => logger.warn({ err: error }, 'what was taken back still counts as spent'))
  })

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

  async function sendPart({ to, quote, key, cost }: Part, from: string, raw: Buffer): Promise<void> {
    const answers = await answered(raw, from, to)
    await spending.count(key, cost)
    const sent = await api.send({ prepared: quote.prepared, refuseAbove: quote.feeMax, ...(answers && { answers }) })
    await intake.handedIn(sent.message)
  }

  /** Send a letter to everybody to whom it goes still. */
  async function sendAll({ index, sending }: Entry, raw: Buffer): Promise<Found> {
    const { from, groups } = sending!
    const refused: Refused[] = []
    const waiting: (readonly string[])[] = []
    const attempt = async (some: Found['waiting'], task: () => Promise<void>): Promise<void> => {
      try {
        await task()
      } catch (error) {
        const { sentence, isPassing } = error instanceof SubmissionError ? ofError(error) : noOf(error)
        if (isPassing) waiting.push(...some)
        else refused.push(...some.map((to) => ({ to, why: sentence })))
      }
    }
    await attempt(groups, async () => {
      const parts = await pricing.partsOf({ from, groups, raw, messageId: index.messageId })
      for (const { alreadySent } of parts.map(({ quote }) => quote))
        if (alreadySent) await intake.handedIn(alreadySent.message)
      const news = parts.filter(({ quote }) => !quote.alreadySent)
      await attempt(
        news.map(({ to }) => to),
        async () => {
          await pricing.check(news)
          for (const part of news) await attempt([part.to], () => sendPart(part, from, raw))
        },
      )
    })
    for (const { to } of refused) await spending.count(spendingKey(index.messageId, to), 0n)
    return { refused, waiting }
  }

  async function send(entry: Entry): Promise<Sent> {
    const sending = entry.sending!
    const { withoutNames } = peopleOf(await api.contacts(), await api.pseudonyms())
    const { raw } = outward(await folders.ownBytes(entry.number), withoutNames)
    const { refused, waiting } = await sendAll(entry, raw)
    const isPartlySent = sending.isPartlySent || sending.groups.length > refused.length + waiting.length
    const became: Became =
      waiting.length > 0
        ? { sending: { ...sending, groups: waiting, isPartlySent } }
        : isPartlySent
          ? 'gone'
          : { folder: 'Drafts' }
    return { became, told: refused.map((one) => told(one, sending.from, raw)) }
  }

  /** What its owner is told of recipients who do not get it. */
  function told({ to, why }: Refused, own: string, raw: Buffer): NewEntry {
    const { fields } = headAt(inLines(raw), 0)
    const at = clock.now()
    const source = deliveryReport({
      name: `refused-${createHash('sha256').update(raw).update(to.join()).digest('hex').slice(0, 32)}`,
      at,
      to: own,
      subject: `Not sent: ${fieldValue(fields, 'subject')}`,
      text: `This letter was taken, and refused as it was to be sent:\r\n\r\n${why}\r\n\r\nThese do not get it:\r\n\r\n${to.join('\r\n')}`,
      recipients: to,
      why,
      original: headText(raw),
    })
    return inInbox(source, at)
  }

  return {
    sendDue: () =>
      inTurn(async () => {
        const due = folders
          .list('Outbox')
          .filter(({ sending, flags }) => sending && sending.at <= clock.now() && !flags.includes('\\Deleted'))
        for (const { uid } of due) {
          current = uid
          await folders.send(uid, send).catch((error) => logger.warn({ err: error }, 'a letter could not be sent yet'))
          current = undefined
        }
      }),
  }
}

const ofError = ({ message, isPassing }: SubmissionError) => ({ sentence: message, isPassing })
