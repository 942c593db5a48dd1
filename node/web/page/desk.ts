/** What the person has before them: their mail and everything about it, kept current by the daemon's events. */
import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Contact, Event, Pseudonym, Status, Submitted, Summary } from '../../service.ts'
import { countIn } from './amount.ts'
import { type Api, ApiError } from './api.ts'
import { tokenIsOf, tokenTold } from './session.ts'
import type { Verdict } from '../../../protocol/words.ts'
import { shortAddress, verdicts } from './words.ts'

export type Folder = Summary['folder']

/** Something that was begun, and since when (milliseconds since 1970). */
type Work = { readonly id: number; readonly what: string; readonly since: number }

/** Something to be told, once. */
type Notice = { readonly id: number; readonly text: string; readonly isRefusal: boolean }

/** A verdict that goes out in a moment, unless it is taken back. */
type Judging = {
  readonly message: Summary
  readonly verdict: Verdict
  /** What goes back with it, in the smallest unit. */
  readonly giveBack: string | undefined
}

type State = {
  readonly status: Status | undefined
  readonly pseudonyms: readonly Pseudonym[]
  readonly contacts: readonly Contact[]
  /** The latest first; undefined until they are here. */
  readonly folders: Readonly<Record<Folder, readonly Summary[] | undefined>>
  /** Why nothing is heard from the daemon; undefined while it is. */
  readonly lost: ApiError | undefined
  readonly works: readonly Work[]
  readonly notices: readonly Notice[]
  readonly judging: Judging | undefined
  /** Goes up with every batch: what depends on the ledger is asked for again. */
  readonly batches: number
}

type Desk = {
  readonly api: Api
  state(): State
  listen(listener: () => void): () => void
  /** Ask the daemon anew for what everybody looks at. */
  reload(): Promise<void>
  /** Do something that may take a while: it is told of while it does, and so is a refusal. Nothing comes of one that is refused. */
  work<T>(what: string, task: () => Promise<T>): Promise<T | undefined>
  /** Tell the person something. */
  say(text: string, isRefusal?: boolean): void
  dismiss(id: number): void
  /** Tell what becomes of an operation, once it is settled or refused. */
  follow(what: string, submitted: Submitted): void
  /** Say what a letter was worth. It is final, so it waits for some seconds; another one sends it at once. */
  judge(judging: Judging): void
  /** Send the verdict that waits, or take it back. */
  conclude(how: 'send' | 'take back'): void
  /** Our name for an address, or its beginning and its end. */
  nameOf(address: string): string
}

const retryMs = 2_000
/** Batches may come several times a second; figures on a page need not. */
const calmMs = 1_000
/** What is told goes away by itself after this; a refusal stays. */
const noticeMs = 8_000
/** How long a verdict can be taken back. */
export const undoMs = 6_000

/** A desk over an API. It hears from the daemon for as long as the page is open. */
export function openDesk(api: Api): Desk {
  let state: State = {
    status: undefined,
    pseudonyms: [],
    contacts: [],
    folders: { inbox: undefined, sent: undefined },
    lost: undefined,
    works: [],
    notices: [],
    judging: undefined,
    batches: 0,
  }
  let last = 0
  let isCalm = true
  const listeners = new Set<() => void>()
  const followed = new Map<string, string>()

  const change = (changed: Partial<State>): void => {
    state = { ...state, ...changed }
    for (const listener of listeners) listener()
  }
  const dismiss = (id: number): void => change({ notices: state.notices.filter((notice) => notice.id !== id) })
  const say = (text: string, isRefusal = false): void => {
    const id = ++last
    change({ notices: [...state.notices, { id, text, isRefusal }].slice(-4) })
    if (!isRefusal) setTimeout(() => dismiss(id), noticeMs)
  }

  async function reload(): Promise<void> {
    const [status, pseudonyms, contacts, inbox, sent] = await Promise.all([
      api.status(),
      api.pseudonyms(),
      api.contacts(),
      api.messages({ folder: 'inbox' }),
      api.messages({ folder: 'sent' }),
    ])
    countIn(status.network.coin)
    tokenIsOf(status.peerId)
    change({ status, pseudonyms, contacts, folders: { inbox: inOrder(inbox), sent: inOrder(sent) } })
  }

  async function afterBatch(): Promise<void> {
    const [status, pseudonyms] = await Promise.all([api.status(), api.pseudonyms()])
    change({ status, pseudonyms, batches: state.batches + 1 })
    for (const [opId, what] of followed) {
      const { state: now, note } = await api.operation({ opId })
      if (now === 'submitted') continue
      followed.delete(opId)
      say(`${what}: ${fate(now, note)}`, now === 'refused')
    }
  }
  const soon = (): void => {
    if (!isCalm) return
    isCalm = false
    setTimeout(() => {
      isCalm = true
      afterBatch().catch(() => undefined) // the stream of events says that the daemon is gone
    }, calmMs)
  }

  const hear: { readonly [Type in Event['type']]: (event: Extract<Event, { type: Type }>) => void } = {
    batch: soon,
    message({ message }) {
      const before = state.folders[message.folder]
      if (before) change({ folders: { ...state.folders, [message.folder]: withMessage(before, message) } })
    },
    halted: soon,
    trouble: soon,
  }

  /** Hear from the daemon, and again once it is back. */
  async function listenOn(): Promise<void> {
    for (;;) {
      try {
        await api.events({
          isOpen: () => void reload().then(() => change({ lost: undefined }), lose),
          event: (event) => hear[event.type](event as never),
        })
        lose(
          new ApiError('no-daemon', 'The daemon has stopped. Start it with `bmail up`; what you typed is still here.'),
        )
      } catch (error) {
        lose(error)
      }
      if (state.lost?.code === 'unauthorized') await tokenTold()
      else await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
  const lose = (error: unknown): void => change({ lost: error instanceof ApiError ? error : unforeseen(error) })

  async function work<T>(what: string, task: () => Promise<T>): Promise<T | undefined> {
    const id = ++last
    change({ works: [...state.works, { id, what, since: Date.now() }] })
    try {
      return await task()
    } catch (error) {
      say((error as Error).message, true)
      return undefined
    } finally {
      change({ works: state.works.filter((one) => one.id !== id) })
    }
  }
  function follow(what: string, { opId, state: now, note }: Submitted): void {
    if (now === 'submitted') followed.set(opId, what)
    say(`${what}: ${fate(now, note)}`, now === 'refused')
  }
  let concluding: ReturnType<typeof setTimeout> | undefined
  function conclude(how: 'send' | 'take back'): void {
    clearTimeout(concluding)
    const { judging } = state
    change({ judging: undefined })
    if (!judging || how === 'take back') return
    const { message, verdict, giveBack } = judging
    const given = giveBack === undefined ? {} : { giveBack }
    void work('Saying what it was worth', async () =>
      follow(`“${verdicts[verdict].name}”`, await api.ack({ id: message.id, verdict, ...given })),
    )
  }

  void listenOn()
  // Whoever closes the page, or loads it again, has said it all the same.
  addEventListener('pagehide', () => conclude('send'))
  return {
    api,
    state: () => state,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    reload,
    work,
    say,
    dismiss,
    follow,
    judge(judging) {
      conclude('send')
      change({ judging })
      concluding = setTimeout(() => conclude('send'), undoMs)
    },
    conclude,
    nameOf(address) {
      const contact = state.contacts.find((one) => one.address === address)
      const own = state.pseudonyms.find((one) => one.address === address)
      return contact?.name ?? (own ? `you (${own.label})` : shortAddress(address))
    },
  }
}

/** What became of an operation. */
const fate = (state: Submitted['state'], note: string): string =>
  ({ submitted: 'on its way; it is settled with the next batch.', settled: 'settled.', refused: note })[state]

const unforeseen = (error: unknown): ApiError => new ApiError('failure', (error as Error).message)

/** The latest first; what is not settled yet is later than all that is. */
const inOrder = (messages: readonly Summary[]): readonly Summary[] =>
  messages.toSorted((a, b) => (b.settledAt ?? b.date + unsettledMs) - (a.settledAt ?? a.date + unsettledMs))
const unsettledMs = 1e14

/** One of our copies of a message: it may have come to several of our addresses. */
export const copyOf = ({ id, own }: Summary): string => `${id} ${own}`

function withMessage(messages: readonly Summary[], message: Summary): readonly Summary[] {
  const others = messages.filter((one) => copyOf(one) !== copyOf(message))
  return inOrder([message, ...others])
}

const DeskContext = createContext<Desk | undefined>(undefined)
/** Gives a desk to everything in it. */
export const DeskProvider = DeskContext.Provider

/** The desk, and what is on it, whenever that changes. */
export function useDesk(): Desk & { readonly now: State } {
  const desk = useContext(DeskContext)!
  const [now, set] = useState(desk.state())
  useEffect(() => {
    set(desk.state()) // it may have changed before this listened
    return desk.listen(() => set(desk.state()))
  }, [desk])
  return { ...desk, now }
}

/** What the daemon answers, asked again with every batch and whenever `again` differs; undefined until it is here. */
export function useAnswer<T>(ask: (api: Api) => Promise<T>, again: unknown = ''): T | undefined {
  const { api, say, now } = useDesk()
  const [answer, set] = useState<T>()
  useEffect(() => {
    let isCurrent = true
    ask(api).then(
      (value) => isCurrent && set(value),
      (error: Error) => isCurrent && !(error instanceof ApiError && error.isLost) && say(error.message, true),
    )
    return () => {
      isCurrent = false
    }
  }, [again, now.batches, now.lost])
  return answer
}
