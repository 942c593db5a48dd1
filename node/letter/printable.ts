/**
 * Foreign text made fit to be shown: nothing in it moves a cursor, colours a terminal, rings, or turns the reading
 * direction. Each pass is linear in the text, whatever it holds.
 */

/** Text of many lines: keeps line ends and tabs. */
export const printableText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replace(unprintable, '')

/** One line, with single spaces, of at most `lengthMax` UTF-16 units. */
export const printableLine = (text: string, lengthMax = 500): string =>
  printableText(text.slice(0, 4 * lengthMax))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, lengthMax)
    .toWellFormed()

/** A name that a file can be saved under: no folder, not hidden, never empty. */
export function printableFilename(name: string): string {
  const safe = printableLine(name, 200)
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[.\s]+/, '')
  return safe || 'attachment'
}

/** Control characters, each with the terminal's sequence that it may begin, and what only turns the reading direction. */
const unprintable = /[\p{Cc}--[\n\t]](?:\[[0-?]*[ -\/]*[@-~])?|[\p{Bidi_Control}\uFEFF]/gv
