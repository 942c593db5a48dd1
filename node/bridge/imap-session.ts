/** What one connection of a mail program knows: who it is, which folder it has open, and what it was not told yet. */
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { Change, Entry, FolderName, Folders } from './folders.ts'
import { ImapNo } from './imap-text.ts'
import type { Texts } from './texts.ts'

/** What all connections have in common. */
export type Shared = {
  readonly folders: Folders
  readonly bytesOf: (entry: Entry) => Promise<Buffer>
  readonly textsOf: (entry: Entry) => Promise<Texts>
  readonly doorkeeper: Pick<Doorkeeper, 'admits' | 'stillAdmits'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A message at its place in the folder that is open. */
export type Placed = { readonly entry: Entry; readonly sequence: number }

type Selected = {
  readonly folder: FolderName
  readonly isReadOnly: boolean
  /** The UIDs in order: the place of one, from 1, is its sequence number, for this connection alone. */
  readonly uids: number[]
  /** What happened in the folder since it was told. */
  waiting: Change[]
}

export type Session = {
  readonly shared: Shared
  /** Send a line, in Latin-1; resolves when there is room for the next. */
  say(line: string): Promise<void>
  program: string | undefined
  /** Whether it is encrypted. */
  isSecure: boolean
  /** When it said its password. */
  readonly since: number
  login(name: string, password: string): boolean
  readonly selected: Selected | undefined
  select(folder: FolderName, how: { readonly isReadOnly: boolean }): Selected
  unselect(): void
  /** The folder that is open, to be written to. Throws ImapNo where there is none, or it is open to be read. */
  writable(): Selected
  /** Messages in the open folder that a test of sequence number and UID finds. */
  placed(isWanted: (sequence: number, uid: number) => boolean): Placed[]
  /** Tell what happened. What went may only be told where no sequence number is in use. */
  tell(what: { readonly withGone: boolean }): Promise<void>
  /** Forget that flags of these changed, as whoever changed them does not want to be told. */
  forgetFlags(uids: readonly number[]): void
  /** Called when something happens in the open folder. */
  onNews: () => void
  close(): void
}

/** A new connection's. */
export function createSession(shared: Shared, say: (line: string) => Promise<void>): Session {
  const { folders, doorkeeper, clock } = shared
  let selected: Selected | undefined
  let since = 0
  const stop = folders.onChange((change) => {
    if (!selected || ![change.before?.folder, change.entry?.folder].includes(selected.folder)) return
    selected.waiting.push(change)
    session.onNews()
  })
  const session: Session = {
    shared,
    say,
    program: undefined,
    isSecure: false,
    onNews: () => undefined,
    get since() {
      return since
    },
    get selected() {
      return selected
    },
    login(name, password) {
      if (!doorkeeper.admits(name, password)) return false
      session.program = name
      since = clock.now()
      return true
    },
    select(folder, { isReadOnly }) {
      selected = { folder, isReadOnly, uids: folders.list(folder).map(({ uid }) => uid), waiting: [] }
      return selected
    },
    unselect() {
      selected = undefined
    },
    writable() {
      if (!selected) throw new ImapNo('BAD', 'No folder is open')
      if (selected.isReadOnly) throw new ImapNo('NO', 'The folder was opened with EXAMINE, to be read')
      return selected
    },
    placed(isWanted) {
      const { folder, uids } = selected!
      return uids.flatMap((uid, index) => {
        const entry = isWanted(index + 1, uid) ? folders.get(folder, uid) : undefined
        return entry ? [{ entry, sequence: index + 1 }] : []
      })
    },
    async tell({ withGone }) {
      if (!selected) return
      const { folder, uids, waiting } = selected
      const later: Change[] = []
      selected.waiting = later
      const lines: string[] = []
      let hasMore = false
      for (const change of waiting) {
        const { before, entry } = change
        const [was, is] = [before?.folder === folder, entry?.folder === folder]
        if (was && !is) {
          const index = placeOf(uids, before!.uid)
          if (!withGone) later.push(change)
          else if (index >= 0) {
            uids.splice(index, 1)
            lines.push(`* ${index + 1} EXPUNGE`)
          }
        } else if (!was && is && placeOf(uids, entry!.uid) < 0) {
          uids.push(entry!.uid)
          hasMore = true
        } else if (was && is) {
          const index = placeOf(uids, entry!.uid)
          if (index >= 0) lines.push(`* ${index + 1} FETCH (UID ${entry!.uid} FLAGS (${entry!.flags.join(' ')}))`)
        }
      }
      if (hasMore) lines.push(`* ${uids.length} EXISTS`)
      for (const line of lines) await say(line)
    },
    forgetFlags(uids) {
      if (!selected) return
      const { folder } = selected
      selected.waiting = selected.waiting.filter(
        ({ before, entry }) => !(before?.folder === folder && entry?.folder === folder && uids.includes(entry.uid)),
      )
    },
    close: stop,
  }
  return session
}

/** Where a UID stands among UIDs in order; -1 where it does not. */
function placeOf(uids: readonly number[], uid: number): number {
  let [low, high] = [0, uids.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    if (uids[middle] === uid) return middle
    if (uids[middle]! < uid) low = middle + 1
    else high = middle - 1
  }
  return -1
}
