/**
 * The folders that a mail program sees. Every message in one has a number (UID) that is given once and never again, on disk
 * before anybody is told of it. What is in memory of a message is what lists and searches ask for, and no bytes.
 */
import type { Clock } from '../seams.ts'
import { createTurns } from '../turns.ts'
import type { Index } from './letter-view.ts'
import type { Store, Write } from './store.ts'

/** The folders, with what they are for (RFC 6154). */
export const folders = {
  INBOX: undefined,
  Sent: '\\Sent',
  Drafts: '\\Drafts',
  Junk: '\\Junk',
  Archive: '\\Archive',
  Trash: '\\Trash',
} as const satisfies Readonly<Record<string, string | undefined>>

export type FolderName = keyof typeof folders

export const folderNames = Object.keys(folders) as readonly FolderName[]

/** What a message is made of: a letter of the daemon's, or bytes of our own that a program put here. */
type Source = { readonly letter: string; readonly front: string } | { readonly own: number }

type Content = {
  readonly source: Source
  readonly index: Index
  /** When it came, in milliseconds since 1970. */
  readonly at: number
  readonly flags: readonly string[]
}

/** A message in a folder. */
export type Entry = Content & { readonly number: number; readonly folder: FolderName; readonly uid: number }

/** A message to be put into a folder: a letter, or bytes. */
export type NewEntry = Omit<Content, 'source'> & {
  readonly folder: FolderName
  readonly source: Exclude<Source, { own: number }> | Uint8Array
}

/** `before` is what stood there; neither is there where a message came, or `entry` where it went. */
export type Change = { readonly before: Entry | undefined; readonly entry: Entry | undefined }

/** What is written with changes in one piece, and what is done once it is durable. */
export type Alongside = { readonly writes: readonly Write[]; readonly done: () => void }

export type Folders = {
  /** Under which UIDs mean what they meant (RFC 3501 §2.3.1.1). */
  readonly validity: number
  /** The UID that comes next. */
  nextUid(folder: FolderName): number
  /** In the order of their UIDs. */
  list(folder: FolderName): readonly Entry[]
  get(folder: FolderName, uid: number): Entry | undefined
  find(folder: FolderName, messageId: string): Entry | undefined
  /** The bytes that a program put here. */
  ownBytes(number: number): Promise<Buffer>
  add(entries: readonly NewEntry[], more?: Alongside): Promise<readonly Entry[]>
  setFlags(
    folder: FolderName,
    uids: readonly number[],
    change: (flags: readonly string[]) => readonly string[],
  ): Promise<void>
  /** Each with the UID that it has there. */
  copy(folder: FolderName, uids: readonly number[], to: FolderName): Promise<readonly Moved[]>
  move(folder: FolderName, uids: readonly number[], to: FolderName): Promise<readonly Moved[]>
  remove(folder: FolderName, uids: readonly number[]): Promise<void>
  /** Told of everything once it is durable; the returned function ends that. */
  onChange(listener: (change: Change) => void): () => void
}

type Moved = readonly [uid: number, newUid: number]

type Info = { readonly validity: number; readonly number: number; readonly next: Readonly<Record<FolderName, number>> }

type Options = {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  /** What else follows from changes, to be written with them. */
  readonly alongside: (changes: readonly Change[]) => Alongside
}

/** A folder in memory. `byMessageId` has the latest of each. */
type Held = { readonly byUid: Map<number, Entry>; readonly byMessageId: Map<string, Entry> }

/** The folders of a store, which are made where there are none. */
export async function openFolders({ store, clock, alongside }: Options): Promise<Folders> {
  let info: Info = (await store.read<Info>('info')) ?? {
    validity: Math.floor(clock.now() / 1_000),
    number: 1,
    next: Object.fromEntries(folderNames.map((name) => [name, 1])) as Info['next'],
  }
  const held = Object.fromEntries(
    folderNames.map((name) => [name, { byUid: new Map(), byMessageId: new Map() }]),
  ) as unknown as Readonly<Record<FolderName, Held>>
  const listeners = new Set<(change: Change) => void>()
  const inTurn = createTurns()

  const put = (entry: Entry): void => {
    const { byUid, byMessageId } = held[entry.folder]
    byUid.set(entry.uid, entry)
    if (entry.index.messageId) byMessageId.set(entry.index.messageId, entry)
  }
  const drop = ({ folder, uid, index }: Entry): void => {
    const { byUid, byMessageId } = held[folder]
    byUid.delete(uid)
    if (byMessageId.get(index.messageId)?.uid === uid) byMessageId.delete(index.messageId)
  }
  const loaded: Entry[] = []
  for await (const [, entry] of store.all<Entry>('entry/')) loaded.push(entry)
  for (const entry of loaded.sort((a, b) => a.uid - b.uid)) put(entry)

  /** Make changes durable, then known: in memory, and to whoever listens. */
  async function commit(changes: readonly Change[], after: Info, more: readonly Alongside[] = []): Promise<void> {
    const beside = [alongside(changes), ...more]
    const writes = changes.flatMap(({ before, entry }): Write[] => [
      ...(before && before.number !== entry?.number ? [{ key: entryKey(before.number), value: undefined }] : []),
      ...(before && !entry && 'own' in before.source ? [{ key: blobKey(before.source.own), value: undefined }] : []),
      ...(entry ? [{ key: entryKey(entry.number), value: entry }] : []),
    ])
    await store.write([...writes, ...beside.flatMap((one) => one.writes), { key: 'info', value: after }])
    info = after
    for (const { before, entry } of changes) {
      // In the order of UIDs: what stays at its place is replaced there.
      if (before && !(entry?.folder === before.folder && entry.uid === before.uid)) drop(before)
      if (entry) put(entry)
    }
    for (const { done } of beside) done()
    for (const change of changes) for (const listener of listeners) listener(change)
  }

  /** Numbers for what is put into folders, one after the other, and what is known of them then. */
  const numbering = () => {
    let after = info
    return {
      give(folder: FolderName): { number: number; uid: number } {
        const given = { number: after.number, uid: after.next[folder] }
        after = { ...after, number: given.number + 1, next: { ...after.next, [folder]: given.uid + 1 } }
        return given
      },
      after: () => after,
    }
  }
  const present = (folder: FolderName, uids: readonly number[]): Entry[] =>
    uids.flatMap((uid) => held[folder].byUid.get(uid) ?? [])

  return {
    get validity() {
      return info.validity
    },
    nextUid: (folder) => info.next[folder],
    list: (folder) => [...held[folder].byUid.values()],
    get: (folder, uid) => held[folder].byUid.get(uid),
    find: (folder, messageId) => held[folder].byMessageId.get(messageId),
    async ownBytes(number) {
      const bytes = await store.bytes(blobKey(number))
      if (!bytes) throw new Error('A message that a program put here is not in the store any more.')
      return Buffer.from(bytes)
    },
    add: (entries, more) =>
      inTurn(async () => {
        const { give, after } = numbering()
        const blobs: Write[] = []
        const made = entries.map(({ source, folder, ...content }): Entry => {
          const { number, uid } = give(folder)
          if (source instanceof Uint8Array) blobs.push({ key: blobKey(number), value: source })
          return { ...content, source: source instanceof Uint8Array ? { own: number } : source, number, folder, uid }
        })
        const beside = [{ writes: blobs, done: () => undefined }, ...(more ? [more] : [])]
        await commit(
          made.map((entry) => ({ before: undefined, entry })),
          after(),
          beside,
        )
        return made
      }),
    setFlags: (folder, uids, change) =>
      inTurn(async () => {
        const changes = present(folder, uids).map((before) => ({
          before,
          entry: { ...before, flags: [...new Set(change(before.flags))] },
        }))
        const real = changes.filter(({ before, entry }) => !sameFlags(before.flags, entry.flags))
        if (real.length > 0) await commit(real, info)
      }),
    copy: (folder, uids, to) =>
      inTurn(async () => {
        const { give, after } = numbering()
        const blobs: Write[] = []
        const from = present(folder, uids)
        const made: Entry[] = []
        for (const entry of from) {
          const { number, uid } = give(to)
          const { source } = entry
          if ('own' in source) blobs.push({ key: blobKey(number), value: await store.bytes(blobKey(source.own)) })
          made.push({ ...entry, folder: to, number, uid, source: 'own' in source ? { own: number } : source })
        }
        const changes = made.map((entry) => ({ before: undefined, entry }))
        await commit(changes, after(), [{ writes: blobs, done: () => undefined }])
        return from.map(({ uid }, index) => [uid, made[index]!.uid] as const)
      }),
    move: (folder, uids, to) =>
      inTurn(async () => {
        const { give, after } = numbering()
        const changes = present(folder, uids).map((before) => {
          const { uid } = give(to)
          return { before, entry: { ...before, folder: to, uid } }
        })
        await commit(changes, after())
        return changes.map(({ before, entry }) => [before.uid, entry.uid] as const)
      }),
    remove: (folder, uids) =>
      inTurn(async () => {
        const changes = present(folder, uids).map((before) => ({ before, entry: undefined }))
        if (changes.length > 0) await commit(changes, info)
      }),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

const entryKey = (number: number): string => `entry/${String(number).padStart(10, '0')}`
const blobKey = (number: number): string => `blob/${String(number).padStart(10, '0')}`
const sameFlags = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((flag) => other.includes(flag))
