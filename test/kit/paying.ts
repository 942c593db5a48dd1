/** Amounts for letters of tests that ask nobody for a price: more than is asked, and split as a price is. */
import { messageId } from '../../protocol/envelope.ts'
import { splitOf } from '../../protocol/fee.ts'
import type { Amounts } from '../../protocol/money.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { payeeOf } from '../../protocol/payee.ts'
import type { Rules } from '../../protocol/rules.ts'

/** So much for each recipient, and the inclusion fee. */
export function payingFor(
  { network, rules }: { readonly network: Uint8Array; readonly rules: Rules },
  { sender, send, each }: { readonly sender: Uint8Array; readonly send: ActionOf<'send'>; readonly each: bigint },
): Amounts {
  const { recipients } = send
  const { credit, burned, operators } = splitOf(rules, each)
  const payee = payeeOf(rules, messageId({ network, sender, ...send }))
  const all = BigInt(recipients.length)
  return {
    burn: rules.inclusionFee + all * (payee ? burned : burned + operators),
    share: payee && { payee, amount: all * operators },
    lines: recipients.map((address) => ({ address, amount: credit, from: 'funds' })),
  }
}
