/** What commands throw: a sentence for a person, and a code for a program. */

/** Something said no, or failed. Exit code 1, or that of a home that is held. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly code: string
  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.code = code
  }
}

/** The command was called wrongly. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** A command found the home held by another process: its code, and its exit code, by which `up` tells that another one was faster. */
export const heldCode = 'home-held'
export const heldExitCode = 4

export type Told = { readonly code: string; readonly sentence: string; readonly exitCode: 1 | 2 | typeof heldExitCode }

/** The code and the sentence of anything thrown. */
export function told(error: unknown): Told {
  const { name, message } = error as Error
  if (error instanceof UsageError) return { code: 'usage', sentence: message, exitCode: 2 }
  if (bugs.has(name))
    return {
      code: 'bug',
      sentence: `This is a bug in bmail: ${message}. Run it again with --debug to see where.`,
      exitCode: 1,
    }
  const code = error instanceof CommandError ? error.code : (codes[name] ?? 'failure')
  // What the system refused has the system's words, which differ between systems; the code does not.
  if (code === 'failure' && typeof (error as NodeJS.ErrnoException).syscall === 'string') {
    const sentence = `The system refused: ${message}. Check the path, its permissions and the disk.`
    return { code: 'system', sentence, exitCode: 1 }
  }
  return { code, sentence: message, exitCode: code === heldCode ? heldExitCode : 1 }
}

const bugs = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError'])

const codes: Readonly<Record<string, string>> = {
  BackupError: 'backup',
  ConfigError: 'config',
  ExposedError: 'exposed',
  HeldError: heldCode,
  KeystoreError: 'keystore',
  NetworkFileError: 'network-file',
  AddressError: 'address',
  DamageError: 'damaged',
  FormatError: 'format',
  LackError: 'disk-failing',
  UnreadableError: 'file',
}
