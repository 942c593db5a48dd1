/**
 * Foreign text made fit to be shown: nothing in it moves a cursor, colours a terminal, rings, turns the reading direction,
 * or is there without being seen. Each pass is linear in the text, whatever it holds.
 */

/** Text of many lines: keeps line ends and tabs. */
export const printableText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replace(unprintable, '$1')

/** One line, with single spaces, of at most `lengthMax` UTF-16 units. */
export const printableLine = (text: string, lengthMax = 500): string =>
  printableText(text.slice(0, 4 * lengthMax))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, lengthMax)
    .toWellFormed()

/** Whether there is nothing to be read in a text. */
export const isBlank = (text: string): boolean => /^[\s\p{Default_Ignorable_Code_Point}]*$/u.test(text)

/** A name that a file can be saved under: no folder, no option, no device, not hidden, never empty, and no longer than any disk takes. */
export function printableFilename(name: string): string {
  const shown = printableLine(name, filenameReadMax).replace(/[/\\:*?"<>|]/g, '_')
  let end = shown.length
  while (end > 0 && /[.\s]/.test(shown[end - 1]!)) end--
  const safe = shown
    .slice(0, end)
    .replace(/^[.\s]+/, '')
    .replace(misread, '_$&')
  const [ending] = /(?:\.tar)?\.[\p{L}\p{N}_-]{1,16}$/u.exec(safe) ?? ['']
  const stem = safe.slice(0, safe.length - ending.length) || 'attachment'
  return `${cutToBytes(stem, filenameBytesMax - Buffer.byteLength(ending)) || 'attachment'}${ending}`
}

/** Beginnings that commands take for an option, and names that Windows takes for a device, whatever ending they have. */
const misread = /^(?:-|(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$)))/i

/** No file system of today takes names of more than 255 bytes; some want room for their own, and so does the number of a copy. */
const filenameBytesMax = 200
const filenameReadMax = 64 * 1024

/** The beginning of a text that takes at most so many bytes in UTF-8, of whole characters as people see them. */
function cutToBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text
  let [cut, bytes] = ['', 0]
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, bytesMax))) {
    bytes += Buffer.byteLength(segment)
    if (bytes > bytesMax) break
    cut += segment
  }
  return cut.trimEnd()
}

/** JSON that says the same to a program, and nothing to a terminal: what is not to be printed stands there by its number. */
export const printableJson = (json: string): string =>
  json.replace(/[\x7F-\x9F\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu, (letter) =>
    Array.from({ length: letter.length }, (_, at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  )

/** Letters whose neighbours join, or are kept from it, by what cannot be seen. */
const joining =
  '[[\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Nkoo}\\p{scx=Mong}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}' +
  '\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Mymr}\\p{scx=Khmr}]&&[\\p{L}\\p{M}]]'

/** What cannot be seen and yet is part of what can: joiners in such writing, and what makes an emoji. */
const kept = [
  `(?<=${joining})[\\u200C\\u200D]`,
  '(?<=[\\p{sc=Mong}&&\\p{L}])[\\u180B-\\u180F]',
  '(?<=\\p{ExtPict}[\\uFE0F\\p{EMod}]?)\\u200D(?=\\p{ExtPict})',
  '(?<=[\\p{Emoji}--[0-9#*]])[\\uFE0E\\uFE0F]',
  '(?<=[0-9#*])\\uFE0F(?=\\u20E3)',
]

/**
 * A terminal’s sequences (ECMA-48): strings with what is in them, up to their end, or to that of the line where they have
 * none; control sequences; escapes. Then every other control character, and all that is there without being seen.
 */
const removed = [
  '(?:\\x1B[\\]PX\\^_]|[\\x90\\x98\\x9D-\\x9F])(?:[\\P{Cc}\\n\\t]*(?:\\x07|\\x1B\\\\|\\x9C)|[\\P{Cc}\\t]*)',
  '(?:\\x1B\\[|\\x9B)[0-?]*[ -\\/]*[@-~]?',
  '\\x1B[ -\\/]*[0-~]?',
  '[\\p{Cc}--[\\n\\t]]',
  '[\\p{Default_Ignorable_Code_Point}\\uFFF9-\\uFFFB]',
]

const unprintable = new RegExp(`(${kept.join('|')})|${removed.join('|')}`, 'gv')
