/** Letters out of the daemon into folders: all that are new when the bridge starts, and then as they come. */
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'
import type { MessageState, Summary } from '../service.ts'
import { createTurns } from '../turns.ts'
import { bytesOf, createArrival } from './arrival.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { Folders, NewEntry } from './folders.ts'
import type { Known, KnownLetters } from './known.ts'
import { viewOf } from './letter-view.ts'
import { about, deliveryReport, headText, inInbox, notice } from './reports.ts'

type Options = {
  readonly api: DaemonApi
  readonly folders: Folders
  readonly known: KnownLetters
  readonly clock: Clock
  readonly logger: Logger
}

export type Intake = {
  /** Put a letter that was handed in here among those that were sent, before anybody else can. */
  handedIn(letter: Pick<Summary, 'id'>): Promise<void>
  /** Say the verdicts that are due. */
  judge(): Promise<void>
  /** Follow the daemon until the signal aborts; where it is away, until it is back. */
  follow(signal: AbortSignal): Promise<void>
}

/** How often a daemon that is away is asked again. */
const againMs = 2_000
/** How many letters are fetched at one time, of the eight that a daemon gives out at one; and put into folders in one write. */
const fetchedMax = 6
const togetherMax = 100
const readable: ReadonlySet<MessageState> = new Set(['released', 'opened', 'acknowledged'])

export function createIntake({ api, folders, known, clock, logger }: Options): Intake {
  const inTurn = createTurns()
  const arrival = createArrival(api)

  /** Put letters into folders, in their order and in one write. */
  async function put(made: readonly { summary: Summary; entry: NewEntry }[], isHandedIn = false): Promise<void> {
    const named = new Set<string>()
    const entries = made.flatMap(({ summary, entry }) => {
      const { messageId } = entry.index
      // A program may have put its own copy there, and of one letter to several there are several with one Message-ID.
      const isThere = summary.folder === 'sent' && (named.has(messageId) || folders.find('Sent', messageId))
      if (summary.folder === 'sent') named.add(messageId)
      return isThere ? [] : [entry]
    })
    await folders.add(entries, known.noting(made.map(({ summary }) => noteOf(summary, isHandedIn))))
  }

  async function take(summary: Summary, isHandedIn = false): Promise<void> {
    const before = known.get(summary.id)
    if (before) {
      // Its event may have come before whoever handed it in was answered.
      const isNews = isHandedIn && !before.isHandedIn
      if (isNews) await known.note({ ...before, isHandedIn: true })
      return follows(summary, isNews ? { ...before, isHandedIn: true } : before)
    }
    if (isComing(summary, isHandedIn))
      await put([{ summary, entry: await arrival.made(summary, await arrival.around()) }], isHandedIn)
  }

  /** The same for many that nobody handed in here: fetched some at a time, and durable together. Says how many did not come. */
  async function takeMany(summaries: readonly Summary[]): Promise<number> {
    const news = summaries.filter((summary) => !known.get(summary.id) && isComing(summary, false))
    const shared = await arrival.around()
    const found = await someAtATime(news, async (summary) => {
      try {
        return [{ summary, entry: await arrival.made(summary, shared) }]
      } catch (error) {
        failed(error, summary.id)
        return []
      }
    })
    await put(found.flat())
    return found.filter((one) => one.length === 0).length
  }

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
      original: headText(viewOf(raw, '')),
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
      // Said before and not settled yet, perhaps by a bridge that was killed then.
      if ((error as { code?: string }).code === 'ack-repeated') return known.note(judged(letter))
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

  /** Everything in a folder of the daemon's, the oldest first, so that UIDs grow with time; whether all of it came. */
  async function takeAll(folder: 'inbox' | 'sent'): Promise<boolean> {
    const all = (await api.messages({ folder })).toReversed()
    for (const summary of all.filter(({ id }) => known.get(id)))
      await inTurn(() => take(summary)).catch((error) => failed(error, summary.id))
    let missing = 0
    for (let at = 0; at < all.length; at += togetherMax)
      missing += await inTurn(() => takeMany(all.slice(at, at + togetherMax)))
    return missing === 0
  }
  async function takeUntilAll(signal: AbortSignal): Promise<void> {
    while (!((await takeAll('inbox')) && (await takeAll('sent'))) && !signal.aborted)
      await pause(clock, againMs, signal)
  }
  const failed = (error: unknown, letter: string): void => {
    const { isPassing } = noOf(error)
    logger[isPassing ? 'debug' : 'warn']({ err: error, letter: letter.slice(0, 8) }, 'a letter did not come in')
  }

  return {
    // As it is by now: what became of it meanwhile was passed over, as nobody knew yet that it was handed in here.
    handedIn: ({ id }) => inTurn(async () => take(await api.summary({ id }), true)),
    judge: () =>
      inTurn(async () => {
        for (const letter of known.due()) await say(letter).catch((error) => failed(error, letter.id))
      }),
    async follow(signal) {
      while (!signal.aborted) {
        try {
          const events = await api.events(signal)
          const listed = takeUntilAll(signal)
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

const noteOf = ({ id, folder, verdict }: Summary, isHandedIn: boolean): Known => ({
  ...{ id, folder },
  ...(verdict !== null && { isJudged: true as const }),
  ...(isHandedIn && { isHandedIn: true as const }),
})

/** Whether a letter that is not known yet is to be put into a folder. */
function isComing({ folder, state }: Summary, isHandedIn: boolean): boolean {
  if (folder === 'inbox') return readable.has(state)
  // Another bridge, or a device, sent it and it came to nothing: its sender was told there.
  return state !== 'refused' || isHandedIn
}

const judged = ({ coming: _, ...letter }: Known): Known => ({ ...letter, isJudged: true })

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

/** What a task makes of each of some, in their order, with so many under way as are fetched at one time. */
async function someAtATime<T, R>(all: readonly T[], task: (one: T) => Promise<R>): Promise<R[]> {
  const made: R[] = []
  const rest = all.entries()
  const worker = async (): Promise<void> => {
    for (const [at, one] of rest) made[at] = await task(one)
  }
  await Promise.all(Array.from({ length: fetchedMax }, worker))
  return made
}
