/** SEARCH (RFC 3501 §6.4.4): what is asked for, as a question about one message after the other. */
import { decodeWords } from 'postal-mime'
import { textOf } from '../letter/charset.ts'
import type { Entry } from './folders.ts'
import { ImapNo, inSet, readDate, type Words, wordsOf } from './imap-text.ts'
import type { Texts } from './texts.ts'

/** A message with its place in the list of the session that asks. */
type Candidate = { readonly entry: Entry; readonly sequence: number }

/** The texts of a message, which are read where a question needs them. */
type TextsOf = (entry: Entry) => Promise<Texts>

type Question = (candidate: Candidate, textsOf: TextsOf) => boolean | Promise<boolean>

/** The largest numbers of a folder, for `*`. */
type Largest = { readonly sequence: number; readonly uid: number }

/** What a command asks for behind SEARCH. Throws ImapNo where that is no question. */
export function questionOf(text: string, largest: Largest): Question {
  const words = wordsOf(text)
  let charset = 'utf-8'
  if (words.takes('CHARSET ')) {
    charset = words.astring().toLowerCase()
    words.space()
    if (!/^(utf-8|us-ascii)$/.test(charset))
      throw new ImapNo('NO', '[BADCHARSET (UTF-8 US-ASCII)] Only UTF-8 is known here')
  }
  const questions = [oneQuestion(words, largest, 0)]
  while (!words.isOver()) {
    words.space()
    questions.push(oneQuestion(words, largest, 0))
  }
  return all(questions)
}

const depthMax = 20

function oneQuestion(words: Words, largest: Largest, depth: number): Question {
  if (depth > depthMax) throw new ImapNo('BAD', 'The question has too many questions in it')
  if (words.takes('(')) {
    const inner = [oneQuestion(words, largest, depth + 1)]
    while (!words.takes(')')) {
      words.space()
      inner.push(oneQuestion(words, largest, depth + 1))
    }
    return all(inner)
  }
  const set = words.match(/[\d*][\d*:,]*/)
  if (set !== undefined) {
    const has = inSet(set, largest.sequence)
    return ({ sequence }) => has(sequence)
  }
  const name = words.atom().toUpperCase()
  const key = keys[name]
  if (!key) throw new ImapNo('BAD', `SEARCH does not know ${name}`)
  return key({
    word: () => {
      words.space()
      return words.astring()
    },
    set: () => {
      words.space()
      return words.set()
    },
    question: () => {
      words.space()
      return oneQuestion(words, largest, depth + 1)
    },
    largest,
  })
}

type Given = {
  readonly word: () => string
  readonly set: () => string
  readonly question: () => Question
  readonly largest: Largest
}

const hasFlag =
  (flag: string, is = true) =>
  (): Question =>
  ({ entry }) =>
    entry.flags.some((one) => one.toLowerCase() === flag.toLowerCase()) === is

const inField =
  (name: string) =>
  ({ word }: Given): Question => {
    const wanted = wantedText(word())
    return ({ entry }) => fieldText(entry.index.fields, name).includes(wanted)
  }

const day = 24 * 60 * 60 * 1_000
const onDay = (at: number | null, wanted: number, is: (days: number) => boolean): boolean =>
  at !== null && is(Math.floor(at / day) - Math.floor(wanted / day))
const whenIs =
  (is: (days: number) => boolean, momentOf: (entry: Entry) => number | null) =>
  ({ word }: Given): Question => {
    const wanted = readDate(word())
    return ({ entry }) => onDay(momentOf(entry), wanted, is)
  }
const came = ({ at }: Entry): number => at
const sent = ({ index, at }: Entry): number => index.date ?? at
const before = (days: number): boolean => days < 0
const on = (days: number): boolean => days === 0
const since = (days: number): boolean => days >= 0

/** Every key of a question. */
const keys: Readonly<Record<string, (given: Given) => Question>> = {
  ALL: () => () => true,
  ANSWERED: hasFlag('\\Answered'),
  DELETED: hasFlag('\\Deleted'),
  DRAFT: hasFlag('\\Draft'),
  FLAGGED: hasFlag('\\Flagged'),
  SEEN: hasFlag('\\Seen'),
  UNANSWERED: hasFlag('\\Answered', false),
  UNDELETED: hasFlag('\\Deleted', false),
  UNDRAFT: hasFlag('\\Draft', false),
  UNFLAGGED: hasFlag('\\Flagged', false),
  UNSEEN: hasFlag('\\Seen', false),
  RECENT: () => () => false,
  NEW: () => () => false,
  OLD: () => () => true,
  KEYWORD: ({ word }) => hasFlag(word())(),
  UNKEYWORD: ({ word }) => hasFlag(word(), false)(),
  BCC: inField('bcc'),
  CC: inField('cc'),
  FROM: inField('from'),
  SUBJECT: inField('subject'),
  TO: inField('to'),
  HEADER: ({ word }) => {
    const [name, wanted] = [word().toLowerCase(), wantedText(word())]
    return async ({ entry }, textsOf) => {
      const text = fieldText((await textsOf(entry)).head, name, true)
      return text !== '' && text.includes(wanted)
    }
  },
  BODY: (given) => inText(given, { withHeads: false }),
  TEXT: (given) => inText(given, { withHeads: true }),
  LARGER: ({ word }) => {
    const size = Number(word())
    return ({ entry }) => entry.index.sizeBytes > size
  },
  SMALLER: ({ word }) => {
    const size = Number(word())
    return ({ entry }) => entry.index.sizeBytes < size
  },
  BEFORE: whenIs(before, came),
  ON: whenIs(on, came),
  SINCE: whenIs(since, came),
  SENTBEFORE: whenIs(before, sent),
  SENTON: whenIs(on, sent),
  SENTSINCE: whenIs(since, sent),
  UID: ({ set, largest }) => {
    const has = inSet(set(), largest.uid)
    return ({ entry }) => has(entry.uid)
  },
  NOT: ({ question }) => {
    const asked = question()
    return async (candidate, textsOf) => !(await asked(candidate, textsOf))
  },
  OR: ({ question }) => {
    const [one, other] = [question(), question()]
    return async (candidate, textsOf) => (await one(candidate, textsOf)) || other(candidate, textsOf)
  },
}

const all =
  (questions: readonly Question[]): Question =>
  async (candidate, textsOf) => {
    for (const question of questions) if (!(await question(candidate, textsOf))) return false
    return true
  }

/** What is looked for, as text in small letters. */
const wantedText = (word: string): string => Buffer.from(word, 'latin1').toString('utf8').toLowerCase()

/** All fields of a name as text in small letters; with an empty mark where one is there and says nothing. */
function fieldText(fields: string, name: string, marks = false): string {
  const found = [...fields.replace(/\r\n(?=[ \t])/g, '').matchAll(/^([!-9;-~]+)[ \t]*:(.*)$/gm)]
  return found
    .filter(([, named]) => named!.toLowerCase() === name)
    .map(([, , value]) => `${marks ? ' ' : ''}${decodeWords(textOf(Buffer.from(value!, 'latin1')))}`)
    .join('\n')
    .toLowerCase()
}

function inText({ word }: Given, { withHeads }: { readonly withHeads: boolean }): Question {
  const wanted = wantedText(word())
  return async ({ entry }, textsOf) => {
    const { heads, bodies } = await textsOf(entry)
    return bodies.includes(wanted) || (withHeads && heads.includes(wanted))
  }
}
