/** `bmail read`: one message, with its attachments. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Shown, Summary } from '../node/service.ts'
import { type Money, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { namesOf } from './parties.ts'
import { kib } from './price.ts'
import { facts, givenText, goesBackText, grouped, say, shortId, when } from './print.ts'

type Options = { readonly raw?: true; readonly attachments?: string }

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .option('--raw', 'the whole message as it came, byte for byte')
    .option('--attachments <folder>', 'save what is attached in a folder')
    .addHelpText('after', examples('bmail read 3f9a', 'bmail read 3f9a --raw > message.eml'))
    .action(
      act(async (context, id: string, options: Options): Promise<Answer> => {
        const api = connect(context.home)
        const summary = await api.summary({ id })
        const asked = { id: summary.id }
        const unlocked = <T>(answer: Promise<T>): Promise<T> => answer.catch(lockedOf(summary))
        // A program gets all of it in one value; for anybody else it is streamed.
        const raw = context.json ? (await api.message(asked)).raw : null
        if (options.raw && raw === null && context.json) throw locked(summary)
        const { attachments } = options
        const { saved, unsaved } =
          attachments === undefined
            ? { saved: [], unsaved: [] }
            : save(await attachmentsOf(summary, await unlocked(api.raw(asked))), attachments)
        for (const { sentence } of unsaved) say(context, sentence)
        const exitCode = unsaved.length > 0 ? 1 : 0
        if (options.raw) {
          const value = { summary, raw, ...(attachments !== undefined && { saved, unsaved }) }
          return { value, text: () => unlocked(api.raw(asked)), exitCode }
        }
        // The daemon has a thread that reads foreign messages; starting one here would take longer than all the rest.
        const letter = await unlocked(api.shown(asked))
        return {
          value: { summary, raw, letter, saved, unsaved },
          exitCode,
          text: async () =>
            letterText({ summary, letter, saved, nameOf: await namesOf(api), money: await moneyOf(context, api) }),
        }
      }),
    )
}

const locked = ({ id, state, note }: Summary): CommandError =>
  new CommandError('locked', `${shortId(id)} is ${state}: ${note}.`)

/** Says of a message that cannot be read yet what it waits for. */
const lockedOf = (summary: Summary) => (error: unknown) => {
  throw error instanceof CommandError && error.code === 'not-ready' ? locked(summary) : error
}

/** What is attached to a message; foreign bytes are read on a thread of their own. Throws where none of it can be found. */
async function attachmentsOf({ id }: Summary, pieces: AsyncIterable<Uint8Array>) {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  const content = Buffer.concat(all)
  const { openLetterReader } = await door.letterReader()
  const reader = openLetterReader()
  try {
    const attachments = await reader.attachments({ content })
    if (attachments) return attachments
    const sentence = `What is attached to ${shortId(id)} takes too much time or memory to be found, so nothing was saved. The whole message is written by: bmail read ${shortId(id)} --raw`
    throw new CommandError('unreadable', sentence)
  } finally {
    await reader.close()
  }
}

type Page = {
  readonly summary: Summary
  readonly letter: Shown
  readonly saved: readonly string[]
  readonly nameOf: (address: string) => string
  readonly money: Money
}

async function letterText({ summary, letter, saved, nameOf, money }: Page): Promise<string> {
  const claimed = letter.from?.address
  const known = (address: string) => (nameOf(address) === address ? address : `${nameOf(address)} <${address}>`)
  const head = await facts(
    ['from', known(summary.from)],
    ['claims', claimed && claimed !== summary.from ? `to be from ${claimed}` : null],
    ...listed('to', summary.to.map(known)),
    ['subject', letter.subject || summary.subject],
    ['settled', summary.settledAt === null ? null : when(summary.settledAt)],
    ['dated', letter.date === null ? null : when(Date.parse(letter.date)) || letter.date],
    [summary.folder === 'sent' ? 'fee' : 'earned', money.shown(summary.amount)],
    ['verdict', summary.verdict],
    ['written by', summary.automatic ? 'a program, by what its sender says' : null],
    ['going back', summary.goesBack === null ? null : goesBackText(summary.goesBack)],
    ...listed('given back', givenLines(summary, { nameOf, money })),
    ...listed(
      'attached',
      letter.attachments.map(({ filename, bytes }) => `${filename} (${kib(bytes)})`),
    ),
    ['note', letter.damaged ? 'the message is damaged; this is all that can be shown of it' : null],
  )
  const more =
    letter.cut > 0
      ? [`… and ${grouped(String(letter.cut))} characters more; all of it: bmail read ${shortId(summary.id)} --raw`]
      : []
  const places = saved.map((path) => `saved ${path}`)
  return [head, '', letter.text.trimEnd(), ...more, ...(places.length > 0 ? ['', ...places] : [])].join('\n')
}

/** One on each line, since a line is cut where it is long: nobody would see that somebody, or something, is left out. */
const listed = (name: string, values: readonly string[]): [name: string, value: string][] =>
  values.map((value, at) => [at === 0 ? name : '', value])

const givenLines = (
  { folder, givenBack }: Summary,
  { nameOf, money }: Pick<Page, 'nameOf' | 'money'>,
): readonly string[] => givenBack.map((one) => givenText(one, money, folder === 'sent' ? nameOf : undefined))

type Saved = {
  readonly saved: string[]
  /** What is left out, by its name in the message, and why, as a sentence. */
  readonly unsaved: { readonly filename: string; readonly sentence: string }[]
}

/** Save each attachment under a name that is free. One that cannot be saved stops no other. */
function save(attachments: Awaited<ReturnType<typeof attachmentsOf>>, folder: string): Saved {
  makeFolder(folder)
  const all: Saved = { saved: [], unsaved: [] }
  for (const { filename, content } of attachments) {
    const { path, why } = saveOne({ filename, content, folder })
    if (why === undefined) all.saved.push(path)
    else all.unsaved.push({ filename, sentence: `${path} could not be saved (${why}). What else is attached was.` })
  }
  return all
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    const sentence = `${folder || 'An empty name'} is no folder, and none can be made there. Name another with --attachments.`
    throw new CommandError('file', sentence, { cause })
  }
}

/** Where it was saved, or was to be, and then why it was not. */
function saveOne({ filename, content, folder }: { filename: string; content: Uint8Array; folder: string }): {
  path: string
  why?: string
} {
  for (let copy = 0; copy < copiesMax; copy++) {
    const path = join(folder, copy === 0 ? filename : `${copy}-${filename}`)
    try {
      writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
      return { path }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST') return { path, why: code ?? (error as Error).message }
    }
  }
  return { path: join(folder, filename), why: `${copiesMax} files are called so already` }
}

const copiesMax = 1000
