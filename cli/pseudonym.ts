/** `bmail pseudonym`: the addresses that people write to. */
import type { Command } from 'commander'
import type { Pseudonym } from '../node/service.ts'
import { amountOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { ownPseudonym } from './parties.ts'
import { grouped, say } from './print.ts'
import { paymentTie } from './ties.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'
import { pseudonymsText } from './whoami.ts'

type Sponsoring = WaitOptions & { readonly amount: string; readonly as?: string; readonly yes?: true }

export function configure(command: Command, act: Act): void {
  command.addHelpText(
    'after',
    examples('bmail pseudonym new shop', 'bmail pseudonym sponsor REQUEST --amount 50000 --wait'),
  )
  command
    .command('list', { isDefault: true })
    .description('list them')
    .action(
      act(async ({ home }): Promise<Answer> => {
        const all = await connect(home).pseudonyms()
        return { value: all, text: () => pseudonymsText(all) }
      }),
    )
  command
    .command('new <label>')
    .description('make another one')
    .action(
      act(async ({ home }, label: string): Promise<Answer> => {
        const made = await connect(home).createPseudonym({ label })
        return { value: made, text: () => pseudonymsText([made]) }
      }),
    )
  command
    .command('retire <pseudonym>')
    .description('write under one no more; its mail stays readable, and its money yours')
    .option('--yes', 'do not ask')
    .action(
      act(async (context, name: string, options: { yes?: true }): Promise<Answer> => {
        const api = connect(context.home)
        const { address, label } = await ownPseudonym(api, name)
        const { agree } = await import('./terminal.ts')
        await agree(context, {
          question: `Retire “${label}”? This cannot be taken back.`,
          yes: options.yes,
          undone: 'it is as it was',
        })
        const retired = await api.retirePseudonym({ address })
        return { value: retired, text: () => retiredText(retired) }
      }),
    )
  waits(command.command('register [pseudonym]'))
    .description('register one that has funds')
    .action(
      act(async (context, name: string | undefined, options: WaitOptions) => {
        const api = connect(context.home)
        const { address, label } = await ownPseudonym(api, name)
        return operationAnswer(
          { api, context, what: `“${label}” is registered` },
          await api.register({ address }),
          options,
        )
      }),
    )
  waits(command.command('sponsor <request>'))
    .description('register somebody else’s, with an amount for them')
    .requiredOption('--amount <amount>', 'what they get')
    .option('--as <pseudonym>', 'the label or address that pays')
    .option('--yes', 'do not ask before paying')
    .action(
      act(async (context, request: string, options: Sponsoring) => {
        const api = connect(context.home)
        const amount = amountOf(options.amount, '--amount')
        const payer = await ownPseudonym(api, options.as)
        const tie = paymentTie(
          payer,
          (await api.pseudonyms()).find((own) => own.request === request),
        )
        if (tie) say(context, tie)
        const { agree } = await import('./terminal.ts')
        await agree(context, {
          question: `Pay ${grouped(amount)} to whoever made this request?`,
          yes: options.yes,
          undone: 'nothing was paid',
        })
        const submitted = await api.sponsor({ from: payer.address, request, amount })
        return operationAnswer({ api, context, what: `Sponsored with ${grouped(amount)}` }, submitted, options)
      }),
    )
  waits(command.command('rekey [pseudonym]'))
    .description('give one new keys; mail to the old ones stays readable')
    .action(
      act(async (context, name: string | undefined, options: WaitOptions) => {
        const api = connect(context.home)
        const { address, label } = await ownPseudonym(api, name)
        return operationAnswer({ api, context, what: `“${label}” has new keys` }, await api.rekey({ address }), options)
      }),
    )
}

function retiredText({ label, balance }: Pseudonym): string {
  const left =
    balance === '0'
      ? ''
      : ` It still holds ${grouped(balance)}; stamps take them elsewhere unseen: \`bmail stamps buy --as\`.`
  return `“${label}” is retired: nothing is written under it any more, and mail to it is still read.${left}`
}
