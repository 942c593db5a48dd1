/** `bmail quote`: the price of a message, before anything is sent. */
import type { Command } from 'commander'
import { moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { collect, compose, type LetterOptions, letterOptions } from './compose.ts'
import { quoteText } from './price.ts'

type Options = LetterOptions & { readonly to?: readonly string[] }

export function configure(command: Command, act: Act): void {
  command
    .argument('[file]', 'the text, or a whole message if it ends in .eml; - is standard input')
    .option('--to <who>', 'an address or a contact (again for more)', collect)
  letterOptions(command)
    .addHelpText('after', examples('bmail quote letter.eml --to anna', 'bmail quote --text Hello --to bm1… --to bm1…'))
    .action(
      act(async (context, file: string | undefined, options: Options) => {
        const api = connect(context.home)
        const quote = await api.quote(await compose({ api, context }, { file, to: options.to ?? [], options }))
        return { value: quote, text: async () => quoteText(quote, await moneyOf(context, api)) }
      }),
    )
}
