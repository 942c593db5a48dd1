/** `bmail contacts`: names for people, and who may write without paying us. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Contact } from '../node/service.ts'
import { amountHelp, type Money, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { UsageError } from './errors.ts'
import { addressNamed, givenAddress, ownPseudonym } from './parties.ts'
import { say, table, when } from './print.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

const { strangersLines } = await door.advice()
const { grantTie, namesText } = await door.ties()

const nothingAside =
  '--allowance is 0, out of which nothing could be paid. Leave it out: then they pay no fee to you, and the rest themselves.'

type Granting = WaitOptions & { readonly allowance?: string; readonly as?: string; readonly yes?: true }

export function configure(command: Command, act: Act): void {
  command.addHelpText('after', examples('bmail contacts add anna bm1…', 'bmail contacts grant anna --allowance 50'))
  command
    .command('list', { isDefault: true })
    .description('list them')
    .action(
      act(async (context): Promise<Answer> => {
        const api = connect(context.home)
        const contacts = await api.contacts()
        const text = async () => (contacts.length === 0 ? 'Nobody yet.' : listed(contacts, await moneyOf(context, api)))
        return { value: contacts, text }
      }),
    )
  command
    .command('add <name> <address>')
    .description('give an address a name')
    .action(
      act(async ({ home }, name: string, address: string): Promise<Answer> => {
        const found = givenAddress(address) ?? address
        await connect(home).setContact({ name, address: found })
        return { value: { name, address: found }, text: () => `${found} is called ${name}.` }
      }),
    )
  command
    .command('remove <name>')
    .description('forget a name')
    .action(
      act(async ({ home }, name: string): Promise<Answer> => {
        await connect(home).removeContact({ name })
        return { value: { name }, text: () => `${name} is forgotten.` }
      }),
    )
  waits(command.command('grant <who>'))
    .description('let somebody write without paying you')
    .addHelpText('after', amountHelp)
    .option('--allowance <amount>', 'set so much aside, beside what is left, and pay the rest of their price out of it')
    .option('--as <pseudonym>', 'the label or address that grants')
    .option('--yes', 'do not ask')
    .action(
      act(async (context, who: string, options: Granting) => {
        const api = connect(context.home)
        const { read, shown } = await moneyOf(context, api)
        const allowance = options.allowance === undefined ? '0' : read(options.allowance, '--allowance')
        if (options.allowance !== undefined && allowance === '0') throw new UsageError(nothingAside)
        const payer = options.allowance === undefined ? 'sender' : 'recipient'
        const to = await addressNamed(api, who)
        const own = await ownPseudonym(api, options.as)
        const tie = grantTie(
          own,
          (await api.contacts()).find(({ address }) => address === to),
        )
        if (tie) say(context, tie)
        if (tie || allowance !== '0') {
          const { agree } = await import('./terminal.ts')
          const question = allowance === '0' ? 'Grant it all the same?' : `Set ${shown(allowance)} aside for ${who}?`
          await agree(context, { question, yes: options.yes, undone: 'nothing was granted' })
        }
        const submitted = await api.grant({ from: own.address, to, payer, allowance })
        return operationAnswer({ api, context, what: `${who} may write without paying you` }, submitted, options)
      }),
    )
  waits(command.command('revoke <who>'))
    .description('end that; what is left of the allowance comes back')
    .option('--as <pseudonym>', 'the label or address that granted')
    .action(
      act(async (context, who: string, options: WaitOptions & { as?: string }) => {
        const api = connect(context.home)
        const to = await addressNamed(api, who)
        const submitted = await api.revoke({ to, ...(options.as !== undefined && { from: options.as }) })
        return operationAnswer({ api, context, what: `The grant for ${who} ends soon` }, submitted, options)
      }),
    )
}

async function listed(contacts: readonly Contact[], money: Money): Promise<string> {
  const tied = contacts.filter(({ pseudonyms }) => pseudonyms.length > 1)
  const ties = tied.map(
    ({ name, pseudonyms }) => `Grants tie ${namesText(pseudonyms)} together through ${name}, for everybody to see.`,
  )
  const strangers = strangersLines(contacts.map(({ name, strangersLetters }) => ({ name, letters: strangersLetters })))
  const parts = [ties, strangers].filter((lines) => lines.length > 0).flatMap((lines) => ['', ...lines])
  return [await contactTable(contacts, money), ...parts].join('\n')
}

const contactTable = (contacts: readonly Contact[], money: Money): Promise<string> =>
  table(
    ['name', 'address', 'may write to you', 'you may write to them'],
    contacts.map(({ name, address, granted, grantsUs }) => [
      name,
      address,
      grantText(granted, money),
      grantsUs ? 'paying no fee to them' : 'at the price',
    ]),
  )

function grantText(granted: Contact['granted'], { shown }: Money): string {
  if (!granted) return 'at the price'
  const until = granted.endsAt === null ? '' : ` until ${when(granted.endsAt)}`
  const aside = granted.allowance === '0' ? '' : `, with ${shown(granted.allowance)} set aside`
  return granted.payer === 'recipient' && aside !== '' ? `free${aside}${until}` : `paying no fee to you${aside}${until}`
}
