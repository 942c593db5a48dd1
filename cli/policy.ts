/** `bmail policy`: what strangers must bring to reach us. */
import { type Command, Option } from 'commander'
import { amountHelp, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { ownPseudonym } from './parties.ts'
import { operationAnswer, type WaitOptions, waits } from './wait.ts'
import { demandsText, policyText } from './whoami.ts'

type Options = WaitOptions & { readonly as?: string; readonly leastFee?: string; readonly leastTier?: string }

export function configure(command: Command, act: Act): void {
  command
    .option('--as <pseudonym>', 'the label or address it is about (else the first)')
    .option('--least-fee <amount>', 'the least fee a stranger pays')
    .addOption(
      new Option('--least-tier <tier>', 'the least tier of reputation').choices(['none', '0', '1', '2', '3', '4']),
    )
  waits(command)
    .addHelpText('after', amountHelp)
    .addHelpText(
      'after',
      `\nA higher demand holds once everything has expired that was signed before it.\n${examples('bmail policy', 'bmail policy --least-fee 20 --wait')}`,
    )
    .action(
      act(async (context, options: Options): Promise<Answer> => {
        const api = connect(context.home)
        const money = await moneyOf(context, api)
        const { address, label, policy } = await ownPseudonym(api, options.as)
        if (options.leastFee === undefined && options.leastTier === undefined)
          return {
            value: { address, ...policy },
            text: () => `Strangers who write to “${label}” bring ${demandsText(policy, money)}.`,
          }
        // What is on its way already is kept, where nothing else is said: the new policy stands in its place.
        const before = policy.next ?? policy
        const wanted = {
          leastFee: options.leastFee === undefined ? before.leastFee : money.read(options.leastFee, '--least-fee'),
          leastTier: options.leastTier === undefined ? before.leastTier : tierOf(options.leastTier),
        }
        const isMore = BigInt(wanted.leastFee) > BigInt(policy.leastFee) || wanted.leastTier > policy.leastTier
        const from = isMore ? ', once what was signed before has expired' : ''
        const submitted = await api.policy({ address, ...wanted })
        return operationAnswer(
          { api, context, what: `Strangers bring ${policyText(wanted, money)}${from}` },
          submitted,
          options,
        )
      }),
    )
}

/** On the wire 0 asks for no tier, and t + 1 for tier t. */
const tierOf = (text: string): number => (text === 'none' ? 0 : Number(text) + 1)
