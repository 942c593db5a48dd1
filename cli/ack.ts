/** `bmail ack`: say what a message was worth. */
import { Argument, type Command } from 'commander'
import type { Verdict } from '../protocol/words.ts'
import { type Client, connect } from './client.ts'
import { type Act, examples, type Invocation } from './command.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .addArgument(new Argument('<verdict>', 'what it was to you').choices(['value', 'abstain', 'spam', 'abuse']))
  waits(command)
    .option('--no-pass', 'take no pass first, where the pseudonym has none: the verdict weighs nothing then')
    .addHelpText('after', `\nA verdict is final, and moves no money.\n${examples('bmail ack 3f9a value')}`)
    .action(
      act(async (context, id: string, verdict: Verdict, options: WaitOptions & { readonly pass: boolean }) => {
        const api = connect(context.home)
        if (options.pass && verdict !== 'abstain') await passOf({ api, context }, id)
        const submitted = await api.ack({ id, verdict })
        return operationAnswer({ api, context, what: `Verdict “${verdict}”` }, submitted, options)
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
