/** `bmail send`: compose, price, ask, send. */
import type { Command } from 'commander'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { collect, compose, type LetterOptions, letterOptions } from './compose.ts'
import { dispatch, type DispatchOptions, dispatchOptions } from './dispatch.ts'

type Options = LetterOptions & DispatchOptions & { readonly to?: readonly string[] }

export function configure(command: Command, act: Act): void {
  command
    .argument(
      '[file]',
      'the text, or a whole message if it ends in .eml; - is standard input, which is also read from a pipe',
    )
    .option('--to <who>', 'an address or a contact (again for more)', collect)
  dispatchOptions(letterOptions(command))
    .addHelpText(
      'after',
      examples(
        'bmail send --to anna --subject Lunch',
        'bmail send letter.eml --to bm1… --refuse-above 9.5 --wait',
        'echo "It is done." | bmail send --to anna --attach report.pdf --yes --json',
      ),
    )
    .action(
      act(async (context, file: string | undefined, options: Options) => {
        const api = connect(context.home)
        return dispatch(
          { api, context },
          await compose({ api, context }, { file, to: options.to ?? [], options }),
          options,
        )
      }),
    )
}
