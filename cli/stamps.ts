/** `bmail stamps`: money that moves from one pseudonym to another, and nobody can tell from which to which. */
import type { Command } from 'commander'
import type { Stamp } from '../node/service.ts'
import { amountHelp, type Money, moneyOf } from './amount.ts'
import { type Client, connect } from './client.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { hideAmong } from './crowd.ts'
import { CommandError, UsageError } from './errors.ts'
import { ownPseudonym } from './parties.ts'
import { table } from './print.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

type Buying = WaitOptions & { readonly as?: string; readonly yes?: true }
type Redeeming = { readonly to: string; readonly yes?: true }
type Offer = Awaited<ReturnType<Client['network']>>['stamps']

export function configure(command: Command, act: Act): void {
  command.addHelpText(
    'after',
    '\nBuy one under one pseudonym; redeem it to another, later: the more others were bought and redeemed in between, the ' +
      `less anybody can tell. It can also register a new one.\n${examples('bmail stamps buy 100 --wait', 'bmail pseudonym new fresh', 'bmail stamps redeem 0 --to fresh')}`,
  )
  command
    .command('list', { isDefault: true })
    .description('list yours, and what the network has')
    .action(
      act(async (context): Promise<Answer> => {
        const api = connect(context.home)
        const stamps = await api.stamps()
        return {
          value: stamps,
          text: async () => listed(stamps, (await api.network()).stamps, await moneyOf(context, api)),
        }
      }),
    )
  waits(command.command('buy <denomination>'))
    .description('buy one')
    .addHelpText('after', amountHelp)
    .option('--as <pseudonym>', 'the label or address that pays')
    .option('--yes', 'do not ask, however few it hides among')
    .action(act(buy))
  command
    .command('redeem <number>')
    .description('have one redeemed to another pseudonym, at a moment that the daemon draws')
    .requiredOption('--to <pseudonym>', 'the label or address that gets it, registered or not')
    .option('--yes', 'do not ask, however few it hides among')
    .action(act(redeem))
}

async function buy(context: Invocation, text: string, options: Buying): Promise<Answer> {
  const api = connect(context.home)
  const money = await moneyOf(context, api)
  const denomination = money.read(text, 'The denomination')
  const { stamps } = await api.network()
  const offered = stamps.find((stamp) => stamp.denomination === denomination)
  if (!offered) {
    const sentence = `There are no stamps of ${money.shown(denomination)} on this network. ${offerText(stamps, money)}`
    throw new CommandError('denomination-unknown', sentence)
  }
  const payer = await ownPseudonym(api, options.as)
  await hideAmong(context, {
    size: offered.sold,
    crowd: soldText(denomination, offered.sold, money),
    question: `Buy one with the money of “${payer.label}”?`,
    yes: options.yes,
  })
  const submitted = await api.buyStamp({ from: payer.address, denomination })
  const what = `A stamp of ${money.shown(denomination)}, paid by “${payer.label}”`
  return operationAnswer({ api, context, what }, submitted, options)
}

async function redeem(context: Invocation, text: string, options: Redeeming): Promise<Answer> {
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`A stamp is named by its number, and not “${text}”.`)
  const number = Number(text)
  const api = connect(context.home)
  const target = await ownPseudonym(api, options.to)
  const stamp = (await api.stamps()).find((one) => one.number === number)
  if (stamp)
    await hideAmong(context, {
      size: stamp.setSize,
      crowd: soldText(stamp.denomination, stamp.setSize, await moneyOf(context, api)),
      question: `Redeem it to “${target.label}”?`,
      yes: options.yes,
    })
  const begun = await api.redeemStamp({ number, to: target.address })
  return { value: begun, text: () => begun.note }
}

const soldText = (denomination: string, sold: number, { shown }: Money): string =>
  `Stamps of ${shown(denomination)} that were sold so far: ${sold}. Yours hides among them.`

async function listed(stamps: readonly Stamp[], offer: Offer, money: Money): Promise<string> {
  if (stamps.length === 0) return `No stamps yet. ${offerText(offer, money)}`
  const rows = stamps.map(({ number, denomination, state, setSize, note }) => [
    String(number),
    money.shown(denomination),
    state,
    String(setSize),
    note,
  ])
  return `${await table(['>number', '>worth', 'state', '>hides among', ''], rows)}\n\n${offerText(offer, money)}`
}

const offerText = (offer: Offer, { shown }: Money): string =>
  offer.length === 0
    ? 'This network has no stamps.'
    : `This network has stamps of ${offer.map(({ denomination, sold }) => `${shown(denomination)} (${sold} sold)`).join(', ')}.`
