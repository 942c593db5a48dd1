/** `bmail restore`: a home out of a back-up. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { type Act, type Answer, examples } from './command.ts'
import { withProgress } from './progress.ts'

const { loadConfig } = await door.settings()

const twice = `
A mailbox may be restored beside the original: they are two devices of one person, each letter is paid once, and what one
of them sends the other shows. But each counts the limit of a day for itself. A relay and a keeper that are restored beside
the original take each other's connections; a host must never run twice.`

export function configure(command: Command, act: Act): void {
  command
    .argument('<file>', 'what `bmail backup` wrote')
    .option('--host-is-down', 'say that no daemon runs any more with the host’s key that is in it')
    .addHelpText('after', twice)
    .addHelpText('after', examples('bmail restore mailbox.backup --home ~/.bmail'))
    .action(
      act(async (context, file: string, { hostIsDown }: { hostIsDown?: true }): Promise<Answer> => {
        const { home, env } = context
        const { restoreBackup } = await door.restore()
        const restored = await withProgress(context, 'reading the back-up', (told) =>
          restoreBackup({ path: resolve(file), home, hostIsDown: hostIsDown === true, told }),
        )
        const { passphraseFile } = await loadConfig({ home, env })
        const missing = passphraseFile !== null && !existsSync(passphraseFile) ? passphraseFile : null
        return {
          value: { home, ...restored, passphraseFileMissing: missing },
          text: () =>
            [
              `${home} is as it was then: ${restored.files.join(', ')}, and the database.`,
              ...(missing === null
                ? []
                : [`Its settings name a passphrase file that is not here: write it to ${missing}.`]),
              'Start its daemon with `bmail up`; what came since, it gets from its peers.',
            ].join('\n'),
        }
      }),
    )
}
