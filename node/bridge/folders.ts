/**
 * The folders that a mail program sees. Every message in one has a number (UID) that is given once and never again, on disk
 * before anybody is told of it. What is in memory of a message is what lists and searches ask for, and no bytes.
 */
import type { Clock } from '../seams.ts'
import { createTurns } from '../turns.ts'
import type { Index } from './letter-view.ts'
import type { Store, Write } from './store.ts'
import type { Texts } from './texts.ts'

/** The folders, with what they are for (RFC 6154). What lies in Outbox will be sent (`outgoing.ts`), unless it is taken out. */
export const folders = {
  INBOX: undefined,
  Outbox: undefined,
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
  /** In Outbox: how it is to be sent. */
  readonly sending?: Sending | undefined
}

/** A letter that was handed in and is not sent yet. */
type Sending = {
  /** When it is sent, in milliseconds since 1970; taken out of Outbox before, it is not. */
  readonly at: number
  readonly from: string
  /** To whom it goes still: the recipients of an operation each, all of them `bm1…`. */
  readonly groups: readonly (readonly string[])[]
  /** Whether it went to others already. */
  readonly isPartlySent: boolean
  /** What was handed in, as a hash: the same again is not taken twice. */
  readonly hash: string
}

/** A message in a folder. */
export type Entry = Content & { readonly number: number; readonly folder: FolderName; readonly uid: number }

/** A message to be put into a folder: a letter, or bytes. */
export type NewEntry = Omit<Content, 'source'> & {
  readonly folder: FolderName
  readonly source: Exclude<Source, { own: number }> | Uint8Array
  /** Kept where its bytes are not here, and searches would have to ask for them. */
  readonly texts?: Texts | undefined
}

/** `before` is what stood there; neither is there where a message came, or `entry` where it went. */
export type Change = { readonly before: Entry | undefined; readonly entry: Entry | undefined }

/** What is written with changes in one piece, and what is done once it is durable. */
export type Alongside = { readonly writes: readonly Write[]; readonly done: () => void }

/** What became of a letter in Outbox: it waits with what is to be sent still, lies elsewhere now, or is gone. */
export type Became = { readonly sending: Sending } | { readonly folder: Exclude<FolderName, 'Outbox'> } | 'gone'

/** A letter was to be taken out of Outbox while it is being sent. */
class UnderWayError extends Error {
  override name = 'UnderWayError'
}

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
  /** The texts that are kept of a message. */
  texts(number: number): Promise<Texts | undefined>
  add(entries: readonly NewEntry[], more?: Alongside): Promise<readonly Entry[]>
  setFlags(
    folder: FolderName,
    uids: readonly number[],
    change: (flags: readonly string[]) => readonly string[],
  ): Promise<void>
  /** Each with the UID that it has there. */
  copy(folder: FolderName, uids: readonly number[], to: FolderName): Promise<readonly Moved[]>
  /** The same, and gone from where it was. Throws UnderWayError, as `remove` does. */
  move(folder: FolderName, uids: readonly number[], to: FolderName): Promise<readonly Moved[]>
  /** Let a letter in Outbox not be taken out while a task sends it, and note what became of it with what its owner is told. */
  send(uid: number, task: (entry: Entry) => Promise<Sent>): Promise<void>
  remove(folder: FolderName, uids: readonly number[]): Promise<void>
  /** Told of everything once it is durable; the returned function ends that. */
  onChange(listener: (change: Change) => void): () => void
}

/** What is noted of a letter that was being sent. */
export type Sent = { readonly became: Became; readonly told: readonly NewEntry[] }

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
  ) as unknown as AllHeld
  const listeners = new Set<(change: Change) => void>()
  const inTurn = createTurns()
  /** The UIDs of what is being sent. */
  const underWay = new Set<number>()

  const loaded: Entry[] = []
  for await (const [, entry] of store.all<Entry>('entry/')) loaded.push(entry)
  for (const entry of loaded.sort((a, b) => a.uid - b.uid)) put(held, entry)

  /** Make changes durable, then known: in memory, and to whoever listens. */
  async function commit(changes: readonly Change[], after: Info, more: readonly Alongside[] = []): Promise<void> {
    const beside = [alongside(changes), ...more]
    const writes = changes.flatMap(({ before, entry }): Write[] => [
      ...(before && !entry ? keysOf(before.number).map((key): Write => ({ key, value: undefined })) : []),
      ...(entry ? [{ key: entryKey(entry.number), value: entry }] : []),
    ])
    await store.write([...writes, ...beside.flatMap((one) => one.writes), { key: 'info', value: after }])
    info = after
    for (const { before, entry } of changes) {
      // In the order of UIDs: what stays at its place is replaced there.
      if (before && !(entry?.folder === before.folder && entry.uid === before.uid)) drop(held, before)
      if (entry) put(held, entry)
    }
    for (const { done } of beside) done()
    for (const change of changes) for (const listener of listeners) listener(change)
  }

  /** Throws UnderWayError where one of these is being sent. */
  const checkStill = (folder: FolderName, uids: readonly number[]): void => {
    if (folder === 'Outbox' && uids.some((uid) => underWay.has(uid)))
      throw new UnderWayError('It is being sent now, and cannot be taken back any more.')
  }
  /** A letter after what became of it; its flags are those that it has by now. */
  const becoming = ({ uid }: Entry, became: Became, give: Give): Change => {
    const before = held.Outbox.byUid.get(uid)!
    if (became === 'gone') return { before, entry: undefined }
    return 'sending' in became
      ? { before, entry: { ...before, sending: became.sending } }
      : moving(before, became.folder, give)
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
    texts: (number) => store.read(textsKey(number)),
    add: (entries, alongside) =>
      inTurn(async () => {
        const { give, after } = numberingFrom(info)
        const { made, writes } = placed(entries, give)
        await commit(made.map(come), after(), [writing(writes), ...(alongside ? [alongside] : [])])
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
        const { give, after } = numberingFrom(info)
        const more: Write[] = []
        const from = present(folder, uids)
        const made: Entry[] = []
        for (const entry of from) {
          const { number, uid } = give(to)
          const { source } = entry
          if ('own' in source) more.push({ key: blobKey(number), value: await store.bytes(blobKey(source.own)) })
          more.push({ key: textsKey(number), value: await store.bytes(textsKey(entry.number)) })
          made.push({
            ...entry,
            sending: undefined,
            folder: to,
            number,
            uid,
            source: 'own' in source ? { own: number } : source,
          })
        }
        await commit(made.map(come), after(), [writing(more)])
        return from.map(({ uid }, index) => [uid, made[index]!.uid] as const)
      }),
    move: (folder, uids, to) =>
      inTurn(async () => {
        const { give, after } = numberingFrom(info)
        checkStill(folder, uids)
        const changes = present(folder, uids).map((before) => moving(before, to, give))
        await commit(changes, after())
        return changes.map(({ before, entry }) => [before.uid, entry.uid] as const)
      }),
    async send(uid, task) {
      const entry = await inTurn(async () => {
        const [found] = underWay.has(uid) ? [] : present('Outbox', [uid])
        if (found) underWay.add(uid)
        return found
      })
      if (!entry) return
      try {
        const { became, told } = await task(entry)
        await inTurn(async () => {
          const { give, after } = numberingFrom(info)
          const { made, writes } = placed(told, give)
          await commit([...made.map(come), becoming(entry, became, give)], after(), [writing(writes)])
        })
      } finally {
        underWay.delete(uid)
      }
    },
    remove: (folder, uids) =>
      inTurn(async () => {
        checkStill(folder, uids)
        const changes = present(folder, uids).map((before) => ({ before, entry: undefined }))
        if (changes.length > 0) await commit(changes, info)
      }),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

type AllHeld = Readonly<Record<FolderName, Held>>

function put(held: AllHeld, entry: Entry): void {
  const { byUid, byMessageId } = held[entry.folder]
  byUid.set(entry.uid, entry)
  if (entry.index.messageId) byMessageId.set(entry.index.messageId, entry)
}

function drop(held: AllHeld, { folder, uid, index }: Entry): void {
  const { byUid, byMessageId } = held[folder]
  byUid.delete(uid)
  if (byMessageId.get(index.messageId)?.uid === uid) byMessageId.delete(index.messageId)
}

type Give = (folder: FolderName) => { readonly number: number; readonly uid: number }

/** Numbers for what is put into folders, one after the other, and what is known of them then. */
function numberingFrom(info: Info): { readonly give: Give; readonly after: () => Info } {
  let after = info
  return {
    give(folder) {
      const given = { number: after.number, uid: after.next[folder] }
      after = { ...after, number: given.number + 1, next: { ...after.next, [folder]: given.uid + 1 } }
      return given
    },
    after: () => after,
  }
}

/** Messages at the places that they get, with what is written of them beside. */
function placed(entries: readonly NewEntry[], give: Give): { made: readonly Entry[]; writes: readonly Write[] } {
  const writes: Write[] = []
  const made = entries.map(({ source, folder, texts, ...content }): Entry => {
    const { number, uid } = give(folder)
    if (source instanceof Uint8Array) writes.push({ key: blobKey(number), value: source })
    if (texts) writes.push({ key: textsKey(number), value: texts })
    return { ...content, source: source instanceof Uint8Array ? { own: number } : source, number, folder, uid }
  })
  return { made, writes }
}

const come = (entry: Entry): Change => ({ before: undefined, entry })
const moving = (before: Entry, folder: FolderName, give: Give): { before: Entry; entry: Entry } => ({
  before,
  entry: { ...before, sending: undefined, folder, uid: give(folder).uid },
})
const writing = (writes: readonly Write[]): Alongside => ({ writes, done: () => undefined })

const entryKey = (number: number): string => `entry/${String(number).padStart(10, '0')}`
const blobKey = (number: number): string => `blob/${String(number).padStart(10, '0')}`
const textsKey = (number: number): string => `texts/${String(number).padStart(10, '0')}`
/** All that is kept of a message. */
const keysOf = (number: number): string[] => [entryKey(number), blobKey(number), textsKey(number)]
const sameFlags = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((flag) => other.includes(flag))
