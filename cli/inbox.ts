/** `bmail inbox`: what came, or what was sent, and in which state each message is. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Summary } from '../node/service.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { namesOf } from './parties.ts'
import { grouped, shortAddress, shortId, table, when } from './print.ts'

export function configure(command: Command, act: Act): void {
  command
    .option('--sent', 'list what you sent')
    .addHelpText('after', examples('bmail inbox', 'bmail inbox --sent --json'))
    .action(
      act(async (context, options: { sent?: true }) => {
        const api = connect(context.home)
        const folder = options.sent ? 'sent' : 'inbox'
        const [messages, nameOf] = await Promise.all([api.messages({ folder }), namesOf(api)])
        return {
          value: messages,
          text: () =>
            messages.length === 0 ? `Nothing ${options.sent ? 'sent' : 'came'} yet.` : listed(messages, nameOf),
        }
      }),
    )
}

async function listed(messages: readonly Summary[], nameOf: (address: string) => string): Promise<string> {
  const isSent = messages[0]!.folder === 'sent'
  const who = (message: Summary) =>
    (isSent ? message.to : [message.from]).map((address) => shortAddress(nameOf(address))).join(', ')
  const rows = messages.map((message) => [
    shortId(message.id),
    when(message.date),
    who(message),
    message.subject,
    grouped(message.amount),
    message.verdict ?? message.state,
  ])
  const list = await table(
    ['id', 'date', isSent ? 'to' : 'from', 'subject', isSent ? '>paid' : '>earned', 'state'],
    rows,
  )
  const notes = messages
    .filter(({ state, note }) => note !== '' && (state === 'refused' || state === 'settled'))
    .map(({ id, note }) => `${shortId(id)}: ${note}`)
  const { printableText } = await door.printable()
  return [list, ...(notes.length > 0 ? ['', ...notes.map(printableText)] : [])].join('\n')
}
