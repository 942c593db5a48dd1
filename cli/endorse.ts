/** `bmail endorse`: give a part of one's score to whoever sent a message. */
import type { Command } from 'commander'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { hideAmong } from './crowd.ts'
import { UsageError } from './errors.ts'

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of a message of theirs, or its beginning')
    .argument('<amount>', 'how much of your score: one of the sizes that `bmail network` lists')
    .option('--yes', 'do not ask, however few you hide among')
    .addHelpText(
      'after',
      `\nThey receive half of what you give; the other half is lost. It goes out with your next renewal, and nobody can tell from whom.\n${examples('bmail endorse 3f9a 2')}`,
    )
    .action(
      act(async (context, id: string, amount: string, options: { yes?: true }): Promise<Answer> => {
        if (!/^[1-9]\d{0,18}$/.test(amount))
          throw new UsageError(`The amount is a whole number of your score, and not “${amount}”.`)
        const api = connect(context.home)
        const { renewals } = await api.reputation()
        await hideAmong(context, {
          size: renewals,
          crowd: `It goes out with your renewal, of which this epoch had ${renewals} so far.`,
          question: `Give away ${amount} of your score?`,
          yes: options.yes,
        })
        const endorsed = await api.endorse({ message: id, amount })
        return { value: endorsed, text: () => endorsed.note }
      }),
    )
}
