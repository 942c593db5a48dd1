/**
 * How IMAP writes texts (RFC 3501 §4.3), and reading a command, which is one text with its literals in it. Bytes are the
 * characters of Latin-1 here, so that nothing of them is lost on the way.
 */

/** A command that is none, or not at this time: answered with BAD or NO and this sentence. */
export class ImapNo extends Error {
  readonly kind: 'BAD' | 'NO'
  constructor(kind: 'BAD' | 'NO', sentence: string) {
    super(sentence)
    this.name = 'ImapNo'
    this.kind = kind
  }
}

/** A text in quotes, or as a literal where it has anything but plain characters. */
export const quotedOrLiteral = (text: string): string =>
  /^[ !#-[\]-~]*$/.test(text) && text.length < 1_000
    ? `"${text}"`
    : /^[ -~]*$/.test(text) && text.length < 1_000
      ? `"${text.replace(/["\\]/g, '\\$&')}"`
      : literal(text)

/** The same of what may not be there. */
export const nstring = (text: string | undefined): string => (text === undefined ? 'NIL' : quotedOrLiteral(text))

/** A text of Latin-1 as a literal. */
export const literal = (text: string): string => `{${text.length}}\r\n${text}`

/** Reads what follows in a command. Each throws ImapNo (BAD) where something else stands there. */
export type Words = {
  /** Whether it ends here. */
  isOver(): boolean
  /** Take this text if it stands here, whatever the case. */
  takes(text: string): boolean
  space(): void
  end(): void
  atom(): string
  /** An atom, a text in quotes or a literal. */
  astring(): string
  /** A name of a folder, with the wildcards that LIST knows. */
  pattern(): string
  number(): number
  /** A set of numbers, as it is written. */
  set(): string
  /** Everything in round brackets, by what reads one thing of it. */
  list<T>(one: () => T): T[]
  /** What a pattern finds here, which is taken then. */
  match(pattern: RegExp): string | undefined
}

/** A reader of a command's text. */
export function wordsOf(text: string): Words {
  let at = 0
  const bad = (wanted: string): never => {
    throw new ImapNo(
      'BAD',
      `Here stands ${at >= text.length ? 'the end' : `“${text.slice(at, at + 20).replace(/[^ -~]/g, '?')}”`} and not ${wanted}`,
    )
  }
  const match = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern.source, `y${pattern.flags.replace(/[gy]/g, '')}`)
    sticky.lastIndex = at
    const found = sticky.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const string = (): string | undefined => {
    const quoted = match(/"(?:[^"\\\r\n]|\\["\\])*"/)
    if (quoted !== undefined) return quoted.slice(1, -1).replace(/\\(.)/g, '$1')
    const head = match(/\{\d{1,9}\+?\}\r\n/)
    if (head === undefined) return undefined
    const length = Number(/\d+/.exec(head)![0])
    at += length
    return text.slice(at - length, at)
  }
  const takes = (wanted: string): boolean => {
    if (text.slice(at, at + wanted.length).toUpperCase() !== wanted.toUpperCase()) return false
    at += wanted.length
    return true
  }
  const words: Words = {
    match,
    takes,
    isOver: () => at >= text.length,
    space: () => void (takes(' ') || bad('a space')),
    end: () => void (at >= text.length || bad('the end of the command')),
    atom: () => match(/[!#$&'+-[^-z|}~]+/) ?? bad('a word'),
    astring: () => string() ?? match(/[!#$&'+-[\]^-z|}~]+/) ?? bad('a text'),
    pattern: () => string() ?? match(/[!#-'*-[\]^-z|}~]+/) ?? bad('a name of a folder'),
    number: () => Number(match(/\d{1,10}/) ?? bad('a number')),
    set: () => match(/[\d*:,]{1,100000}/) ?? bad('a set of numbers'),
    list(one) {
      if (!takes('(')) bad('“(”')
      const found = []
      while (!takes(')')) {
        if (found.length > 0) words.space()
        found.push(one())
      }
      return found
    },
  }
  return words
}

/** Which of some numbers are in a set; `*` is the last of them. Throws ImapNo where it is none. */
export function inSet(set: string, largest: number): (number: number) => boolean {
  const ranges = set
    .split(',')
    .map((part) => {
      const [, first, last = first] = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/.exec(part) ?? []
      if (first === undefined) throw new ImapNo('BAD', `“${part}” is no number and no range of numbers`)
      const [a, b] = [first, last!].map((end) => (end === '*' ? largest : Number(end))) as [number, number]
      return { from: Math.min(a, b), to: Math.max(a, b) }
    })
    .sort((one, other) => one.from - other.from)
  // As far as any of the ranges up to here goes: the last that begins before a number tells of all before it.
  let furthest = 0
  const ends = ranges.map(({ to }) => (furthest = Math.max(furthest, to)))
  return (number) => {
    let [low, high] = [0, ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (ranges[middle]!.from <= number) low = middle + 1
      else high = middle
    }
    return low > 0 && ends[low - 1]! >= number
  }
}

/** Numbers in order as a set: 1:3,5. */
export function setText(numbers: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last && last[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}:${to}`)).join(',')
}

/** A moment as IMAP writes it, in UTC. */
export function internalDate(at: number): string {
  const [, day, month, year, time] = /^\w+, (\d\d) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString())!
  return `"${day}-${month}-${year} ${time} +0000"`
}

/** Milliseconds since 1970 of a date as IMAP writes it, with a time or (as UTC) without. Throws ImapNo. */
export function readDate(text: string): number {
  const [, day, month, year, time = '00:00:00', zone = '+0000'] =
    /^ ?(\d{1,2})-([a-z]{3})-(\d{4})(?: (\d\d:\d\d:\d\d) ([+-]\d{4}))?$/i.exec(text) ?? []
  const at = day === undefined ? Number.NaN : Date.parse(`${day} ${month} ${year} ${time} ${zone}`)
  if (Number.isNaN(at)) throw new ImapNo('BAD', `“${text}” is no date`)
  return at
}
