/** Where the passphrase of a mailbox comes from: a file, the environment, a pipe, or the person. Never from arguments. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { door } from '../node/daemon/door.ts'
import type { Invocation } from './command.ts'
import { CommandError } from './errors.ts'
import { askSecret, canAsk } from './terminal.ts'

const { guardFile } = await door.modes()

type Asked = {
  readonly context: Invocation
  /** What flags say. */
  readonly flags: { readonly passphraseFile?: string }
  /** The file that the settings name, flags included. */
  readonly file: string | null
}

const lengthMin = 8

/** The passphrase of a mailbox that exists. Takes it out of the environment, so that no child process inherits it. */
export async function knownPassphrase(asked: Asked): Promise<string> {
  return given(asked) ?? askSecret('Passphrase: ')
}

/** A passphrase for a new mailbox; a person types it twice. */
export async function newPassphrase(asked: Asked): Promise<string> {
  const passphrase = given(asked) ?? (await askTwice())
  if ([...passphrase].length < lengthMin)
    throw new CommandError(
      'passphrase-short',
      `The passphrase is shorter than ${lengthMin} characters. Choose a longer one.`,
    )
  return passphrase
}

/** The first line of standard input, which a parent process wrote. */
export async function passedPassphrase(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  try {
    for await (const line of lines) return line
  } finally {
    lines.close()
    process.stdin.destroy()
  }
  throw new CommandError('passphrase-missing', 'No passphrase came on standard input. Write it there, on a line.')
}

/** As for every setting: a flag goes before the environment, the environment before `bmail.toml`. */
function given({ context: { env, json }, flags, file }: Asked): string | undefined {
  const passphrase = env.BMAIL_PASSPHRASE
  delete env.BMAIL_PASSPHRASE
  if (file !== null && flags.passphraseFile !== undefined) return firstLine(file)
  if (passphrase) return inEnvironment(passphrase)
  if (file !== null) return firstLine(file)
  if (canAsk({ json })) return undefined
  throw new CommandError(
    'passphrase-missing',
    'The mailbox needs its passphrase, and there is nobody to ask. Set BMAIL_PASSPHRASE, or name a file with --passphrase-file.',
  )
}

function firstLine(file: string): string {
  const [line = ''] = textOf(file).split(/\r?\n/)
  if (line === '')
    throw new CommandError(
      'passphrase-missing',
      `The first line of the passphrase file ${file} is empty. Write the passphrase there.`,
    )
  guardFile(file)
  if (line.startsWith(byteOrderMark))
    throw unseen(`The passphrase file ${file} begins with a byte-order mark. Save it as UTF-8 without one.`)
  const [, begins, ends] = /^(\s?).*?(\s?)$/su.exec(line)!
  if (begins || ends)
    throw unseen(
      `The passphrase in ${file} ${begins ? 'begins' : 'ends'} with a blank (${codeOf(begins || ends!)}). ` +
        'Take it out; where it belongs to the passphrase, give that by BMAIL_PASSPHRASE, or type it.',
    )
  return line
}

/** A blank at its end may be meant. A byte-order mark and a line end never are: they came with a file. */
function inEnvironment(passphrase: string): string {
  const [at] = new RegExp(`^${byteOrderMark}|[\\r\\n]`).exec(passphrase) ?? []
  if (at === undefined) return passphrase
  throw unseen(`BMAIL_PASSPHRASE holds a ${at === byteOrderMark ? 'byte-order mark' : 'line end'}. Take it out.`)
}

const byteOrderMark = '\uFEFF'

const unseen = (sentence: string): CommandError => new CommandError('passphrase-unseen', sentence)

const codeOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`

function textOf(file: string): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    const sentence = `The passphrase file ${file} cannot be read. Check its path and permissions.`
    throw new CommandError('passphrase-missing', sentence, { cause })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new CommandError('passphrase-unseen', `The passphrase file ${file} is no text in UTF-8. Save it as such.`, {
      cause,
    })
  }
}

async function askTwice(): Promise<string> {
  for (let round = 0; round < 3; round++) {
    const passphrase = await askSecret('New passphrase: ')
    if (passphrase === (await askSecret('The same again: '))) return passphrase
    process.stderr.write('They differ. Try again.\n')
  }
  throw new CommandError('passphrase-differs', 'The passphrases differed three times. Nothing was done.')
}
