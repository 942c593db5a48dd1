/**
 * Files in a text as uuencode writes them (POSIX), from before there was MIME. No library for it is kept up, so it is read
 * here. One whose end is missing is given as far as it goes; one that is damaged stays as it is. Both are said.
 */

/** A file out of a text. */
export type UuFile = { readonly name: string; readonly content: Buffer }

/** What is left of a text without the files in it, each with a line in its place, and the files. */
export function withoutUu(text: string): { readonly text: string; readonly files: readonly UuFile[] } {
  if (!/^begin/m.test(text)) return { text, files: [] }
  const lines = text.split(/\r?\n/)
  const files: UuFile[] = []
  const left: string[] = []
  for (let at = 0; at < lines.length; ) {
    const { file, note, next } = fileAt(lines, at)
    if (file) files.push(file)
    left.push(...note)
    if (!file) for (const line of lines.slice(at, next)) left.push(line)
    at = next
  }
  return { text: left.join('\n'), files }
}

/** The first file in a text; nothing where there is none, or where it is damaged. */
export const uuDecoded = (text: string): UuFile | undefined => withoutUu(text).files[0]

type Found = { readonly file?: UuFile; readonly note: readonly string[]; readonly next: number }

/** The file that begins in a line, and the line behind it; that line alone where none does. */
function fileAt(lines: readonly string[], begin: number): Found {
  const [, isBase64, name] = /^begin(-base64)? [0-7]{3,4} (.+)$/.exec(lines[begin]!.trimEnd()) ?? []
  if (name === undefined) return { note: [], next: begin + 1 }
  const pieces: Buffer[] = []
  for (let at = begin + 1; at < lines.length; at++) {
    const line = lines[at]!.trimEnd()
    if (line === (isBase64 ? '====' : 'end'))
      return { file: { name, content: Buffer.concat(pieces) }, note: [`[${name}, attached]`], next: at + 1 }
    const piece = isBase64 ? base64Line(line) : uuLine(line)
    if (!piece) return { note: pieces.length > 0 ? [`[${name}, uuencoded, and damaged:]`] : [], next: at }
    pieces.push(piece)
  }
  if (pieces.length === 0) return { note: [], next: begin + 1 }
  const file = { name, content: Buffer.concat(pieces) }
  return { file, note: [`[${name}, attached; its end is missing]`], next: lines.length }
}

const base64Line = (line: string): Buffer | undefined =>
  /^[\w+/]*={0,2}$/.test(line) ? Buffer.from(line, 'base64') : undefined

/** The longest line: its length, 63 bytes in four letters for three of them, and one more. */
const lineMax = 1 + 84 + 1

/** A line: how many bytes it has, and four letters for three of them each. Blanks at its end may have been lost. */
function uuLine(line: string): Buffer | undefined {
  if (line.length > lineMax || /[^ -`]/.test(line)) return undefined
  const [length = 0, ...sixes] = Array.from(line, (letter) => (letter.charCodeAt(0) - 32) & 63)
  const groups = Math.ceil(length / 3)
  // Some programs write a letter more, as a checksum.
  if (sixes.length > 4 * groups + 1) return undefined
  const bytes = Buffer.alloc(3 * groups)
  for (let group = 0; group < groups; group++) {
    const [a = 0, b = 0, c = 0, d = 0] = sixes.slice(4 * group)
    bytes.writeUIntBE((a << 18) | (b << 12) | (c << 6) | d, 3 * group, 3)
  }
  return bytes.subarray(0, length)
}
