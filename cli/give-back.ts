/** `bmail give-back`: pay the sender of a message what it brought you. */
import type { Command } from 'commander'
import type { Summary } from '../node/service.ts'
import { amountHelp, type Money, moneyOf } from './amount.ts'
import { type Client, connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .argument('[amount]', 'how much, like 5.5 or “5.5 mail”; without it, all that you got for the message')
  waits(command)
    .addHelpText('after', amountHelp)
    .addHelpText('after', `\nIt can be done once for a message, and at any time.\n${examples('bmail give-back 3f9a')}`)
    .action(
      act(async (context, id: string, text: string | undefined, options: WaitOptions) => {
        const api = connect(context.home)
        const money = await moneyOf(context, api)
        const amount = await amountBack({ api, money }, id, text)
        const submitted = await api.giveBack({ id, amount })
        return operationAnswer({ api, context, what: `${money.shown(amount)} given back` }, submitted, options)
      }),
    )
}

/** What is to be given back for a message: what was named, or all that it brought. */
export async function amountBack(
  { api, money }: { api: Client; money: Money },
  id: string,
  named: string | undefined,
): Promise<string> {
  if (named !== undefined) {
    const amount = money.read(named, 'The amount')
    if (amount !== '0') return amount
    throw new UsageError('The amount is 0: nobody would get anything, and inclusion costs all the same.')
  }
  const { amount, folder } = await api.summary({ id })
  if (folder !== 'inbox')
    throw new CommandError('not-recipient', 'This is a message that you sent; its readers may give something back.')
  if (amount !== '0') return amount
  throw new CommandError('give-back-over', 'This message brought you nothing, so there is nothing to give back.')
}

/** Whether there is something of a message that may go back: it brought something, was not flagged, and nothing went back. */
export const canBeGivenBack = ({ folder, amount, verdict, givenBack }: Summary): boolean =>
  folder === 'inbox' && amount !== '0' && verdict !== 'spam' && verdict !== 'abuse' && givenBack.length === 0
