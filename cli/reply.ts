/** `bmail reply`: answer a message, under the address it came to. */
import type { Command } from 'commander'
import { moneyOf } from './amount.ts'
import { type Client, connect } from './client.ts'
import { type Act, examples, type Invocation } from './command.ts'
import { canBeGivenBack } from './give-back.ts'
import { compose, type LetterOptions, letterOptions } from './compose.ts'
import { type Answering, dispatch, type DispatchOptions, dispatchOptions } from './dispatch.ts'
import { CommandError } from './errors.ts'
import type { Summary } from '../node/service.ts'
import { shortId } from './print.ts'

type Options = LetterOptions & DispatchOptions & { readonly all?: true; readonly giveBack?: boolean }

export function configure(command: Command, act: Act): void {
  command
    .argument('<id>', 'the id of the message, or its beginning')
    .argument('[file]', 'the text; - is standard input')
    .option('--all', 'answer everybody it was sent to')
    .option('--give-back', 'have what the message brought you go back with it, at a moment within a day')
    .option('--no-give-back', 'have it stay yours; without either you are asked, or the setting giveBack decides')
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
        const answering = summary.folder === 'inbox' ? () => answeringOf({ api, context }, summary, options) : undefined
        return dispatch({ api, context }, composed, options, answering)
      }),
    )
}

const answerTo = (subject: string): string => (/^re:/i.test(subject) ? subject : `Re: ${subject}`)

/** What is said of the message that is answered: whether what it brought goes back, as they say it now. */
async function answeringOf(
  { api, context }: { api: Client; context: Invocation },
  summary: Summary,
  { giveBack, yes }: Options,
): Promise<Answering> {
  const { id: answers, amount, goesBack } = summary
  if (giveBack === true && !canBeGivenBack(summary))
    throw new CommandError(
      'give-back-over',
      'Nothing of that message can go back: it brought nothing, was flagged, or was given back already.',
    )
  if (giveBack !== undefined) return { answers, giveBack }
  const { canAsk, confirm } = await import('./terminal.ts')
  if (!canBeGivenBack(summary) || goesBack !== null || yes || !canAsk(context)) return { answers }
  const { shown } = await moneyOf(context, api)
  return { answers, giveBack: await confirm(`Give back the ${shown(amount)} that their message brought you?`) }
}
