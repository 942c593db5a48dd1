/** What commands throw: a sentence for a person, and a code for a program. */

/** Something said no, or failed. Exit code 1. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly code: string
  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.code = code
  }
}

/** The command was not called as it can be. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The exit code of a command that found the home held by another process: `up` tells by it that another one was faster. */
export const heldExitCode = 4

export type Told = { readonly code: string; readonly sentence: string; readonly exitCode: 1 | 2 | typeof heldExitCode }

/** The code and the sentence of anything thrown. */
export function told(error: unknown): Told {
  const { name, message } = error as Error
  if (error instanceof UsageError) return { code: 'usage', sentence: message, exitCode: 2 }
  if (error instanceof CommandError) return { code: error.code, sentence: message, exitCode: 1 }
  if (bugs.has(name))
    return {
      code: 'bug',
      sentence: `This is a bug in bmail: ${message}. Run it again with --debug to see where.`,
      exitCode: 1,
    }
  const exitCode = name === 'HeldError' ? heldExitCode : 1
  return { code: codes[name] ?? 'failure', sentence: message, exitCode }
}

const bugs = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError'])

const codes: Readonly<Record<string, string>> = {
  ConfigError: 'config',
  ExposedError: 'exposed',
  HeldError: 'home-held',
  KeystoreError: 'keystore',
  NetworkFileError: 'network-file',
  AddressError: 'address',
  DamageError: 'damaged',
  FormatError: 'format',
}
