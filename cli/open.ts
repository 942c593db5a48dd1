/** `bmail open`: one's mail in a page of the daemon, in the browser of this machine. */
import type { Command } from 'commander'
import { browse } from './browse.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { CommandError } from './errors.ts'

export function configure(command: Command, act: Act): void {
  command
    .option('--no-browser', 'start no browser; only say where the page is')
    .addHelpText('after', '\nThe link works once, within an hour. What is open stays open; for another tab, ask again.')
    .addHelpText('after', examples('bmail open', 'bmail open --no-browser'))
    .action(
      act(async ({ home, json }, options: { browser: boolean }): Promise<Answer> => {
        const api = connect(home)
        if ((await api.status()).role === 'relay')
          throw new CommandError(
            'not-personal',
            'This home is a relay, which has no mailbox to show. `bmail status` says how it is.',
          )
        const url = await api.page()
        const isOpened = options.browser && !json && (await browse(url))
        return {
          value: { url, opened: isOpened },
          text: () =>
            isOpened
              ? `Your mail is open in your browser. If it is not: ${url}`
              : `Open this in a browser on this machine; it works once:\n${url}`,
        }
      }),
    )
}
