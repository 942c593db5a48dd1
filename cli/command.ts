/** What a command is: one file that exports `configure`, and one line in `commands.ts`. */
import type { Command } from 'commander'

/** What a command is told beside its own arguments. */
export type Invocation = {
  /** The home folder, absolute. It need not exist. */
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** Whether a program reads the answer: then nothing is asked. */
  readonly json: boolean
}

/** What a command answers: a value for programs, and words (or bytes, piece by piece) for people. */
export type Answer = {
  readonly value: unknown
  readonly text: () => string | Promise<string | AsyncIterable<Uint8Array>>
  /** Where what was asked about is not as it should be: printed all the same. The doctor alone tells 1 from 3. */
  readonly exitCode?: 0 | 1 | 3
}

/** Turns what a command does into what commander calls; the answer is printed, an error is told. */
export type Act = <Given extends unknown[]>(
  work: (context: Invocation, ...given: Given) => Promise<Answer>,
) => (...given: Given) => Promise<void>

type CommandModule = { readonly configure: (command: Command, act: Act) => void }

export type CommandEntry = {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandModule>
}

/** Examples under the help of a command. */
export const examples = (...lines: readonly string[]): string =>
  `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
