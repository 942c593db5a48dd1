/** `bmail ack`: say what a message was worth. */
import { Argument, type Command } from 'commander'
import type { Verdict } from '../protocol/words.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .addArgument(new Argument('<verdict>', 'what it was to you').choices(['value', 'abstain', 'spam', 'abuse']))
  waits(command)
    .addHelpText('after', `\nA verdict is final, and moves no money.\n${examples('bmail ack 3f9a value')}`)
    .action(
      act(async (context, id: string, verdict: Verdict, options: WaitOptions) => {
        const api = connect(context.home)
        const submitted = await api.ack({ id, verdict })
        return operationAnswer({ api, context, what: `Verdict “${verdict}”` }, submitted, options)
      }),
    )
}
