/** `bmail ack`: say what a message was worth. */
import { Argument, type Command } from 'commander'
import type { Verdict } from '../protocol/words.ts'
import { amountHelp, moneyOf } from './amount.ts'
import { type Client, connect } from './client.ts'
import { type Act, examples, type Invocation } from './command.ts'
import { amountBack } from './give-back.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

type Judging = WaitOptions & { readonly pass: boolean; readonly giveBack?: string | true }

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .addArgument(new Argument('<verdict>', 'what it was to you').choices(['value', 'abstain', 'spam', 'abuse']))
  waits(command)
    .option('--give-back [amount]', 'give back what you got for it, or an amount of that, once')
    .option('--no-pass', 'take no pass first, where the pseudonym has none: the verdict weighs nothing then')
    .addHelpText('after', amountHelp)
    .addHelpText(
      'after',
      `\nA verdict is final. It moves no money; what you give back is yours to say.\n${examples('bmail ack 3f9a value', 'bmail ack 3f9a value --give-back')}`,
    )
    .action(
      act(async (context, id: string, verdict: Verdict, options: Judging) => {
        const api = connect(context.home)
        const asked = options.giveBack
        const money = await moneyOf(context, api)
        const giveBack =
          asked === undefined ? undefined : await amountBack({ api, money }, id, asked === true ? undefined : asked)
        if (options.pass && verdict !== 'abstain') await passOf({ api, context }, id)
        const submitted = await api.ack({ id, verdict, ...(giveBack !== undefined && { giveBack }) })
        const given = giveBack === undefined ? '' : `, and ${money.shown(giveBack)} given back`
        return operationAnswer({ api, context, what: `Verdict “${verdict}”${given}` }, submitted, options)
      }),
    )
}

/** A verdict weighs nothing without a pass of whoever judges. */
async function passOf(told: { api: Client; context: Invocation }, id: string): Promise<void> {
  const { own, folder } = await told.api.summary({ id })
  const { state, passes } = await told.api.reputation()
  if (folder !== 'inbox' || state === 'not-enrolled' || passes.some(({ address }) => address === own)) return
  const { passFirst } = await import('./pass-first.ts')
  await passFirst(told, own, 'Without one the verdict weighs nothing.')
}
