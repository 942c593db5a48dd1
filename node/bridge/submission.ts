/**
 * Letters that mail programs hand in: who writes to whom, and what it costs against the limits. What may be sent is put into
 * Outbox, and sent from there (`outgoing.ts`).
 */
import { createHash } from 'node:crypto'
import { fieldValue, headAt, inLines } from '../letter/head.ts'
import type { Clock } from '../seams.ts'
import { createTurns } from '../turns.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { Folders } from './folders.ts'
import type { Intake } from './intake.ts'
import { indexOf, withCrLf } from './letter-view.ts'
import { outward, waitingMessage } from './outward.ts'
import { peopleOf } from './people.ts'
import { type Pricing, SubmissionError } from './pricing.ts'
import type { Spending } from './spending.ts'

type HandedIn = { readonly sender: string; readonly recipients: readonly string[]; readonly raw: Buffer }

type Options = {
  readonly api: DaemonApi
  readonly folders: Folders
  readonly intake: Pick<Intake, 'handedIn'>
  readonly pricing: Pricing
  readonly spending: Spending
  readonly clock: Pick<Clock, 'now'>
  /** For how long a letter waits in Outbox. */
  readonly undoMs: number
}

export type Submission = {
  /** Resolves where somebody can be written to. Throws SubmissionError. */
  checkRecipient(address: string): Promise<void>
  /** Take a letter; back once it is in Outbox for good. Throws SubmissionError where it is not taken. */
  submit(letter: HandedIn): Promise<void>
}

export function createSubmission({ api, folders, intake, pricing, spending, clock, undoMs }: Options): Submission {
  // One after the other, so that two letters never share what is left of a limit.
  const inTurn = createTurns()
  const people = async () => peopleOf(await api.contacts(), await api.pseudonyms())

  async function submit({ sender, recipients, raw: given }: HandedIn): Promise<void> {
    const known = await people()
    const first = outward(given, known.withoutNames)
    const own = known.own(first.from ?? sender)
    if (!own.ok) throw new SubmissionError(own.sentence)
    const to = recipients.map((address) => {
      const found = known.recipient(address)
      if (!found.ok) throw new SubmissionError(found.sentence)
      return found.address
    })
    // A copy to oneself is in Sent already, and nobody can be paid by themselves.
    const others = [...new Set(to.filter((address) => to.length === 1 || address !== own.address))]
    const visible = others.filter((address) => first.shown.includes(address))
    const hidden = others.filter((address) => !first.shown.includes(address))
    // An operation names its recipients to all of them, so whoever is hidden gets one of their own.
    const groups = [...(visible.length > 0 ? [visible] : []), ...hidden.map((address) => [address])]
    const source = withCrLf(waitingMessage(given, hidden))
    const { raw } = outward(source, known.withoutNames)
    const messageId = fieldValue(headAt(inLines(raw), 0).fields, 'message-id')
    const hash = createHash('sha256').update(source).update(groups.join('\n')).digest('hex')
    if (isWaiting(messageId, hash)) return
    const parts = await pricing.partsOf({ from: own.address, groups, raw, messageId })
    await pricing.check(parts)
    for (const { alreadySent } of parts.map(({ quote }) => quote))
      if (alreadySent) await intake.handedIn(alreadySent.message)
    const news = parts.filter(({ quote }) => !quote.alreadySent)
    if (news.length === 0) return
    for (const { key, cost } of news) await spending.count(key, cost)
    const at = clock.now()
    const left = news.map((part) => part.to)
    const isPartlySent = news.length < parts.length
    const sending = { at: at + undoMs, from: own.address, groups: left, isPartlySent, hash }
    await folders.add([{ folder: 'Outbox', source, index: indexOf(source), at, flags: ['\\Seen'], sending }])
  }

  /** Whether the same waits already. Throws SubmissionError where something else waits under its id. */
  function isWaiting(messageId: string, hash: string): boolean {
    const waiting = folders.find('Outbox', messageId)?.sending
    if (waiting && waiting.hash !== hash)
      throw new SubmissionError(
        'Another letter with the same Message-ID waits in Outbox, so this one was not taken. Take that one out of Outbox first, or wait until it is sent and write this one anew.',
      )
    return waiting !== undefined
  }

  return {
    async checkRecipient(address) {
      const found = (await asked(people)).recipient(address)
      if (!found.ok) throw new SubmissionError(found.sentence)
    },
    submit: (letter) => inTurn(() => asked(() => submit(letter))),
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
