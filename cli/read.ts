/** `bmail read`: one message, with its attachments. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Shown, Summary } from '../node/service.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { namesOf } from './parties.ts'
import { kib } from './price.ts'
import { facts, givenText, goesBackText, grouped, shortId, when } from './print.ts'

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
        const saved = attachments ? save(await attachmentsOf(await unlocked(api.raw(asked))), attachments) : []
        if (options.raw)
          return { value: { summary, raw, ...(attachments && { saved }) }, text: () => unlocked(api.raw(asked)) }
        // The daemon has a thread that reads foreign messages; starting one here would take longer than all the rest.
        const letter = await unlocked(api.shown(asked))
        return {
          value: { summary, raw, letter, saved },
          text: async () => letterText({ summary, letter, saved, nameOf: await namesOf(api) }),
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

/** What is attached to a message; foreign bytes are read on a thread of their own. */
async function attachmentsOf(pieces: AsyncIterable<Uint8Array>) {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  const content = Buffer.concat(all)
  const { openLetterReader } = await door.letterReader()
  const reader = openLetterReader()
  try {
    return await reader.attachments({ content })
  } finally {
    await reader.close()
  }
}

type Page = {
  readonly summary: Summary
  readonly letter: Shown
  readonly saved: readonly string[]
  readonly nameOf: (address: string) => string
}

async function letterText({ summary, letter, saved, nameOf }: Page): Promise<string> {
  const claimed = letter.from?.address
  const known = (address: string) => (nameOf(address) === address ? address : `${nameOf(address)} <${address}>`)
  const head = await facts(
    ['from', known(summary.from)],
    ['claims', claimed && claimed !== summary.from ? `to be from ${claimed}` : null],
    ['to', summary.to.map(known).join(', ')],
    ['subject', letter.subject || summary.subject],
    ['date', when(summary.date)],
    [summary.folder === 'sent' ? 'fee' : 'earned', grouped(summary.amount)],
    ['verdict', summary.verdict],
    ['written by', summary.automatic ? 'a program, by what its sender says' : null],
    ['going back', summary.goesBack === null ? null : goesBackText(summary.goesBack)],
    ['given back', givenLines(summary, nameOf).join('\n') || null],
    ['attached', letter.attachments.map(({ filename, bytes }) => `${filename} (${kib(bytes)})`).join(', ') || null],
    ['note', letter.damaged ? 'the message is damaged; this is all that can be shown of it' : null],
  )
  const more =
    letter.cut > 0
      ? [`… and ${grouped(String(letter.cut))} characters more; all of it: bmail read ${shortId(summary.id)} --raw`]
      : []
  const places = saved.map((path) => `saved ${path}`)
  return [head, '', letter.text.trimEnd(), ...more, ...(places.length > 0 ? ['', ...places] : [])].join('\n')
}

const givenLines = ({ folder, givenBack }: Summary, nameOf: Page['nameOf']): readonly string[] =>
  givenBack.map((one) => givenText(one, folder === 'sent' ? nameOf : undefined))

/** Save each attachment under a name that is free. */
function save(attachments: Awaited<ReturnType<typeof attachmentsOf>>, folder: string): string[] {
  mkdirSync(folder, { recursive: true })
  return attachments.map(({ filename, content }) => {
    for (let copy = 0; copy < 1000; copy++) {
      const path = join(folder, copy === 0 ? filename : `${copy}-${filename}`)
      try {
        writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
        return path
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue
        throw new CommandError('file', `${path} cannot be written. Check the disk and the folder’s permissions.`, {
          cause,
        })
      }
    }
    throw new CommandError(
      'file',
      `${folder} holds a thousand files called ${filename} already. Choose another folder.`,
    )
  })
}
