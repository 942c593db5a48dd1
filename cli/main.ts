/** The command line: finds the command, calls it, and prints what it answers, as text or as JSON. */
import { existsSync, readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Act, Answer, Invocation } from './command.ts'
import { commands } from './commands.ts'
import { told, UsageError } from './errors.ts'
import { printAnswer, printError } from './print.ts'

const { homeOf, pathsOf } = await door.home()
const { printableText } = await door.printable()

type Globals = { readonly home?: string; readonly json?: true; readonly debug?: true }

/** Run one command. Resolves to the exit code: 0, 1 where something said no, 2 where it was called wrongly, 4 where another process holds the home; 3 is the doctor's. */
export async function main(given: readonly string[]): Promise<number> {
  let exitCode = 0
  const end = given.indexOf('--')
  const flags = end < 0 ? given : given.slice(0, end)
  const json = flags.includes('--json')
  const program = programOf((context, answer) => {
    exitCode = answer.exitCode ?? 0
    return printAnswer(context, answer)
  }, json)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read along has seen enough, as `head` does.
    if (error.code === 'EPIPE') process.exit(exitCode)
    const sentence = `What this command answers could not be written (${error.code}). What it did is done; check the disk.`
    printError({ json: false }, { code: 'output', sentence })
    process.exit(1)
  })
  // Nobody is left to be told.
  process.stderr.on('error', () => {})
  try {
    const answer = given.every((word) => word === '--json') && alone(homeOf({ env: process.env }), json)
    if (answer) await printAnswer({ json }, answer)
    else await program.parseAsync(arranged(given), { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0 // help or version was asked for
    const usage = error instanceof CommanderError ? new UsageError(asSentence(error, flags)) : error
    const said = told(usage)
    printError({ json }, said)
    if (flags.includes('--debug')) process.stderr.write(printableText(`${(error as Error).stack}\n${causes(error)}`))
    return said.exitCode
  }
}

const next = [
  { command: 'bmail try', summary: 'see what this is: a network of your own, until you stop it' },
  {
    command: 'bmail init --network FILE --peers ADDRESS',
    summary: 'join a network, with the file and the address that it hands out',
  },
  { command: 'bmail network new --name NAME --out FILE', summary: 'found one' },
  { command: 'bmail --help', summary: 'all commands' },
]

/** What `bmail` alone answers: every command, or where there is no home yet, what to do next. People who have one get help: nothing. */
function alone(home: string, json: boolean): Answer | undefined {
  const isThere = existsSync(pathsOf(home).config)
  if (isThere && !json) return undefined
  const all = commands.map(({ name, summary }) => ({ command: `bmail ${name}`, summary }))
  const lines = next.map(({ command, summary }) => `  ${command.padEnd(47)}${summary}`)
  return {
    value: { home, isThere, commands: isThere ? all : next },
    text: () => [`There is no mailbox in ${home} yet. What to do next:`, ...lines].join('\n'),
  }
}

/** `bmail` alone and `bmail help send` ask for help like `bmail --help` and `bmail send --help`. */
function arranged(given: readonly string[]): readonly string[] {
  if (given.length === 0) return ['--help']
  return given[0] === 'help' ? [...given.slice(1), '--help'] : given
}

function programOf(
  print: (context: Invocation, answer: Parameters<typeof printAnswer>[1]) => Promise<void>,
  json: boolean,
) {
  const program = new Command('bmail')
    .description('Mail that costs its sender something and pays its reader.')
    .option('--home <folder>', 'the home of the daemon (or BMAIL_HOME; ~/.bmail)')
    .option('--json', 'answer with one JSON value')
    .option('--debug', 'show where an error comes from')
    .version(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    // Errors are printed in one place, and as JSON where that was asked for.
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
  const act: Act =
    (work) =>
    async (...args) => {
      const { home } = program.opts<Globals>()
      const context = { home: homeOf({ flag: home, env: process.env }), env: process.env, json }
      await print(context, await work(context, ...args))
    }
  for (const { name, summary } of commands) program.command(name).description(summary)
  program.hook('preSubcommand', async (_program, command) => {
    const entry = commands.find(({ name }) => name === command.name())
    if (entry) (await entry.load()).configure(command.helpCommand(false), act)
  })
  return program
}

/** What commander says as a sentence, with the help that answers it: that of the command, where one was named. */
function asSentence({ code, message }: CommanderError, flags: readonly string[]): string {
  if (code === 'commander.help') return 'There is no command. See `bmail --help`.'
  const command = flags.find((flag) => commands.some(({ name }) => name === flag))
  const help = ['bmail', ...(command === undefined ? [] : [command]), '--help'].join(' ')
  const plain = message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '. $1')
  return `${plain.slice(0, 1).toUpperCase()}${plain.slice(1)}${/[.?]$/.test(plain) ? '' : '.'} See \`${help}\`.`
}

function causes(error: unknown): string {
  const { cause } = error as Error
  return cause instanceof Error ? `because of ${cause.stack}\n${causes(cause)}` : ''
}
