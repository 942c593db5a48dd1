/**
 * `npm run specification`: the protocol as one Markdown text on standard output, its front page first, then the page on
 * prices, and then each file in the order that the front page gives. It stands here because `protocol` itself reads nothing
 * and writes nothing.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/** The text of a file of the protocol. */
export const readProtocol = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../../protocol', file), 'utf8')

/** The first table of the page after a heading, or after a paragraph that begins in bold: its rows, each cell without backquotes. */
export function tableUnder(page: string, heading: string): string[][] {
  const lines = page.split('\n')
  const from = lines.findIndex((line) => new RegExp(`^(#+ |\\*\\*)${heading}\\b`).test(line))
  const rest = lines.slice(from + 1)
  const begin = rest.findIndex((line) => line.startsWith('|') || line.startsWith('#'))
  if (from < 0 || !rest[begin]?.startsWith('|')) throw new Error(`there is no table under “${heading}”`)
  const end = rest.findIndex((line, at) => at > begin && !line.startsWith('|'))
  const cells = (line: string) => line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
  return rest.slice(begin + 2, end).map((line) => cells(line).slice(1, -1))
}

/** The files in the order in which they are printed. */
export const printingOrder = (page: string): string[] => tableUnder(page, 'Printing order').map(([, file]) => file!)

/** The front page, the one on prices, and every file behind them. */
export const printed = (page: string): string =>
  [page, readProtocol('prices.md'), ...printingOrder(page).map((file) => section(file, readProtocol(file)))].join('\n')

const section = (file: string, text: string): string => `## protocol/${file}\n\n\`\`\`ts\n${text.trimEnd()}\n\`\`\`\n`

const program = process.argv[1]
if (program && realpathSync(program) === import.meta.filename) process.stdout.write(printed(readProtocol('README.md')))
