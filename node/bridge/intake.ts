/** Letters out of the daemon into folders: all that are new when the bridge starts, and then as they come. */
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'
import type { MessageState, Summary } from '../service.ts'
import { createTurns } from '../turns.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { FolderName, Folders, NewEntry } from './folders.ts'
import type { Known, KnownLetters } from './known.ts'
import { frontOfReceived, frontOfSent, indexOf, viewOf } from './letter-view.ts'
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
const readable: ReadonlySet<MessageState> = new Set(['released', 'opened', 'acknowledged'])

export function createIntake({ api, folders, known, clock, logger }: Options): Intake {
  const inTurn = createTurns()

  /** A letter as it lies in its first folder, or nothing while it cannot be read. */
  async function made(summary: Summary): Promise<NewEntry | undefined> {
    const at = summary.settledAt ?? summary.date
    const raw = await bytesOf(api, summary.id).catch((error) => {
      const { sentence, isPassing } = noOf(error)
      if (isPassing) throw error
      return sentence
    })
    const flags = ['\\Seen'].filter(() => summary.folder === 'sent' || summary.state !== 'released')
    const starred = summary.verdict === 'value' ? ['\\Flagged'] : []
    if (typeof raw === 'string') {
      const source = notice({ ...about(summary, 'unreadable'), at, subject: 'A letter that cannot be read', text: raw })
      return { folder: 'INBOX', source, index: indexOf(source), at, flags }
    }
    const front = await frontOf(raw, summary)
    const index = indexOf(viewOf(raw, front))
    return {
      folder: folderOf(summary),
      source: { letter: summary.id, front },
      index,
      at,
      flags: [...flags, ...starred],
    }
  }

  async function frontOf(raw: Buffer, summary: Summary): Promise<string> {
    const { coin } = (await api.status()).network
    if (summary.folder === 'sent') return frontOfSent(raw, { summary, coin })
    const contacts = await api.contacts()
    const receipt = await api.receipt({ id: summary.id }).catch(() => undefined)
    const line = receipt?.lines.find(({ recipient }) => recipient === summary.own)
    return frontOfReceived(raw, { summary, coin, contacts, line })
  }

  async function take(summary: Summary, isHandedIn = false): Promise<void> {
    const before = known.get(summary.id)
    if (before) {
      // Its event may have come before whoever handed it in was answered.
      const isNews = isHandedIn && !before.isHandedIn
      if (isNews) await known.note({ ...before, isHandedIn: true })
      return follows(summary, isNews ? { ...before, isHandedIn: true } : before)
    }
    if (summary.folder === 'inbox' && !readable.has(summary.state)) return
    // Another bridge, or a device, sent it and it came to nothing: its sender was told there.
    if (summary.folder === 'sent' && summary.state === 'refused' && !isHandedIn) return
    const entry = await made(summary)
    if (!entry) return
    const note = known.noting([
      {
        id: summary.id,
        folder: summary.folder,
        ...(summary.verdict !== null && { isJudged: true as const }),
        ...(isHandedIn && { isHandedIn: true as const }),
      },
    ])
    // A program may have put its own copy there, and of one letter to several there are several with one Message-ID.
    const isThere = summary.folder === 'sent' && folders.find('Sent', entry.index.messageId) !== undefined
    await folders.add(isThere ? [] : [entry], note)
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
    for (const summary of [...all].reverse())
      await inTurn(() => take(summary)).catch((error) => failed(error, summary.id))
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

/** The bytes of a letter, without its counting as opened. */
export async function bytesOf(api: Pick<DaemonApi, 'raw'>, id: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of await api.raw({ id, leave: 'unopened' })) pieces.push(piece)
  return Buffer.concat(pieces)
}

function folderOf({ folder, verdict }: Summary): FolderName {
  if (folder === 'sent') return 'Sent'
  return verdict === 'spam' || verdict === 'abuse' ? 'Junk' : 'INBOX'
}

const about = ({ id, own }: Summary, what: string) => ({ name: `${what}-${id.slice(0, 32)}`, to: own })

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
