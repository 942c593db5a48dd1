/** Where the passphrase of a mailbox comes from: a file, the environment, a pipe, or the person. Never from arguments. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Invocation } from './command.ts'
import { CommandError } from './errors.ts'
import { askSecret, canAsk } from './terminal.ts'

type Asked = {
  readonly context: Invocation
  /** The file that a flag or the settings name. */
  readonly file: string | null | undefined
}

const lengthMin = 8

/** The passphrase of a mailbox that exists. Takes it out of the environment, so that no child process inherits it. */
export async function knownPassphrase({ context, file }: Asked): Promise<string> {
  return given(context, file) ?? askSecret('Passphrase: ')
}

/** A passphrase for a new mailbox; a person types it twice. */
export async function newPassphrase({ context, file }: Asked): Promise<string> {
  const passphrase = given(context, file) ?? (await askTwice())
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

function given({ env, json }: Invocation, file: string | null | undefined): string | undefined {
  if (file) return firstLine(file)
  const passphrase = env.BMAIL_PASSPHRASE
  delete env.BMAIL_PASSPHRASE
  if (passphrase) return passphrase
  if (canAsk({ json })) return undefined
  throw new CommandError(
    'passphrase-missing',
    'The mailbox needs its passphrase, and there is nobody to ask. Set BMAIL_PASSPHRASE, or name a file with --passphrase-file.',
  )
}

function firstLine(file: string): string {
  try {
    const [line = ''] = readFileSync(file, 'utf8').split(/\r?\n/)
    if (line !== '') return line
  } catch (cause) {
    throw new CommandError(
      'passphrase-missing',
      `The passphrase file ${file} cannot be read. Check its path and permissions.`,
      {
        cause,
      },
    )
  }
  throw new CommandError(
    'passphrase-missing',
    `The first line of the passphrase file ${file} is empty. Write the passphrase there.`,
  )
}

async function askTwice(): Promise<string> {
  for (let round = 0; round < 3; round++) {
    const passphrase = await askSecret('New passphrase: ')
    if (passphrase === (await askSecret('The same again: '))) return passphrase
    process.stderr.write('They differ. Try again.\n')
  }
  throw new CommandError('passphrase-differs', 'The passphrases differed three times. Nothing was done.')
}
