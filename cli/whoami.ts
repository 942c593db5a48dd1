/** `bmail whoami`: our own addresses, and what they hold. */
import type { Command } from 'commander'
import type { Policy, Pseudonym } from '../node/service.ts'
import { door } from '../node/daemon/door.ts'
import { type Money, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { table, when } from './print.ts'

const { strangersLines } = await door.advice()

export function configure(command: Command, act: Act): void {
  command.addHelpText('after', examples('bmail whoami')).action(
    act(async (context): Promise<Answer> => {
      const api = connect(context.home)
      const all = await api.pseudonyms()
      return { value: all, text: async () => pseudonymsText(all, await moneyOf(context, api)) }
    }),
  )
}

/** A row for each pseudonym, and the request of those that are not registered. */
export async function pseudonymsText(all: readonly Pseudonym[], money: Money): Promise<string> {
  const rows = all.map(({ balance, reserve, policy, ...own }) => [
    own.label,
    own.address,
    stateText(own),
    money.shown(balance),
    money.shown(reserve),
    demandsText(policy, money),
  ])
  const list = await table(['label', 'address', 'state', '>balance', '>reserve', 'strangers bring'], rows)
  const requests = all
    .filter(({ registered, retired }) => !registered && !retired)
    .flatMap(({ label, request }) => [
      '',
      `To have “${label}” registered, redeem a stamp to it, or hand this to somebody who sponsors it:`,
      request,
    ])
  const strangers = strangersLines(
    all.map(({ label, strangersLetters }) => ({ name: label, letters: strangersLetters })),
  )
  return [list, ...(strangers.length > 0 ? ['', ...strangers] : []), ...requests].join('\n')
}

function stateText({ registered, retired }: Pick<Pseudonym, 'registered' | 'retired'>): string {
  if (retired) return 'retired'
  return registered ? 'registered' : 'not registered'
}

/** What strangers must bring, and from when on what else, in words. */
export const demandsText = ({ next, ...now }: Pseudonym['policy'], money: Money): string =>
  next ? `${policyText(now, money)}; from ${when(next.from)} on ${policyText(next, money)}` : policyText(now, money)

/** One set of demands, in words. */
export function policyText({ leastFee, leastTier }: Policy, { shown }: Money): string {
  const asked = [
    ...(leastFee === '0' ? [] : [`a fee of ${shown(leastFee)}`]),
    ...(leastTier === 0 ? [] : [`a pass of tier ${leastTier - 1}`]),
  ]
  return asked.join(' and ') || 'nothing more'
}
