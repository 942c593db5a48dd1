/** `bmail reply`: answer a message, under the address it came to. */
import type { Command } from 'commander'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { compose, type LetterOptions, letterOptions } from './compose.ts'
import { dispatch, type DispatchOptions, dispatchOptions } from './dispatch.ts'
import { CommandError } from './errors.ts'
import { shortId } from './print.ts'

type Options = LetterOptions & DispatchOptions & { readonly all?: true }

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .argument('[file]', 'the text; - is standard input')
    .option('--all', 'answer everybody it was sent to')
  dispatchOptions(letterOptions(command))
    .addHelpText('after', examples('bmail reply 3f9a', 'bmail reply 3f9a --text "Yes, gladly." --yes --wait'))
    .action(
      act(async (context, id: string, file: string | undefined, options: Options) => {
        const api = connect(context.home)
        const { summary, raw } = await api.message({ id })
        if (raw === null)
          throw new CommandError('locked', `${shortId(summary.id)} is ${summary.state}: ${summary.note}.`)
        const letter = await api.shown({ id: summary.id })
        const others = summary.to.filter((address) => address !== summary.own)
        const to = summary.folder === 'sent' ? summary.to : [summary.from, ...(options.all ? others : [])]
        const subject = options.subject ?? answerTo(letter.subject || summary.subject)
        const thread = {
          ...(letter.messageId !== null && { inReplyTo: letter.messageId }),
          references: [...letter.references, ...(letter.messageId === null ? [] : [letter.messageId])].slice(-20),
          quoted: letter.text.trimEnd().replace(/^/gm, '> '),
        }
        const composed = await compose(
          { api, context },
          {
            file,
            to: [...new Set(to)],
            options: { as: summary.own, ...options, ...(!options.asIs && { subject }) },
            thread,
          },
        )
        return dispatch({ api, context }, composed, options)
      }),
    )
}

const answerTo = (subject: string): string => (/^re:/i.test(subject) ? subject : `Re: ${subject}`)
