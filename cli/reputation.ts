/** `bmail reputation`: the one hidden score behind all of one's pseudonyms, and what it is worth. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Reputation, TierView } from '../node/service.ts'
import { type Money, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { passFeeText } from './pass-fee.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { ownPseudonym } from './parties.ts'
import { presenceHelp, presenceText } from './presence.ts'
import { facts, say, table, when } from './print.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'

const { crowdText } = await door.advice()

type Enrolling = WaitOptions & { readonly as?: string; readonly yes?: true }

export function configure(command: Command, act: Act): void {
  command.addHelpText('after', examples('bmail reputation', 'bmail reputation enroll --as fresh --wait'))
  command
    .command('show', { isDefault: true })
    .description('show your score, what each tier is worth, and what the daemon does about it')
    .addHelpText('after', presenceHelp)
    .action(
      act(async (context): Promise<Answer> => {
        const api = connect(context.home)
        const reputation = await api.reputation()
        return { value: reputation, text: async () => reputationText(reputation, await moneyOf(context, api)) }
      }),
    )
  waits(command.command('enroll'))
    .description('begin to have one, behind all of your pseudonyms')
    .option('--as <pseudonym>', 'the label or address that pays')
    .option('--yes', 'do not ask before paying')
    .action(act(enroll))
}

async function enroll(context: Invocation, options: Enrolling): Promise<Answer> {
  const api = connect(context.home)
  const payer = await ownPseudonym(api, options.as)
  const { state, enrolFee } = await api.reputation()
  if (state === 'not-enrolled') {
    const { shown } = await moneyOf(context, api)
    say(
      context,
      `“${payer.label}” pays ${shown(enrolFee)}, which are burned, and stands beside the new identity for everybody to see: ` +
        'one of all identities is then known to be its owner’s. Passes and renewals still tell nobody which pseudonyms are yours. ' +
        'Best pays one that a stamp has funded and that is used for nothing else: `bmail stamps --help`.',
    )
    const { agree } = await import('./terminal.ts')
    await agree(context, {
      question: `Enrol, paid by “${payer.label}”?`,
      yes: options.yes,
      undone: 'nothing was paid',
    })
  }
  const submitted = await api.enroll({ from: payer.address })
  return operationAnswer({ api, context, what: 'You are enrolled' }, submitted, options)
}

async function reputationText(reputation: Reputation, money: Money): Promise<string> {
  const {
    state,
    note,
    epoch,
    score,
    positive,
    negative,
    tier,
    passFee,
    passes,
    takes,
    names,
    without,
    renewals,
    next,
    folded,
  } = reputation
  const states = { 'not-enrolled': 'not enrolled', enrolled: 'enrolled', renewed: `renewed in epoch ${epoch}` }
  const parts = [
    await facts(
      ['reputation', states[state]],
      ['score', state === 'not-enrolled' ? null : `${score}: ${positive} earned, ${negative} against you`],
      ['tier', tier === null ? null : String(tier)],
      ['passes', takes && `at tier ${takes.tier}: ${takes.why}`],
      ['a pass burns', state === 'not-enrolled' ? null : passFeeText(passFee, money)],
      ['no pass', without.length === 0 ? null : `${without.join(', ')}: there are four for one identity in an epoch`],
      ['now', note],
    ),
    await tierTable(reputation, money),
    ...(passes.length === 0 ? [] : [await passTable(reputation)]),
    ...(state === 'not-enrolled' || names.length === 0 ? [] : [await namesTable(names), await presenceText(names)]),
    ...(state === 'not-enrolled' ? [] : [crowdText(`Your renewal hides among ${renewals} of this epoch.`, renewals)]),
    ...(next.length === 0 ? [] : [await facts(...next.map(({ what, at }) => [momentText(at), what] as const))]),
    ...(folded.length === 0 ? [] : [await foldedTable(reputation)]),
  ]
  return parts.join('\n\n')
}

/** What each tier asks and costs, what letters cost under it, and among how many a pass of it hides: those behind one checkpoint. */
async function tierTable({ tiers, tier: best }: Reputation, { shown }: Money): Promise<string> {
  const few = (text: string): string => (text === '0' ? '' : shown(text))
  const rows = tiers.map((view: TierView) => [
    view.tier === best && best !== null ? '→' : '',
    view.tier === null ? 'no pass' : String(view.tier),
    view.scoreMin,
    view.negativeMax,
    few(view.scoreCost),
    few(view.decayCost),
    shown(view.firstLetter),
    shown(view.exchangeLetter),
    view.verdictWeight,
    view.tier === null ? '' : String(view.setSize),
  ])
  const head = ['', '>tier', '>asks for', '>against you at most', '>costs', '>an epoch', '>a stranger', '>an exchange']
  return `${await table([...head, '>verdicts', '>among'], rows)}\n\n${tierHelp}`
}

const tierHelp =
  'A tier costs what is burned for it at least, and what of that fades in an epoch; letters are of a KiB, while the base price is at its floor. ' +
  'It saves nothing on a letter to a stranger. It saves on letters to people who write back, gives your verdicts weight, and opens readers who ask for it.'

function passTable({ passes }: Reputation): Promise<string> {
  return table(
    ['pass of', '>epoch', '>tier', '>worth now', '>gathered', '>against', 'epoch key'],
    passes.map(({ label, epoch, tier, effectiveTier, positive, negative, epochKey }) => [
      label,
      String(epoch),
      String(tier),
      String(effectiveTier),
      positive,
      negative,
      epochKey.slice(0, 12),
    ]),
  )
}

/** What each pseudonym shows in this epoch, and why. */
function namesTable(names: Reputation['names']): Promise<string> {
  return table(
    ['name', '>shows', 'because'],
    names.map(({ label, takes, rests }) => [
      label,
      takes && !rests ? String(takes.tier) : 'no pass',
      rests || (takes?.why ?? 'your identity is not renewed in this epoch yet'),
    ]),
  )
}

function foldedTable({ folded }: Reputation): Promise<string> {
  return table(
    ['>renewed in', '>folded epoch', '>for', '>against', '>given away'],
    folded.map(({ epoch, inEpoch, positive, negative, endorsed }) => [
      String(inEpoch),
      epoch === 0 ? 'none yet' : String(epoch),
      positive,
      negative,
      endorsed,
    ]),
  )
}

/** When the daemon does something by itself. */
const momentText = (at: number | null): string => (at === null ? 'later' : when(at))
