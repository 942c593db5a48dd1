/** Every vector of the state transition, and how one is tried. */
import { apply, type Applied } from '../../protocol/ledger.ts'
import { touches } from '../../protocol/touches.ts'
import { context, fetchedOf, signed, type State, type Wish } from '../kit/fixtures.ts'
import { edgesRefused, edgesSettled } from './edges.ts'
import { identityRefused, identitySettled } from './identities.ts'
import { refused as otherRefused } from './refused.ts'
import { sendRefused, sendSettled } from './send.ts'
import { settled as otherSettled } from './settled.ts'
import { verdictRefused, verdictSettled } from './verdicts.ts'
import type { RefusedVector, SettledVector } from './world.ts'

export const settled: readonly SettledVector[] = [
  ...otherSettled,
  ...sendSettled,
  ...verdictSettled,
  ...identitySettled,
  ...edgesSettled,
]
export const refused: readonly RefusedVector[] = [
  ...otherRefused,
  ...sendRefused,
  ...verdictRefused,
  ...identityRefused,
  ...edgesRefused,
]

/** Apply a signed wish over only the records it names. */
export function applyTo(state: State, wish: Wish): Applied {
  const incoming = signed(wish)
  return apply(fetchedOf(state, touches(context, incoming.op)), context, incoming)
}
