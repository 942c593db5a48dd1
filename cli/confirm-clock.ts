/** `bmail confirm-clock`: the owner's word that the host's clock is right, where no peer is there to say so. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'

const { utc } = await door.dates()

export function configure(command: Command, act: Act): void {
  command
    .option('--lost', 'also give up batches that the host signed and lost, where nobody has them any more')
    .option('--yes', 'do not ask before')
    .addHelpText('after', examples('bmail confirm-clock', 'bmail confirm-clock --lost'))
    .action(
      act(async (context, options: { lost?: true; yes?: true }) => {
        const { agree } = await import('./terminal.ts')
        const question = `This machine says that it is ${utc(Date.now())}. Is that right${options.lost ? '' : ', and is this the host’s latest disk'}? What is signed too far ahead stops the network until then.${options.lost ? ` ${risk}` : ''}`
        await agree(context, { question, yes: options.yes, undone: 'the host goes on as before' })
        const confirmed = await connect(context.home).confirmClock(options.lost ? { lost: true } : {})
        return { value: confirmed, text: () => `The host goes on by its clock, which says ${utc(confirmed.time)}.` }
      }),
    )
}

const risk =
  'Batches that were lost are signed anew, with other content: what was settled in them is not, and whoever has one of them after all holds both against the host, and stops for good. Is there no node, and no back-up, that may have them?'
