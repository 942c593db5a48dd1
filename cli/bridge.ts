/** `bmail bridge`: mail programs on this machine read and write paid mail; and their passwords. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples, type Invocation } from './command.ts'
import { CommandError } from './errors.ts'
import { say, table, when } from './print.ts'
import { toldToStop } from './stopping.ts'

const { flagOf, limitOf, loadConfig, settings } = await door.settings()
const { systemClock } = await door.clock()
const { systemRandom } = await door.random()

/** The settings that are the bridge's. */
const own = ['bridgeSmtpListen', 'bridgeImapListen', 'bridgeMaxFee', 'bridgePerDay', 'bridgeUndoSeconds'] as const

type Options = { readonly [Name in (typeof own)[number]]?: string }

const words = `
Give a program these: SMTP at 127.0.0.1:1025 and IMAP at 127.0.0.1:1143, without encryption, as nothing leaves this
machine, or by STARTTLS; as user name the name of the program, and the password that \`bmail bridge password\` made for it; as your own
address LABEL@bmail.invalid. Others are bm1…@bmail.invalid, or a contact's name in front of that.`

export function configure(command: Command, act: Act): void {
  const run = command.command('run', { isDefault: true }).description('serve, until it is told to stop')
  for (const name of own) run.option(`${flagOf(name)} <value>`, settings[name].help)
  run.action(act((context, options: Options) => serve(context, options)))
  command.addHelpText('after', words)
  command.addHelpText('after', examples('bmail bridge password thunderbird', 'bmail bridge'))
  command
    .command('password <program>')
    .description('make a password for a mail program, in place of the one it had')
    .action(
      act(async (context, program: string): Promise<Answer> => {
        const name = programName(program)
        const password = (await keeperOf(context)).make(name, systemClock.now())
        const text = () =>
          `user name  ${name}\npassword   ${password}\n\nIt is shown once. \`bmail bridge revoke ${name}\` takes it back.`
        return { value: { program: name, password }, text }
      }),
    )
  command
    .command('revoke <program>')
    .description('take the password of a mail program back')
    .action(
      act(async (context, program: string): Promise<Answer> => {
        if (!(await keeperOf(context)).takeBack(program))
          throw new CommandError('not-found', `No program is called “${program}”. See \`bmail bridge passwords\`.`)
        return { value: { program }, text: () => `${program} gets in no more.` }
      }),
    )
  command
    .command('passwords')
    .description('list the programs that have one')
    .action(
      act(async (context): Promise<Answer> => {
        const programs = (await keeperOf(context)).list()
        const rows = programs.map(({ name, madeAt }) => [name, when(madeAt)])
        return { value: programs, text: () => (rows.length === 0 ? 'None yet.' : table(['program', 'made'], rows)) }
      }),
    )
}

async function keeperOf({ home }: Invocation) {
  const { createDoorkeeper } = await door.doorkeeper()
  return createDoorkeeper({ home, random: systemRandom })
}

function programName(program: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,39}$/.test(program)) return program
  throw new CommandError(
    'bad-request',
    `“${program}” cannot be a user name. Take up to 40 small letters, digits, dots and hyphens, as in thunderbird.`,
  )
}

async function serve(context: Invocation, options: Options): Promise<Answer> {
  const { home, env } = context
  const config = await loadConfig({ home, flags: options, env })
  const { startBridge } = await door.bridge()
  const tell = (what: object, sentence: string): void => {
    const { message } = ((what as { err?: Error }).err ?? {}) as { message?: string }
    say(context, message === undefined ? sentence : `${sentence}: ${message}`)
  }
  const bridge = await startBridge({
    home,
    api: connect(home),
    smtp: config.bridgeSmtpListen,
    imap: config.bridgeImapListen,
    limits: (coin) => ({ letter: limitOf('bridgeMaxFee', config, coin), day: limitOf('bridgePerDay', config, coin) }),
    undoMs: config.bridgeUndoSeconds * 1_000,
    clock: systemClock,
    random: systemRandom,
    logger: { debug: () => undefined, info: tell, warn: tell, error: tell },
  })
  say(context, `SMTP at 127.0.0.1:${bridge.smtpPort}, IMAP at 127.0.0.1:${bridge.imapPort}. Ctrl-C ends it.`)
  say(context, `Certificate for STARTTLS, SHA-256: ${bridge.certificate.fingerprint}`)
  await toldToStop()
  await bridge.close()
  return { value: { stopped: true }, text: () => '' }
}
