/** The commands of IMAP4rev1 (RFC 3501) with IDLE, UIDPLUS, MOVE, SPECIAL-USE, LITERAL+, UNSELECT, NAMESPACE and ID: a row each. */
import { itemsIn, uidItem } from './fetch.ts'
import { type FolderName, folderNames, folders as purposes } from './folders.ts'
import type { Placed, Session } from './imap-session.ts'
import { ImapNo, inSet, readDate, setText, type Words } from './imap-text.ts'
import { indexOf, withCrLf } from './letter-view.ts'
import { questionOf } from './search.ts'

/** What a command is told, and what its last line says behind OK. */
type Command = {
  /** Who may: anybody, whoever said a password, or only with a folder open. */
  readonly state: 'out' | 'in' | 'open'
  readonly run: (session: Session, words: Words) => Promise<string | undefined>
  /** Whether numbers in it are UIDs where it is called so, or stay sequence numbers all through it. */
  readonly usesSequence?: true
}

/** What a connection can do now. */
const capabilities = ({ program, isSecure }: Session): string =>
  program === undefined && !isSecure ? `${always} STARTTLS` : always

const always =
  'IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID ENABLE IDLE NAMESPACE CHILDREN SPECIAL-USE UNSELECT UIDPLUS MOVE'

/** What a server says first. */
export const greeting = (session: Session): string => `* OK [CAPABILITY ${capabilities(session)}] b-mail bridge`

/** Every command but IDLE, STARTTLS and LOGOUT, which are the connection's. */
export const commands: Readonly<Record<string, Command>> = {
  CAPABILITY: {
    state: 'out',
    async run(session) {
      await session.say(`* CAPABILITY ${capabilities(session)}`)
      return undefined
    },
  },
  NOOP: { state: 'out', run: async () => undefined },
  CHECK: { state: 'open', run: async () => undefined },
  ID: {
    state: 'out',
    async run({ say }, words) {
      words.match(/ .*/s)
      await say('* ID ("name" "b-mail bridge")')
      return undefined
    },
  },
  LOGIN: {
    state: 'out',
    async run(session, words) {
      words.space()
      const name = words.astring()
      words.space()
      return loggedIn(session, name, words.astring())
    },
  },
  ENABLE: {
    state: 'in',
    async run({ say }, words) {
      words.match(/ .*/s)
      await say('* ENABLED')
      return undefined
    },
  },
  NAMESPACE: {
    state: 'in',
    async run({ say }) {
      await say('* NAMESPACE (("" "/")) NIL NIL')
      return undefined
    },
  },
  LIST: { state: 'in', run: (session, words) => listed(session, words, 'LIST') },
  LSUB: { state: 'in', run: (session, words) => listed(session, words, 'LSUB') },
  SUBSCRIBE: { state: 'in', run: namedFolder },
  UNSUBSCRIBE: { state: 'in', run: namedFolder },
  CREATE: {
    state: 'in',
    async run(_session, words) {
      words.space()
      const name = words.astring()
      if (isFolder(name)) throw new ImapNo('NO', '[ALREADYEXISTS] There is that folder')
      throw fixed
    },
  },
  DELETE: { state: 'in', run: async (_, words) => refuseFolders(words) },
  RENAME: { state: 'in', run: async (_, words) => refuseFolders(words) },
  STATUS: { state: 'in', run: status },
  SELECT: { state: 'in', run: (session, words) => opened(session, words, false) },
  EXAMINE: { state: 'in', run: (session, words) => opened(session, words, true) },
  APPEND: { state: 'in', run: append },
  UNSELECT: {
    state: 'open',
    async run(session) {
      session.unselect()
      return undefined
    },
  },
  CLOSE: {
    state: 'open',
    async run(session) {
      if (!session.selected!.isReadOnly) await expunge(session, () => true)
      session.unselect()
      return undefined
    },
  },
  EXPUNGE: {
    state: 'open',
    async run(session) {
      session.writable()
      await expunge(session, () => true)
      return undefined
    },
  },
  FETCH: { state: 'open', usesSequence: true, run: (session, words) => fetched(session, words, false) },
  STORE: { state: 'open', usesSequence: true, run: (session, words) => stored(session, words, false) },
  SEARCH: { state: 'open', usesSequence: true, run: (session, words) => searched(session, words, false) },
  COPY: { state: 'open', run: (session, words) => copied(session, words, false) },
  MOVE: { state: 'open', run: (session, words) => moved(session, words, false) },
  'UID FETCH': { state: 'open', run: (session, words) => fetched(session, words, true) },
  'UID STORE': { state: 'open', run: (session, words) => stored(session, words, true) },
  'UID SEARCH': { state: 'open', run: (session, words) => searched(session, words, true) },
  'UID COPY': { state: 'open', run: (session, words) => copied(session, words, true) },
  'UID MOVE': { state: 'open', run: (session, words) => moved(session, words, true) },
  'UID EXPUNGE': {
    state: 'open',
    async run(session, words) {
      session.writable()
      words.space()
      const has = inSet(words.set(), session.selected!.uids.at(-1) ?? 0)
      await expunge(session, has)
      return undefined
    },
  },
}

const fixed = new ImapNo('NO', `[CANNOT] The bridge has these folders and no others: ${folderNames.join(', ')}`)

function refuseFolders(words: Words): never {
  words.match(/ .*/s)
  throw fixed
}

/** Throws ImapNo where the password is none. */
export async function loggedIn(session: Session, name: string, password: string): Promise<string> {
  if (session.program !== undefined) throw new ImapNo('BAD', 'You said your password already')
  if (session.login(name, password)) return `[CAPABILITY ${capabilities(session)}] Welcome`
  throw new ImapNo(
    'NO',
    '[AUTHENTICATIONFAILED] That is no password of the bridge. Make one with `bmail bridge password`, and give the name of the program as user name',
  )
}

const isFolder = (name: string): name is FolderName => folderNames.includes(name as FolderName)

/** The folder that is named next. Throws ImapNo where there is none. */
function folderIn(words: Words): FolderName {
  const name = words.astring()
  const found = name.toUpperCase() === 'INBOX' ? 'INBOX' : name
  if (isFolder(found)) return found
  throw new ImapNo('NO', '[NONEXISTENT] There is no such folder')
}

/** The same where mail is to be put. */
function targetIn(words: Words): FolderName {
  try {
    const folder = folderIn(words)
    if (folder !== 'Outbox') return folder
  } catch (error) {
    if (error instanceof ImapNo && error.kind === 'NO') throw new ImapNo('NO', `[CANNOT] ${fixed.message.slice(9)}`)
    throw error
  }
  throw new ImapNo('NO', '[CANNOT] Only what is handed in by SMTP lies in Outbox, so hand it in to send it')
}

async function namedFolder(_session: Session, words: Words): Promise<undefined> {
  words.space()
  folderIn(words)
}

async function listed({ say }: Session, words: Words, kind: 'LIST' | 'LSUB'): Promise<undefined> {
  words.space()
  const selecting = words.match(/(?=\()/) === undefined ? [] : words.list(() => words.atom().toUpperCase())
  if (selecting.length > 0) words.space()
  words.astring()
  words.space()
  const patterns = words.match(/(?=\()/) === undefined ? [words.pattern()] : words.list(() => words.pattern())
  words.match(/ RETURN \([^()]*(?:\([^()]*\)[^()]*)*\)/i)
  if (patterns[0] === '') {
    await say(`* ${kind} (\\Noselect) "/" ""`)
    return
  }
  const forms = patterns.map((pattern) => {
    const form = pattern.replace(/[.*+?^${}()|[\]\\%]/g, (sign) => (sign === '*' || sign === '%' ? '.*' : `\\${sign}`))
    return new RegExp(`^${form}$`, 'i')
  })
  for (const name of folderNames) {
    const purpose = purposes[name]
    if (selecting.includes('SPECIAL-USE') && !purpose) continue
    if (forms.some((form) => form.test(name)))
      await say(`* ${kind} (\\HasNoChildren${purpose ? ` ${purpose}` : ''}) "/" ${name}`)
  }
}

async function status({ say, shared: { folders } }: Session, words: Words): Promise<undefined> {
  words.space()
  const name = folderIn(words)
  words.space()
  const said = words.list(() => {
    const item = words.atom().toUpperCase()
    const count = statusItems[item]
    if (!count) throw new ImapNo('BAD', `STATUS does not know ${item}`)
    return `${item} ${count(folders, name)}`
  })
  await say(`* STATUS ${name} (${said.join(' ')})`)
}

type Count = (folders: Session['shared']['folders'], name: FolderName) => number

const statusItems: Readonly<Record<string, Count>> = {
  MESSAGES: (folders, name) => folders.list(name).length,
  RECENT: () => 0,
  UIDNEXT: (folders, name) => folders.nextUid(name),
  UIDVALIDITY: (folders) => folders.validity,
  UNSEEN: (folders, name) => folders.list(name).filter(({ flags }) => !flags.includes('\\Seen')).length,
}

async function opened(session: Session, words: Words, isReadOnly: boolean): Promise<string> {
  const { folders } = session.shared
  session.unselect()
  words.space()
  const name = folderIn(words)
  words.match(/ \([^()]*\)/)
  const { uids } = session.select(name, { isReadOnly })
  const unseen = session.placed(() => true).find(({ entry }) => !entry.flags.includes('\\Seen'))
  for (const line of [
    `* ${uids.length} EXISTS`,
    '* 0 RECENT',
    `* FLAGS (${systemFlags.join(' ')})`,
    `* OK [PERMANENTFLAGS (${isReadOnly ? '' : `${systemFlags.join(' ')} \\*`})] Flags are kept`,
    ...(unseen ? [`* OK [UNSEEN ${unseen.sequence}] The first that was not seen`] : []),
    `* OK [UIDVALIDITY ${folders.validity}] UIDs never change`,
    `* OK [UIDNEXT ${folders.nextUid(name)}] The next`,
  ])
    await session.say(line)
  return `[READ-${isReadOnly ? 'ONLY' : 'WRITE'}] Done`
}

const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'] as const
const keywordsMax = 30

/** Flags in brackets or, where that is allowed, without. Throws ImapNo where one cannot be set. */
function flagsIn(words: Words): readonly string[] {
  const one = (): string => {
    const flag = words.match(/\\?[!#$&'+-[^-z|}~]{1,100}/)
    if (flag === undefined) throw new ImapNo('BAD', 'A flag is wanted')
    if (!flag.startsWith('\\')) return flag
    const known = systemFlags.find((name) => name.toLowerCase() === flag.toLowerCase())
    if (known || flag.toLowerCase() === '\\recent') return known ?? ''
    throw new ImapNo('BAD', `There is no flag ${flag}`)
  }
  const flags = words.match(/(?=\()/) === undefined ? [one()] : words.list(one)
  while (words.takes(' ')) flags.push(one())
  return flags.filter(Boolean)
}

async function append({ shared: { folders, clock } }: Session, words: Words): Promise<string> {
  words.space()
  const folder = targetIn(words)
  words.space()
  let flags: readonly string[] = []
  if (words.match(/(?=\()/) !== undefined) {
    const list = words.match(/\([^()]*\)/) ?? '()'
    flags = list.slice(1, -1).trim() === '' ? [] : flagsOf(list.slice(1, -1))
    words.space()
  }
  const dated = words.match(/"[^"]*" /)
  const at = dated === undefined ? clock.now() : readDate(dated.slice(1, -2))
  const bytes = withCrLf(Buffer.from(words.astring(), 'latin1'))
  words.end()
  if (bytes.length === 0) throw new ImapNo('NO', 'The message is empty')
  const index = indexOf(bytes)
  const answer = (uid: number): string => `[APPENDUID ${folders.validity} ${uid}] Done`
  // Programs put their own copy of what they sent there, where it is already.
  const isThere = folder === 'Sent' && index.messageId !== '' ? folders.find('Sent', index.messageId) : undefined
  if (isThere) return answer(isThere.uid)
  // It comes there by itself, once it is sent; where it is taken out of Outbox it was not.
  if (folder === 'Sent' && folders.find('Outbox', index.messageId)) return 'Done'
  const [entry] = await folders.add([{ folder, source: bytes, index, at, flags }])
  return answer(entry!.uid)
}

const flagsOf = (text: string): readonly string[] =>
  text
    .split(' ')
    .filter((flag) => flag !== '' && flag.toLowerCase() !== '\\recent')
    .slice(0, keywordsMax)

/** The messages that a set at this place names, by sequence number or by UID. */
function placedIn(session: Session, words: Words, isUid: boolean): Placed[] {
  const { uids } = session.selected!
  words.space()
  const set = words.set()
  const has = inSet(set, isUid ? (uids.at(-1) ?? 0) : uids.length)
  return session.placed((sequence, uid) => has(isUid ? uid : sequence))
}

async function fetched(session: Session, words: Words, isUid: boolean): Promise<undefined> {
  const { say, shared, selected } = session
  const placed = placedIn(session, words, isUid)
  words.space()
  const asked = itemsIn(words)
  words.end()
  const items = isUid && !asked.includes(uidItem) ? [uidItem, ...asked] : asked
  const needsBytes = items.some((item) => item.needsBytes)
  const seen: number[] = []
  for (const { entry, sequence } of placed) {
    const bytes = needsBytes ? await shared.bytesOf(entry) : nothing
    await say(`* ${sequence} FETCH (${items.map((item) => item.say(entry, bytes)).join(' ')})`)
    if (items.some(({ sees }) => sees) && !entry.flags.includes('\\Seen')) seen.push(entry.uid)
  }
  if (seen.length > 0 && !selected!.isReadOnly)
    await shared.folders.setFlags(selected!.folder, seen, (flags) => [...flags, '\\Seen'])
}

const nothing = Buffer.alloc(0)

async function stored(session: Session, words: Words, isUid: boolean): Promise<undefined> {
  const { folder } = session.writable()
  const uids = placedIn(session, words, isUid).map(({ entry }) => entry.uid)
  words.space()
  const sign = words.match(/[+-]/) ?? ''
  if (!words.takes('FLAGS')) throw new ImapNo('BAD', 'STORE knows FLAGS alone')
  const isSilent = words.takes('.SILENT')
  words.space()
  const flags = words.takes('()') ? [] : flagsIn(words)
  words.end()
  await session.shared.folders.setFlags(folder, uids, (before) => changes[sign]!(before, flags).slice(0, keywordsMax))
  if (isSilent) session.forgetFlags(uids)
}

/** What STORE does with flags, by the sign in front of them. */
const changes: Readonly<Record<string, (before: readonly string[], flags: readonly string[]) => readonly string[]>> = {
  '': (_, flags) => flags,
  '+': (before, flags) => [...before, ...flags],
  '-': (before, flags) => before.filter((flag) => !flags.includes(flag)),
}

async function searched(session: Session, words: Words, isUid: boolean): Promise<undefined> {
  const { uids } = session.selected!
  words.space()
  const question = questionOf(words.match(/.*/s) ?? '', { sequence: uids.length, uid: uids.at(-1) ?? 0 })
  const found: number[] = []
  for (const { entry, sequence } of session.placed(() => true))
    if (await question({ entry, sequence }, session.shared.textsOf)) found.push(isUid ? entry.uid : sequence)
  await session.say(`* SEARCH${found.map((number) => ` ${number}`).join('')}`)
}

async function copied(session: Session, words: Words, isUid: boolean): Promise<string | undefined> {
  const { folder } = session.selected!
  const uids = placedIn(session, words, isUid).map(({ entry }) => entry.uid)
  words.space()
  return copyUid(session, await session.shared.folders.copy(folder, uids, targetIn(words)))
}

async function moved(session: Session, words: Words, isUid: boolean): Promise<undefined> {
  const { folder } = session.writable()
  const uids = placedIn(session, words, isUid).map(({ entry }) => entry.uid)
  words.space()
  const to = targetIn(words)
  if (to === folder) return
  const code = copyUid(session, await session.shared.folders.move(folder, uids, to))
  if (code) await session.say(`* OK ${code}`)
}

function copyUid({ shared: { folders } }: Session, pairs: readonly (readonly [number, number])[]): string | undefined {
  if (pairs.length === 0) return undefined
  const [from, to] = [0, 1].map((side) => setText(pairs.map((pair) => pair[side as 0 | 1])))
  return `[COPYUID ${folders.validity} ${from} ${to}] Done`
}

/** Remove what is marked to be deleted. */
async function expunge({ shared: { folders }, selected }: Session, isWanted: (uid: number) => boolean): Promise<void> {
  const { folder, uids } = selected!
  const gone = uids.filter((uid) => isWanted(uid) && folders.get(folder, uid)?.flags.includes('\\Deleted'))
  await folders.remove(folder, gone)
}
