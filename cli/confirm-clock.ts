/** `bmail confirm-clock`: the owner's word that the host's clock is right, where no peer is there to say so. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'

const { utc } = await door.dates()

export function configure(command: Command, act: Act): void {
  command
    .option('--yes', 'do not ask before')
    .addHelpText('after', examples('bmail confirm-clock', 'bmail confirm-clock --yes'))
    .action(
      act(async (context, options: { yes?: true }) => {
        const { agree } = await import('./terminal.ts')
        const question = `This machine says that it is ${utc(Date.now())}. Is that right, and is this the host’s latest disk? What is signed too far ahead stops the network until then.`
        await agree(context, { question, yes: options.yes, undone: 'the host goes on as before' })
        const confirmed = await connect(context.home).confirmClock()
        return { value: confirmed, text: () => `The host goes on by its clock, which says ${utc(confirmed.time)}.` }
      }),
    )
}
