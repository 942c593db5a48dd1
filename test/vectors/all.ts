/** Every vector of the state transition, and how one is tried. */
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { apply, type Applied, settle, type Settled } from '../../protocol/ledger.ts'
import { type Reason, type Result, shortcomings } from '../../protocol/reason.ts'
import type { View } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { context, fetchedOf, signed, type State, viewOf, type Wish } from '../kit/fixtures.ts'
import { edgesRefused, edgesSettled } from './edges.ts'
import { givingRefused, givingSettled } from './giving.ts'
import { identityRefused, identitySettled } from './identities.ts'
import { keylessRefused } from './keyless.ts'
import { namedRefused, namedSettled } from './named.ts'
import { orderRefused } from './order.ts'
import { passRefused, passSettled } from './passes.ts'
import { pricedRefused, pricedSettled } from './priced.ts'
import { refused as otherRefused } from './refused.ts'
import { sendRefused, sendSettled } from './send.ts'
import { settled as otherSettled } from './settled.ts'
import { stampRefused, stampSettled } from './stamps.ts'
import { verdictRefused, verdictSettled } from './verdicts.ts'
import { weightRefused, weightSettled } from './weights.ts'
import type { RefusedVector, SettledVector } from './world.ts'

export const settled: readonly SettledVector[] = [
  ...otherSettled,
  ...sendSettled,
  ...namedSettled,
  ...pricedSettled,
  ...passSettled,
  ...verdictSettled,
  ...identitySettled,
  ...stampSettled,
  ...edgesSettled,
  ...weightSettled,
  ...givingSettled,
]
export const refused: readonly RefusedVector[] = [
  ...otherRefused,
  ...sendRefused,
  ...pricedRefused,
  ...namedRefused,
  ...passRefused,
  ...verdictRefused,
  ...identityRefused,
  ...stampRefused,
  ...edgesRefused,
  ...weightRefused,
  ...givingRefused,
  ...keylessRefused,
  ...orderRefused,
]

/** What a vector is tried under. */
export const contextOf = ({ rules }: Pick<SettledVector, 'rules'>): Context => (rules ? { ...context, rules } : context)

/** What becomes of an op in a batch that does not settle, and why. */
export function becomes({ reason, void: left }: Pick<RefusedVector, 'reason' | 'void'>): {
  readonly kind: 'undelivered' | 'void'
  readonly reason: Reason
} {
  if (left) return { kind: 'void', reason: left }
  return { kind: reason in shortcomings ? 'undelivered' : 'void', reason }
}

/** Apply a signed wish, at what it has to pay in a state, over only the records it names. */
export const applyTo = (state: State, wish: Wish, within: Context = context): Applied =>
  over(apply, state, wish, within)

/** Ask whether it settles, as whoever relays it does. */
export const settleIn = (state: State, wish: Wish, within: Context = context): Result<Settled> =>
  over(settle, state, wish, within)

function over<Answer>(
  ask: (view: View, context: Context, incoming: Incoming) => Answer,
  state: State,
  wish: Wish,
  within: Context,
): Answer {
  const incoming = signed(wish, within, viewOf(state))
  try {
    return ask(fetchedOf(state, touches(within, incoming)), within, incoming)
  } catch (error) {
    const [, name] = /reads only what it touches, and not (\S+)/.exec(String(error)) ?? []
    if (!name) throw error
    const { TAG } = wish.action
    throw new Error(`\`touches\` of \`${TAG}\` does not name ${name}, which the operation reads`, { cause: error })
  }
}
