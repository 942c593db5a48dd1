/** Reading sources just well enough to change them: what is code in them, which brackets belong together, and what stands between commas. */

/** A source: its path from the root, its text, and the same with a blank for every character of comments and quoted texts. */
export type Source = { readonly path: string; readonly text: string; readonly code: string }
/** A piece of a source, from a place up to another. */
export type Span = { readonly start: number; readonly end: number }

const openers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** A comment, a quoted text, or a pattern; of which only the quotes count as code. */
const quiet =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(?<=[(=,:!&|?]\s*)\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g

/** A source out of its text. */
export function sourceOf(path: string, text: string): Source {
  const code = text.replace(quiet, (part) => {
    const blank = part.replace(/[^\n]/g, ' ')
    return /^['"`]/.test(part) ? part[0]! + blank.slice(2) + part[0]! : blank
  })
  return { path, text, code }
}

/** Where the bracket that opens at a place is closed. */
export function closing({ code }: Source, at: number): number {
  const open = code[at]!
  const close = openers[open]!
  for (let depth = 0, place = at; place < code.length; place++) {
    if (code[place] === open) depth++
    else if (code[place] === close && --depth === 0) return place
  }
  throw new Error(`a bracket is not closed: ${code.slice(at, at + 40)}`)
}

/** What stands between the commas in the brackets that open at a place, without blanks and comments around. */
export function partsIn(source: Source, at: number): Span[] {
  const { code } = source
  const end = closing(source, at)
  const parts: Span[] = []
  let start = at + 1
  for (let place = start; place <= end; place++) {
    if (place < end && openers[code[place]!]) place = closing(source, place)
    else if (place === end || code[place] === ',') {
      const part = trimmed(source, { start, end: place })
      if (part.end > part.start) parts.push(part)
      start = place + 1
    }
  }
  return parts
}

function trimmed({ code }: Source, { start, end }: Span): Span {
  const part = code.slice(start, end)
  const blanks = part.length - part.trimStart().length
  return { start: start + blanks, end: start + part.trimEnd().length }
}

/** The places behind each match of a pattern in the code; a pattern that ends with a bracket ends at it. */
export const endsOf = ({ code }: Source, pattern: RegExp): number[] =>
  [...code.matchAll(pattern)].map((match) => match.index + match[0].length)

/** The text of a span. */
export const textOf = ({ text }: Source, { start, end }: Span): string => text.slice(start, end)

/** The line that a place is in. */
export function lineOf({ text }: Source, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  return text.slice(start, end < 0 ? text.length : end).trim()
}

/** The operand that ends at a place: a name with what is called, indexed and asserted, or something in brackets. */
export function operandBefore(source: Source, end: number): Span {
  const { code } = source
  let start = end
  while (start > 0) {
    const before = code[start - 1]!
    if (before === ')' || before === ']') start = opening(source, start - 1)
    else if (/[\w.!?]/.test(before)) start--
    else break
  }
  return { start, end }
}

/** The operand that begins at a place, with the power that it is raised to. */
export function operandAfter(source: Source, start: number): Span {
  const { code } = source
  let end = start
  while (end < code.length) {
    if (code[end] === '(' || code[end] === '[') end = closing(source, end) + 1
    else if (/[\w.!]/.test(code[end]!)) end++
    else if (code.startsWith(' ** ', end)) end += 4
    else break
  }
  return { start, end }
}

function opening(source: Source, at: number): number {
  for (let place = at; place >= 0; place--)
    if (openers[source.code[place]!] === source.code[at] && closing(source, place) === at) return place
  throw new Error('a bracket is not opened')
}
