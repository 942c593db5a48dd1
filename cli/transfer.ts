/** `bmail transfer`: pay somebody. */
import type { Command } from 'commander'
import { amountHelp, moneyOf } from './amount.ts'
import { door } from '../node/daemon/door.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { UsageError } from './errors.ts'
import { addressNamed, ownPseudonym } from './parties.ts'
import { say } from './print.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

const { paymentTie } = await door.ties()

export function configure(command: Command, act: Act): void {
  command
    .argument('<who>', 'an address or a contact')
    .argument('<amount>', 'how much, like 25 or “25 mail”')
    .option('--as <pseudonym>', 'the label or address that pays')
    .option('--yes', 'do not ask before paying')
  waits(command)
    .addHelpText('after', amountHelp)
    .addHelpText('after', examples('bmail transfer anna 25 --wait'))
    .action(
      act(async (context, who: string, text: string, options: WaitOptions & { as?: string; yes?: true }) => {
        const api = connect(context.home)
        const { read, shown } = await moneyOf(context, api)
        const amount = read(text, 'The amount')
        if (amount === '0')
          throw new UsageError('The amount is 0: nobody would get anything, and inclusion costs all the same.')
        const to = await addressNamed(api, who)
        const payer = await ownPseudonym(api, options.as)
        const tie = paymentTie(
          payer,
          (await api.pseudonyms()).find(({ address }) => address === to),
        )
        if (tie) say(context, tie)
        const { agree } = await import('./terminal.ts')
        await agree(context, {
          question: `Pay ${shown(amount)} to ${to}${tie ? ' all the same' : ''}?`,
          yes: options.yes,
          undone: 'nothing was paid',
        })
        const submitted = await api.transfer({ from: payer.address, to, amount })
        return operationAnswer({ api, context, what: `${shown(amount)} to ${to}` }, submitted, options)
      }),
    )
}
