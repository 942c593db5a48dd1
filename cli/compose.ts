/** From what a person types, pipes or names to the bytes of a message. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Client } from './client.ts'
import type { Invocation } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { addressNamed, ownPseudonym } from './parties.ts'

const { isBlank } = await door.printable()

/** What `quote`, `send` and `reply` take alike. */
export type LetterOptions = {
  readonly subject?: string
  readonly text?: string
  readonly attach?: readonly string[]
  readonly as?: string
  readonly lifetime?: string
  readonly asIs?: true
  readonly automatic?: true
  readonly key?: string
  readonly again?: true
}

/** A message that this one answers. */
type Thread = { readonly inReplyTo?: string; readonly references: readonly string[]; readonly quoted: string }

/** A message ready to be priced: who sends it, to whom, and its bytes. */
export type Composed = {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  readonly lifetimeDays?: number
  readonly automatic?: true
  readonly idempotencyKey?: string
  readonly again?: true
}

/** Declares those options. */
export const letterOptions = (command: Command): Command =>
  command
    .option('--subject <text>', 'what it is about')
    .option('--text <text>', 'the text, instead of a file or the editor')
    .option('--attach <file>', 'attach a file (again for more)', collect)
    .option('--as <pseudonym>', 'the label or address to write under')
    .option('--lifetime <days>', 'how long nodes keep it')
    .option('--automatic', 'a program writes it, without anybody’s word for this one: then it is no answer to anything')
    .option('--key <text>', 'it is sent once under this key, however often (else once by its own Message-ID)')
    .option('--again', 'it is sent, and paid, also where it was sent before')
    .option('--as-is', 'the input is a whole message (RFC 5322), as a .eml file is')

/** Gathers an option that may be given again. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Read or ask for what is to be said, and make a message of it. A whole message is taken byte for byte. */
export async function compose(
  { api, context }: { api: Client; context: Invocation },
  {
    file,
    to,
    options,
    thread,
  }: { file?: string | undefined; to: readonly string[]; options: LetterOptions; thread?: Thread },
): Promise<Composed> {
  if (to.length === 0) throw new UsageError('Say whom it is for with --to ADDRESS.')
  if (file !== undefined && options.text !== undefined)
    throw new UsageError('Give either a file or --text, and not both.')
  const once = onceOf(options)
  const sender = await ownPseudonym(api, options.as)
  const addresses = await recipientsOf(api, to)
  const lifetime = options.lifetime === undefined ? {} : { lifetimeDays: daysOf(options.lifetime) }
  const wrap = (raw: Uint8Array): Composed => ({
    from: sender.address,
    to: addresses,
    raw: Buffer.from(raw).toString('base64'),
    ...lifetime,
    ...(options.automatic && { automatic: true }),
    ...once,
  })
  if (options.asIs || file?.toLowerCase().endsWith('.eml')) {
    if (options.subject ?? options.text ?? options.attach)
      throw new UsageError('A whole message is sent as it is: --subject, --text and --attach would change it.')
    const raw = file === undefined || file === '-' ? await piped() : read(file)
    if (await saysNothing(raw)) throw emptyFile(file)
    return wrap(raw)
  }
  const text = options.text ?? (await words({ context, file, quoted: thread?.quoted ?? '' }))
  if (isBlank(text) && isBlank(options.subject ?? '') && !options.attach?.length) throw empty()
  const { composeLetter } = await door.compose()
  const letter = await composeLetter({
    random: (length) => new Uint8Array(randomBytes(length)),
    date: new Date(),
    // Labels and names of contacts are for this person only.
    from: { name: '', address: sender.address },
    to: addresses.map((address) => ({ name: '', address })),
    subject: options.subject ?? '',
    text,
    attachments: await Promise.all((options.attach ?? []).map(attachment)),
    ...(thread?.inReplyTo !== undefined && { inReplyTo: thread.inReplyTo }),
    ...(thread && { references: thread.references }),
  })
  return wrap(letter)
}

/** Under which key it is sent once, or that it is sent again. */
function onceOf({ key, again }: LetterOptions): Pick<Composed, 'idempotencyKey' | 'again'> {
  if (key === undefined) return again ? { again } : {}
  if (again)
    throw new UsageError(
      '--key sends it once, and --again once more. Give one of them; another key sends it again, too.',
    )
  if (/^[ -~]{1,255}$/.test(key) && key.trim() !== '') return { idempotencyKey: key }
  throw new UsageError('--key is a text of 1 to 255 printable characters of ASCII, as “invoice-2026-117”.')
}

async function words({
  context,
  file,
  quoted,
}: {
  context: Invocation
  file: string | undefined
  quoted: string
}): Promise<string> {
  if (file !== undefined && file !== '-') {
    const text = utf8(read(file), file)
    if (isBlank(text)) throw emptyFile(file)
    return text
  }
  const { canAsk } = await import('./terminal.ts')
  const text =
    file === undefined && canAsk(context) ? await edited(context, quoted) : utf8(await piped(), 'standard input')
  if (isBlank(text) || text === quoted) throw empty()
  return text
}

/** The addresses of whom a message is for. Throws where somebody is named twice, or more are named than any message takes. */
async function recipientsOf(api: Client, names: readonly string[]): Promise<readonly string[]> {
  if (names.length > recipientsMax) {
    const sentence = `${names.length} recipients are named, and no message takes more than ${recipientsMax}. Send it in several parts.`
    throw new CommandError('too-many-recipients', sentence)
  }
  const addresses = await Promise.all(names.map((name) => addressNamed(api, name)))
  const again = addresses.findIndex((address, at) => addresses.indexOf(address) < at)
  if (again < 0) return addresses
  const [first, second] = [names[addresses.indexOf(addresses[again]!)]!, names[again]!]
  const how = first === second ? `“${first}” is named twice` : `“${first}” and “${second}” are one recipient`
  throw new CommandError('recipient-repeated', `${how}. Name each recipient once; nothing was sent.`)
}

/** The API takes no more; most networks take less. */
const recipientsMax = 100

/** Whether there is nothing in a whole message that anybody could read or save. What is large says something. */
async function saysNothing(raw: Uint8Array): Promise<boolean> {
  if (raw.length > blankBytesMax) return false
  if (isBlank(Buffer.from(raw).toString('latin1'))) return true
  const { openLetterReader } = await door.letterReader()
  const reader = openLetterReader()
  try {
    const { subject, text, attachments } = await reader.read({ content: raw })
    return isBlank(subject) && isBlank(text) && attachments.every(({ bytes }) => bytes === 0)
  } finally {
    await reader.close()
  }
}

const blankBytesMax = 64 * 1024

const emptyFile = (file = '-'): CommandError =>
  new CommandError(
    'empty',
    `${file === '-' ? 'What came on standard input' : file} is empty; nothing was sent. Give it something to say.`,
  )

const empty = (): CommandError =>
  new CommandError('empty', 'The message is empty; nothing was sent. Give it a text, a subject or an attachment.')

async function edited({ env }: Invocation, quoted: string): Promise<string> {
  const editor = env.VISUAL || env.EDITOR
  if (editor) return (await import('./editor.ts')).edit(editor, quoted)
  process.stderr.write('Write the message, and end it with Ctrl-D on a line of its own (or set EDITOR):\n')
  return utf8(await piped(), 'the terminal')
}

async function attachment(file: string) {
  const { detectMimeType } = await import('nodemailer/lib/mime-funcs/mime-types')
  const content = read(file)
  if (content.length === 0)
    throw new CommandError('empty', `${file} is empty; nothing was sent. Leave it out, or attach another.`)
  const filename = basename(file)
  return { filename, mimeType: detectMimeType(filename) || 'application/octet-stream', content }
}

function read(file: string): Uint8Array {
  try {
    return bounded(file)
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError('file', `${file} cannot be read. Check its path and permissions.`, { cause })
  }
}

/** No message is larger, nor anything in one: the daemon takes no more. */
const bytesMax = 16 * 1024 * 1024

const tooLarge = (where: string): CommandError =>
  new CommandError(
    'too-large',
    `${where} is larger than a message may be, which is ${bytesMax / 1024 / 1024} MiB. Send less.`,
  )

/** All of a file, which may be a pipe or a device that never ends. */
function bounded(file: string): Uint8Array {
  const from = openSync(file, 'r')
  try {
    const pieces: Buffer[] = []
    for (let all = 0; ; ) {
      const piece = Buffer.alloc(1024 * 1024)
      const length = readSync(from, piece)
      if (length === 0) return new Uint8Array(Buffer.concat(pieces))
      pieces.push(piece.subarray(0, length))
      all += length
      if (all > bytesMax) throw tooLarge(file)
    }
  } finally {
    closeSync(from)
  }
}

async function piped(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let all = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    all += chunk.length
    if (all > bytesMax) throw tooLarge('What came on standard input')
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function utf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const sentence = `${where} is no text in UTF-8. Send it with --attach, or as a whole message with --as-is.`
    throw new CommandError('file', sentence, { cause })
  }
}

function daysOf(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= 65_535) return days
  throw new UsageError(`--lifetime is a whole number of days, and not “${text}”.`)
}
