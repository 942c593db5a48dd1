/** Making a mailbox: a keystore from a new recovery phrase, or from one that was kept. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { door } from '../node/daemon/door.ts'
import type { NewMailbox } from '../node/daemon/new-mailbox.ts'
import type { Invocation } from './command.ts'
import { CommandError } from './errors.ts'
import { newPassphrase } from './passphrase.ts'

const { pathsOf } = await door.home()

type Wanted = {
  readonly context: Invocation
  /** The salt of the network's genesis. */
  readonly realm: Uint8Array
  /** 24 words to restore from. */
  readonly phrase?: string | undefined
  /** What flags say, and the file that the settings name. */
  readonly passphrase: Omit<Parameters<typeof newPassphrase>[0], 'context'>
}

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** Refuses where the home holds a mailbox already: a keystore is never written over. */
export function refuseMailbox(home: string): void {
  if (!existsSync(pathsOf(home).keystore)) return
  const sentence = `There is a mailbox in ${home} already. Use it with \`bmail up\`, or name another folder with --home.`
  throw new CommandError('home-taken', sentence)
}

/** Make a keystore and put it in its place. */
export async function makeMailbox({ context, realm, phrase, passphrase: asked }: Wanted): Promise<NewMailbox> {
  const { home } = context
  refuseMailbox(home)
  const made = await door.newMailbox()
  const passphrase = () => newPassphrase({ context, ...asked })
  return made.makeMailbox({ home, realm, phrase, passphrase, random })
}

/** The words in four columns, with what to do with them. */
export function phraseText(phrase: string): string {
  const words = phrase.split(' ').map((word, at) => `${String(at + 1).padStart(2)} ${word}`.padEnd(14))
  const rows = Array.from(
    { length: Math.ceil(words.length / 4) },
    (_, row) => `  ${words.slice(row * 4, row * 4 + 4).join('')}`,
  )
  return [
    'Your recovery phrase, shown this once. Write it down on paper: it is your mailbox, and nobody can give it back.',
    '',
    ...rows.map((row) => row.trimEnd()),
  ].join('\n')
}
