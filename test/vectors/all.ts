/** Every vector of the state transition, and how one is tried. */
import type { Context } from '../../protocol/context.ts'
import { apply, type Applied } from '../../protocol/ledger.ts'
import { touches } from '../../protocol/touches.ts'
import { context, fetchedOf, signed, type State, type Wish } from '../kit/fixtures.ts'
import { edgesRefused, edgesSettled } from './edges.ts'
import { givingRefused, givingSettled } from './giving.ts'
import { identityRefused, identitySettled } from './identities.ts'
import { keylessRefused } from './keyless.ts'
import { orderRefused } from './order.ts'
import { pricedSettled } from './priced.ts'
import { refused as otherRefused } from './refused.ts'
import { sendRefused, sendSettled } from './send.ts'
import { settled as otherSettled } from './settled.ts'
import { verdictRefused, verdictSettled } from './verdicts.ts'
import { weightRefused, weightSettled } from './weights.ts'
import type { RefusedVector, SettledVector } from './world.ts'

export const settled: readonly SettledVector[] = [
  ...otherSettled,
  ...sendSettled,
  ...pricedSettled,
  ...verdictSettled,
  ...identitySettled,
  ...edgesSettled,
  ...weightSettled,
  ...givingSettled,
]
export const refused: readonly RefusedVector[] = [
  ...otherRefused,
  ...sendRefused,
  ...verdictRefused,
  ...identityRefused,
  ...edgesRefused,
  ...weightRefused,
  ...givingRefused,
  ...keylessRefused,
  ...orderRefused,
]

/** What a vector is tried under. */
export const contextOf = ({ rules }: Pick<SettledVector, 'rules'>): Context => (rules ? { ...context, rules } : context)

/** Apply a signed wish over only the records it names. */
export function applyTo(state: State, wish: Wish, within: Context = context): Applied {
  const incoming = signed(wish, within)
  try {
    return apply(fetchedOf(state, touches(within, incoming.op)), within, incoming)
  } catch (error) {
    const [, name] = /reads only what it touches, and not (\S+)/.exec(String(error)) ?? []
    if (!name) throw error
    const { TAG } = wish.action
    throw new Error(`\`touches\` of \`${TAG}\` does not name ${name}, which the operation reads`, { cause: error })
  }
}
