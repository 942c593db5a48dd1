/** What a person or a program sees. Text that came from elsewhere never reaches a terminal with its control characters. */
import { door } from '../node/daemon/door.ts'
import type { Money } from './amount.ts'
import type { Answer, Invocation } from './command.ts'
import type { Told } from './errors.ts'

const { printableJson, printableLine, printableText } = await door.printable()

/** Print an answer: one JSON value, or text that ends with a line end, or bytes, which only a terminal gets as safe text. */
export async function printAnswer(context: Pick<Invocation, 'json'>, { value, text }: Answer): Promise<void> {
  if (context.json) return void process.stdout.write(`${printableJson(JSON.stringify(value))}\n`)
  const said = await text()
  if (typeof said !== 'string') return printPieces(context, said)
  if (said !== '') process.stdout.write(`${printableText(said).replace(/\n$/, '')}\n`)
}

/** Pieces are read only as fast as they are taken. A terminal would obey control characters, so it gets printable text. */
async function printPieces(context: Pick<Invocation, 'json'>, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  if (process.stdout.isTTY) {
    const all: Uint8Array[] = []
    for await (const piece of pieces) all.push(piece)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(all))
    const shown = printableText(text)
    process.stdout.write(shown)
    // A line end in another form is no difference that a person would see.
    if (shown !== text.replaceAll('\r\n', '\n'))
      say(context, 'What a terminal would obey is left out here; into a file or a pipe it goes byte for byte.')
    return
  }
  for await (const piece of pieces)
    if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}

/** Print an error: as the one JSON value, or as a sentence where errors go. */
export function printError(
  { json }: Pick<Invocation, 'json'>,
  { code, sentence }: Pick<Told, 'code' | 'sentence'>,
): void {
  if (json) process.stdout.write(`${printableJson(JSON.stringify({ error: { code, sentence } }))}\n`)
  else process.stderr.write(`bmail: ${printableText(sentence)}\n`)
}

/** Tell a person how it goes, where errors go, so that the answer stays clean. */
export function say({ json }: Pick<Invocation, 'json'>, sentence: string): void {
  if (!json) process.stderr.write(`${printableText(sentence)}\n`)
}

/** Rows in columns, without borders. Every cell is made printable. Columns named with a leading `>` are set right. */
export async function table(head: readonly string[], rows: readonly (readonly string[])[]): Promise<string> {
  const { default: Table } = await import('cli-table3')
  const none = Object.fromEntries(borders.map((name) => [name, '']))
  const made = new Table({
    head: head.map((name) => name.replace(/^>/, '')),
    chars: { ...none, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((name) => (name.startsWith('>') ? 'right' : 'left')),
  })
  for (const row of rows) made.push(row.map((cell) => printableLine(cell)))
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** A name and a value on each line; nothing for those without a value. */
export const facts = (
  ...pairs: readonly (readonly [name: string, value: string | null | undefined])[]
): Promise<string> =>
  table(
    ['', ''],
    pairs.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [name, value!]),
  ).then((text) => text.replace(/^\n/, ''))

/** A number that is no amount: 12500 as 12,500. */
export const { grouped } = await door.amounts()

/** 2026-11-22 09:30, here. */
export function when(timeMs: number): string {
  const date = new Date(timeMs)
  if (Number.isNaN(date.getTime())) return ''
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** The beginning of an id: enough to name a message by. */
export const shortId = (id: string): string => id.slice(0, 12)

/** As much of a line as fits into so many columns of a terminal, with a sign where something is left out. */
export function shortened(text: string, columns: number): string {
  let [width, kept] = [0, '']
  for (const { segment } of new Intl.Segmenter().segment(printableLine(text))) {
    width += wide.test(segment) ? 2 : 1
    if (width <= columns - 1) kept += segment
    else if (width > columns) return `${kept.trimEnd()}…`
  }
  return printableLine(text)
}

/** What takes two columns: the writing of East Asia, its wide forms, and pictures. */
const wide = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{Emoji_Presentation}\u3000-\u303F\uFF01-\uFF60]/u

/** An address in a narrow column. */
export const shortAddress = (address: string): string =>
  address.length > 20 ? `${address.slice(0, 10)}…${address.slice(-6)}` : address

const borders = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
]

/** An amount that was given back, for a person: by us, or, where `nameOf` says who it was, by a reader of ours. */
export const givenText = (
  { by, amount }: { readonly by: string; readonly amount: string },
  { shown }: Money,
  nameOf: ((address: string) => string) | undefined,
): string => (nameOf ? `${shortAddress(nameOf(by))} gave you back ${shown(amount)}` : `you gave back ${shown(amount)}`)

/** That what a message brought goes back, for a person. */
export const goesBackText = (at: number): string => `what it brought goes back by itself about ${when(at)}`
