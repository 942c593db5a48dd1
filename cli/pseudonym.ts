/** `bmail pseudonym`: the addresses that people write to. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Pseudonym } from '../node/service.ts'
import { amountHelp, type Money, moneyOf } from './amount.ts'
import { type Client, connect } from './client.ts'
import { passFeeText } from './pass-fee.ts'
import { type Act, type Answer, examples, type Invocation } from './command.ts'
import { UsageError } from './errors.ts'
import { ownPseudonym } from './parties.ts'
import { say } from './print.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'
import { laterText } from './pass-first.ts'
import { presenceHelp, presenceText } from './presence.ts'
import { pseudonymsText } from './whoami.ts'

const { showsText, takenText } = await door.advice()
const { paymentTie } = await door.ties()

type Sponsoring = WaitOptions & { readonly amount: string; readonly as?: string; readonly yes?: true }

type Habit = Pseudonym['habit']
type HabitOptions = {
  readonly warm?: boolean
  readonly skip?: string
  readonly best?: true
  readonly atMost?: string
  readonly exactly?: string
}

export function configure(command: Command, act: Act): void {
  command.addHelpText(
    'after',
    examples('bmail pseudonym new shop', 'bmail pseudonym sponsor REQUEST --amount 50 --wait'),
  )
  command
    .command('list', { isDefault: true })
    .description('list them, and among whom each is over all of its epochs')
    .addHelpText('after', presenceHelp)
    .action(
      act(async (context): Promise<Answer> => {
        const api = connect(context.home)
        const all = await api.pseudonyms()
        return { value: all, text: async () => listText(api, all, await moneyOf(context, api)) }
      }),
    )
  command
    .command('new <label>')
    .description('make another one')
    .action(
      act(async (context, label: string): Promise<Answer> => {
        const api = connect(context.home)
        const made = await api.createPseudonym({ label })
        return { value: made, text: async () => pseudonymsText([made], await moneyOf(context, api)) }
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
        return { value: retired, text: async () => retiredText(retired, await moneyOf(context, api)) }
      }),
    )
  command
    .command('habit <pseudonym>')
    .description('say which passes are taken for one, and which tier it shows; without options, show it')
    .option('--warm', 'take one in every epoch, so that letters never wait for it')
    .option('--no-warm', 'take them only while it is in use: up to four epochs after it wrote or judged')
    .option('--skip <percent>', 'in how many of 100 epochs none is taken, drawn for each pseudonym by itself')
    .option('--best', 'show the best tier at which enough others stand')
    .option('--at-most <tier>', 'show that one, and none above this')
    .option('--exactly <tier>', 'show this tier, however few stand there, or have no pass')
    .addHelpText(
      'after',
      `\nEach pass shows everybody that its owner was there. A letter under a pseudonym that has none takes one first.\n${examples(
        'bmail pseudonym habit shop --warm',
        'bmail pseudonym habit club --no-warm --skip 30 --at-most 1',
      )}`,
    )
    .action(act(habit))
  command.command('pass <pseudonym>').description('take one’s pass of this epoch now').action(act(takePass))
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
    .addHelpText('after', amountHelp)
    .requiredOption('--amount <amount>', 'what they get')
    .option('--as <pseudonym>', 'the label or address that pays')
    .option('--yes', 'do not ask before paying')
    .action(
      act(async (context, request: string, options: Sponsoring) => {
        const api = connect(context.home)
        const { read, shown } = await moneyOf(context, api)
        const amount = read(options.amount, '--amount')
        const payer = await ownPseudonym(api, options.as)
        const tie = paymentTie(
          payer,
          (await api.pseudonyms()).find((own) => own.request === request),
        )
        if (tie) say(context, tie)
        const { agree } = await import('./terminal.ts')
        await agree(context, {
          question: `Pay ${shown(amount)} to whoever made this request?`,
          yes: options.yes,
          undone: 'nothing was paid',
        })
        const submitted = await api.sponsor({ from: payer.address, request, amount })
        return operationAnswer({ api, context, what: `Sponsored with ${shown(amount)}` }, submitted, options)
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

async function listText(api: Client, all: readonly Pseudonym[], money: Money): Promise<string> {
  const list = await pseudonymsText(all, money)
  const written = all.filter(({ retired }) => !retired)
  if (written.length === 0) return list
  const { passFee } = await api.network()
  return `${list}\n\n${await presenceText(written)}\n\nA pass burns ${passFeeText(passFee, money)}.`
}

async function habit(context: Invocation, name: string, options: HabitOptions): Promise<Answer> {
  const api = connect(context.home)
  const { address, habit: before, label } = await ownPseudonym(api, name)
  const shown = [options.best, options.atMost, options.exactly].filter((option) => option !== undefined)
  if (shown.length > 1)
    throw new UsageError('Give one of --best, --at-most and --exactly: they are about the same tier.')
  const isAsked = shown.length > 0 || options.warm !== undefined || options.skip !== undefined
  const after = isAsked ? (await api.changeHabit({ address, ...habitOf(before, options) })).habit : before
  return {
    value: { address, ...after },
    text: () => `Passes of “${label}” are taken ${takenText(after)}, and show ${showsText(after)}.`,
  }
}

function habitOf(before: Habit, { warm, skip, best, atMost, exactly }: HabitOptions): Habit {
  const shows = (): Pick<Habit, 'show' | 'tier'> => {
    if (best) return { show: 'best', tier: 0 }
    if (atMost !== undefined) return { show: 'at-most', tier: whole(atMost, { flag: '--at-most', most: 4 }) }
    if (exactly !== undefined) return { show: 'exactly', tier: whole(exactly, { flag: '--exactly', most: 4 }) }
    return before
  }
  const { show, tier } = shows()
  const skipPercent = skip === undefined ? before.skipPercent : whole(skip, { flag: '--skip', most: 100 })
  return { warm: warm ?? before.warm, skipPercent, show, tier }
}

function whole(text: string, { flag, most }: { readonly flag: string; readonly most: number }): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= most) return Number(text)
  throw new UsageError(`${flag} takes a whole number from 0 to ${most}, and not “${text}”.`)
}

async function takePass(context: Invocation, name: string): Promise<Answer> {
  const api = connect(context.home)
  const { address } = await ownPseudonym(api, name)
  const taking = await api.takePass({ address })
  return { value: taking, text: () => (taking.state === 'later' ? laterText(taking) : taking.note) }
}

function retiredText({ label, balance }: Pseudonym, { shown }: Money): string {
  const left =
    balance === '0'
      ? ''
      : ` It still holds ${shown(balance)}; stamps take them elsewhere unseen: \`bmail stamps buy --as\`.`
  return `“${label}” is retired: nothing is written under it any more, and mail to it is still read.${left}`
}
