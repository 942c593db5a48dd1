/** `bmail backup`: everything of a home in one file, while its daemon runs or not. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { connect, isUp } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { grouped } from './print.ts'
import { withProgress } from './progress.ts'

const { pathsOf } = await door.home()

const kept = `
It holds the letters, what waits to be sent or done, contacts and settings, sealed as they lie in the home, and the keys:
a mailbox's under its passphrase, a host's, a keeper's and a relay's as they are. It does not hold the passphrase, nor its
file. Whoever has it and the passphrase has the mailbox; the file is for its owner only (0600).`

export function configure(command: Command, act: Act): void {
  command
    .argument('<file>', 'where it goes')
    .option('--replace', 'have it take the place of a file that is there, once it is whole')
    .addHelpText('after', kept)
    .addHelpText('after', examples('bmail backup mailbox.backup', 'bmail restore mailbox.backup --home elsewhere'))
    .action(
      act(async (context, file: string, { replace }: { replace?: true }): Promise<Answer> => {
        const { home } = context
        if (!existsSync(pathsOf(home).config))
          throw new CommandError('no-home', `There is no b-mail home in ${home} yet. Make one with \`bmail init\`.`)
        const { databaseOf, saveBackup } = await door.backup()
        const isRunning = await isUp(home)
        const database = isRunning ? await connect(home).backup() : databaseOf(home)
        const path = resolve(file)
        const saved = await withProgress(context, 'reading the database', (told) =>
          saveBackup({ home, database, path, replaces: replace === true, told }),
        )
        const value = { file: path, ...saved, running: isRunning }
        return {
          value,
          text: () =>
            `${path} has the home ${home}, ${grouped(String(Math.ceil(saved.bytes / 1024)))} KiB. \`bmail restore\` makes a home of it, on this machine or another.`,
        }
      }),
    )
}
