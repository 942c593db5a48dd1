/** `bmail transfer`: pay somebody. */
import type { Command } from 'commander'
import { amountOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { addressOf } from './parties.ts'
import { grouped } from './print.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

export function configure(command: Command, act: Act): void {
  command
    .argument('<who>', 'an address or a contact')
    .argument('<amount>', 'how much, in the smallest unit')
    .option('--as <pseudonym>', 'the label or address that pays')
    .option('--yes', 'do not ask before paying')
  waits(command)
    .addHelpText('after', examples('bmail transfer anna 25000 --wait'))
    .action(
      act(async (context, who: string, text: string, options: WaitOptions & { as?: string; yes?: true }) => {
        const api = connect(context.home)
        const amount = amountOf(text, 'The amount')
        const to = await addressOf(api, who)
        const { canAsk, confirm } = await import('./terminal.ts')
        if (!options.yes && canAsk(context) && !(await confirm(`Pay ${grouped(amount)} to ${to}?`)))
          throw new CommandError('cancelled', 'Cancelled; nothing was paid.')
        const submitted = await api.transfer({ to, amount, ...(options.as !== undefined && { from: options.as }) })
        return operationAnswer({ api, context, what: `${grouped(amount)} to ${to}` }, submitted, options)
      }),
    )
}
