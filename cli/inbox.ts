/** `bmail inbox`: what came, or what was sent, and in which state each message is. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Status, Summary } from '../node/service.ts'
import { type Money, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, examples } from './command.ts'
import { namesOf } from './parties.ts'
import { givenText, goesBackText, shortAddress, shortened, shortId, table, when } from './print.ts'

export function configure(command: Command, act: Act): void {
  command
    .option('--sent', 'list what you sent')
    .addHelpText('after', examples('bmail inbox', 'bmail inbox --sent --json'))
    .action(
      act(async (context, options: { sent?: true }) => {
        const api = connect(context.home)
        const folder = options.sent ? 'sent' : 'inbox'
        const [messages, nameOf, status] = await Promise.all([api.messages({ folder }), namesOf(api), api.status()])
        return {
          value: messages,
          text: async () =>
            `${worstOf(status)}${messages.length === 0 ? `Nothing ${options.sent ? 'sent' : 'came'} yet.` : await listed(messages, { nameOf, money: await moneyOf(context, api) })}`,
        }
      }),
    )
}

/** What a list has room for; the whole subject is there when a message is read. */
const subjectColumns = 50

/** A line on top where something keeps mail from coming, or may: the worst of it. */
function worstOf({ troubles: [worst, ...others] }: Pick<Status, 'troubles'>): string {
  if (!worst) return ''
  const more = others.length === 0 ? '' : ` (${others.length} more: \`bmail status\`)`
  return `${worst.name}: ${worst.sentence}${more}\n\n`
}

async function listed(
  messages: readonly Summary[],
  { nameOf, money }: { nameOf: (address: string) => string; money: Money },
): Promise<string> {
  const isSent = messages[0]!.folder === 'sent'
  const who = ({ to: [first, ...others], from }: Summary) => {
    const name = shortAddress(nameOf(isSent ? first! : from))
    return isSent && others.length > 0 ? `${name} and ${others.length} more` : name
  }
  const rows = messages.map((message) => [
    shortId(message.id),
    message.settledAt === null ? '' : when(message.settledAt),
    message.date === message.settledAt ? '' : when(message.date),
    who(message),
    shortened(message.subject, subjectColumns),
    money.shown(message.amount),
    message.verdict ?? message.state,
  ])
  const list = await table(
    ['id', 'settled', 'dated', isSent ? 'to' : 'from', 'subject', isSent ? '>fee' : '>earned', 'state'],
    rows,
  )
  const notes = messages
    .filter(({ state, note }) => note !== '' && (state === 'refused' || state === 'settled'))
    .map(({ id, note }) => `${shortId(id)}: ${note}`)
  const given = messages.flatMap(({ id, givenBack }) =>
    givenBack.map((one) => `${shortId(id)}: ${givenText(one, money, isSent ? nameOf : undefined)}`),
  )
  const { printableText } = await door.printable()
  const marks = messages.flatMap((message) => marksOf(message).map((mark) => `${shortId(message.id)}: ${mark}`))
  const below = [...notes, ...marks, ...given].map(printableText)
  return [list, ...(below.length > 0 ? ['', ...below] : [])].join('\n')
}

/** What else is to be known of a message before it is read. */
const marksOf = ({ automatic, goesBack }: Summary): readonly string[] => [
  ...(automatic ? ['a program wrote it'] : []),
  ...(goesBack === null ? [] : [goesBackText(goesBack)]),
]
