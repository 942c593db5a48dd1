/** `bmail daemon`: the daemon in the foreground, until it is told to stop. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { type Act, examples } from './command.ts'
import { knownPassphrase, passedPassphrase } from './passphrase.ts'
import { say } from './print.ts'
import { type SettingFlags, settingOptions, settingsIn } from './settings.ts'
import { toldToStop } from './stopping.ts'

const { loadConfig, strayVariables } = await door.settings()

/** Whatever a stopped daemon left open does not keep the process longer than this. */
const lingerMs = 5_000

export function configure(command: Command, act: Act): void {
  settingOptions(command)
    .option('--passphrase-stdin', 'read the passphrase from the first line of standard input')
    .addHelpText('after', examples('bmail daemon', 'BMAIL_HOME=/var/lib/bmail bmail daemon --log-level debug'))
    .action(
      act(async (context, options: SettingFlags & { passphraseStdin?: true }) => {
        const { home, env } = context
        for (const name of strayVariables(env)) say(context, `${name} in the environment is no setting of b-mail.`)
        const flags = settingsIn(options)
        const config = await loadConfig({ home, flags, env })
        const passphrase =
          config.role === 'relay'
            ? undefined
            : await (options.passphraseStdin
                ? passedPassphrase()
                : knownPassphrase({ context, flags, file: config.passphraseFile }))
        // Take the passphrase out of the environment, so that child processes do not inherit it.
        delete env.BMAIL_PASSPHRASE
        const stopping = toldToStop()
        const { startDaemon } = await door.daemon()
        const giveUp = new AbortController()
        stopping.then(() => giveUp.abort())
        const daemon = await startDaemon({ config, passphrase, signal: giveUp.signal }).catch((error) => {
          // It was told to stop while it waited for what it cannot start without.
          if (giveUp.signal.aborted && error === giveUp.signal.reason) return undefined
          throw error
        })
        await stopping
        await daemon?.stop()
        setTimeout(() => process.exit(), lingerMs).unref()
        return { value: { stopped: true }, text: () => '' }
      }),
    )
}
