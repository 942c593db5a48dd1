/** Letters out of the daemon into folders: all that are new when the bridge starts, and then as they come. */
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'
import type { MessageState, Summary } from '../service.ts'
import { createTurns } from '../turns.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { Folders, NewEntry } from './folders.ts'
import { about, bytesOf, entryOf, surroundings } from './incoming.ts'
import type { Known, KnownLetters } from './known.ts'
import { viewOf } from './letter-view.ts'
import { deliveryReport, inInbox, notice } from './reports.ts'

type Options = {
  readonly api: DaemonApi
  readonly folders: Folders
  readonly known: KnownLetters
  readonly clock: Clock
  readonly logger: Logger
}

export type Intake = {
  /** Put a letter that was handed in here among those that were sent, before anybody else can. */
  handedIn(letter: Summary): Promise<void>
  /** Say the verdicts that are due. */
  judge(): Promise<void>
  /** Follow the daemon until the signal aborts; where it is away, until it is back. */
  follow(signal: AbortSignal): Promise<void>
}

/** How often a daemon that is away is asked again. */
const againMs = 2_000
/** How many letters are put into folders in one piece, and how many of those are asked for at a time. */
const writtenAtOnce = 64
const fetchedAtOnce = 6
const readable: ReadonlySet<MessageState> = new Set(['released', 'opened', 'acknowledged'])

export function createIntake({ api, folders, known, clock, logger }: Options): Intake {
  const inTurn = createTurns()

  const take = (summary: Summary, isHandedIn = false): Promise<void> => takeSome([summary], { isHandedIn })

  /** Take some as they are now: those that are new are put into their folders in one piece, in this order. */
  async function takeSome(summaries: readonly Summary[], { isHandedIn = false } = {}): Promise<void> {
    const wanted = summaries.filter((summary) => known.get(summary.id) === undefined && isToCome(summary, isHandedIn))
    const around = wanted.length > 0 ? await surroundings(api) : undefined
    const entries: NewEntry[] = []
    const notes: Known[] = []
    for (const some of groupsOf(wanted, fetchedAtOnce)) {
      const all = await Promise.allSettled(some.map((summary) => entryOf(api, summary, around!)))
      for (const [index, result] of all.entries()) {
        const summary = some[index]!
        if (result.status === 'rejected') {
          if (summaries.length === 1) throw result.reason
          failed(result.reason, summary.id)
          continue
        }
        notes.push(firstNote(summary, isHandedIn))
        if (!isThere(result.value, entries)) entries.push(result.value)
      }
    }
    if (notes.length > 0) await folders.add(entries, known.noting(notes))
    for (const summary of summaries) {
      const before = known.get(summary.id)
      if (!before || wanted.includes(summary)) continue
      // Its event may have come before whoever handed it in was answered.
      const isNews = isHandedIn && !before.isHandedIn
      if (isNews) await known.note({ ...before, isHandedIn: true })
      await follows(summary, isNews ? { ...before, isHandedIn: true } : before).catch((error) => {
        if (summaries.length === 1) throw error
        failed(error, summary.id)
      })
    }
  }

  /** A program may have put its own copy there, and of one letter to several there are several with one Message-ID. */
  const isThere = ({ folder, index: { messageId } }: NewEntry, coming: readonly NewEntry[]): boolean =>
    folder === 'Sent' &&
    (folders.find(folder, messageId) !== undefined ||
      coming.some((other) => other.folder === folder && other.index.messageId === messageId))

  /** What a change of a known letter asks for. */
  async function follows(summary: Summary, before: Known): Promise<void> {
    if (summary.verdict !== null && !before.isJudged) await known.note(judged(before))
    if (summary.state !== 'refused' || !before.isHandedIn || before.isReported) return
    const raw = await bytesOf(api, summary.id).catch(() => Buffer.alloc(0))
    const source = deliveryReport({
      ...about(summary, 'refused'),
      at: clock.now(),
      subject: `Not delivered: ${summary.subject}`,
      text: `This letter was taken, and refused later:\r\n\r\n${summary.note}\r\n\r\nIt is not on its way any more.`,
      recipients: summary.to,
      why: summary.note,
      original: viewOf(raw, '').toString('utf8').split('\r\n\r\n', 1)[0]!.slice(0, 8_000),
    })
    await folders.add([inInbox(source, clock.now())], known.noting([{ ...before, isReported: true }]))
  }

  /** Say one verdict. Where it cannot be said any more, its owner is told. */
  async function say(letter: Known): Promise<void> {
    const { verdict } = letter.coming!
    try {
      if ((await api.summary({ id: letter.id })).verdict === null) await api.ack({ id: letter.id, verdict })
      await known.note(judged(letter))
      logger.info({ verdict }, 'a verdict was said')
    } catch (error) {
      const { sentence, isPassing } = noOf(error)
      if (isPassing) return
      const summary = await api.summary({ id: letter.id })
      const source = notice({
        ...about(summary, 'not-judged'),
        at: clock.now(),
        subject: `Not judged: ${summary.subject}`,
        text: `The letter was to be judged “${verdict}”, and that was refused:\r\n\r\n${sentence}`,
      })
      await folders.add([inInbox(source, clock.now())], known.noting([judged(letter)]))
    }
  }

  async function takeAll(folder: 'inbox' | 'sent'): Promise<void> {
    const all = await api.messages({ folder })
    // The oldest first, so that UIDs grow with time.
    for (const some of groupsOf(all.toReversed(), writtenAtOnce)) await inTurn(() => takeSome(some))
  }
  const failed = (error: unknown, letter: string): void => {
    const { isPassing } = noOf(error)
    logger[isPassing ? 'debug' : 'warn']({ err: error, letter: letter.slice(0, 8) }, 'a letter did not come in')
  }

  return {
    handedIn: (letter) => inTurn(() => take(letter, true)),
    judge: () =>
      inTurn(async () => {
        for (const letter of known.due()) await say(letter).catch((error) => failed(error, letter.id))
      }),
    async follow(signal) {
      while (!signal.aborted) {
        try {
          const events = await api.events(signal)
          const listed = takeAll('inbox').then(() => takeAll('sent'))
          listed.catch(() => undefined) // waited for below, unless listening ends before
          for await (const event of events)
            if (event.type === 'message')
              await inTurn(() => take(event.message)).catch((error) => failed(error, event.message.id))
          await listed
        } catch (error) {
          logger.debug({ err: error }, 'the daemon is away')
        }
        if (!signal.aborted) await pause(clock, againMs, signal)
      }
    },
  }
}

const judged = ({ coming: _, ...letter }: Known): Known => ({ ...letter, isJudged: true })

/** Whether a letter that is not known yet comes into a folder. */
function isToCome({ folder, state }: Summary, isHandedIn: boolean): boolean {
  if (folder === 'inbox') return readable.has(state)
  // Another bridge, or a device, sent it and it came to nothing: its sender was told there.
  return state !== 'refused' || isHandedIn
}

const firstNote = ({ id, folder, verdict }: Summary, isHandedIn: boolean): Known => ({
  id,
  folder,
  ...(verdict !== null && { isJudged: true as const }),
  ...(isHandedIn && { isHandedIn: true as const }),
})

const groupsOf = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

/** Wait, but not for what is over. */
const pause = (clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    signal.addEventListener(
      'abort',
      () => {
        cancel()
        resolve()
      },
      { once: true },
    )
  })
