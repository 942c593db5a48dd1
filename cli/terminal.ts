/** Asking a person at a terminal. Questions go where errors go, so that answers to commands stay clean. */
import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Invocation } from './command.ts'
import { door } from '../node/daemon/door.ts'
import { CommandError } from './errors.ts'

const { printableText } = await door.printable()

/** Whether somebody is there to be asked: a terminal on both sides, and no program that reads the answer. */
export const canAsk = ({ json }: Pick<Invocation, 'json'>): boolean =>
  !json && Boolean(process.stdin.isTTY && process.stderr.isTTY)

/** A line as it was typed. */
export function ask(question: string): Promise<string> {
  return line(createInterface({ input: process.stdin, output: process.stderr }), printableText(question))
}

/** A line that is not shown while it is typed. */
export async function askSecret(question: string): Promise<string> {
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
  // Nothing is echoed any more once this is made, so the question comes after it.
  const silent = createInterface({ input: process.stdin, output: sink, terminal: true })
  process.stderr.write(question)
  try {
    return await line(silent, '')
  } finally {
    process.stderr.write('\n')
  }
}

/** Whether the answer was yes. Anything else is no. */
export const confirm = async (question: string): Promise<boolean> =>
  /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim())

/**
 * Have the person agree, unless they said yes beforehand. Throws where they do not, and where nobody can be asked; `undone`
 * says what was not done.
 */
export async function agree(
  context: Pick<Invocation, 'json'>,
  { question, yes, undone }: { question: string; yes: true | undefined; undone: string },
): Promise<void> {
  if (yes) return
  if (!canAsk(context)) {
    const sentence = `Nobody is at a terminal to be asked: “${question}” Say --yes to agree beforehand; ${undone}.`
    throw new CommandError('consent-missing', sentence)
  }
  if (await confirm(question)) return
  throw new CommandError('cancelled', `Cancelled; ${undone}.`)
}

function line(from: Interface, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    from.question(question, (answer) => {
      from.removeAllListeners('close')
      from.close()
      resolve(answer)
    })
    from.once('SIGINT', () => from.close())
    from.once('close', () => reject(new CommandError('cancelled', 'Cancelled; nothing was done.')))
  })
}
