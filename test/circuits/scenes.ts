/** Honest inputs of every circuit in every mode, which the tests of soundness start from. */
import { passInputs, stampInputs } from '../../node/proofs/witness.ts'
import type { Inputs } from '../../node/seams.ts'
import { numberOf20 } from '../../protocol/field.ts'
import {
  firstHidden,
  type Hidden,
  leafOf,
  noteOf,
  type Sums,
  stampLeaf,
  stampNullifierOf,
} from '../../protocol/identity.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { treeOf, trees } from '../../protocol/tree.ts'
import type { Gathered } from '../../protocol/verdict-tree.ts'
import { ada } from '../kit/fixtures.ts'
import { createTrees, elementOf, keysOf, network, type Past, pathAmong, stepOf } from './lives.ts'

export const secret = elementOf('secret')
export const points = (score: number): bigint => BigInt(score) << 16n

/** Whose epoch 5 is told: two of our keys gathered something, one of it bad; strangers' keys lie between. */
const [first, , third] = keysOf(secret, 5) as [bigint, bigint, bigint]
export const rowsOfFive: readonly Gathered[] = [
  { key: first, positive: points(9), negative: 0n },
  { key: third, positive: points(1), negative: points(7) + 5n },
  ...['one', 'two', 'three', 'four', 'five'].map((name, at) => ({
    key: keysOf(elementOf(name), 5)[at % 4]!,
    positive: points(at),
    negative: points(3),
  })),
]

const past: Past = { gathered: (epoch) => (epoch === 5 ? rowsOfFive : []) }
export const scenery = createTrees(past)

/** Renewed in 5 and 6: the verdicts of 5 are to be folded. */
export const hidden: Hidden = { positive: points(400), negative: points(3), previous: 5, last: 6, asOf: 6 }
/** Settled after an absence from 7 on, in time for a long one. */
export const settled: Hidden = { ...hidden, previous: 6, last: 0, asOf: 7 }
/** Renewed in 7: fit for a pass. */
export const renewed: Hidden = { ...hidden, previous: 6, last: 7, asOf: 7 }

const spent = points(60)
const target = keysOf(elementOf('one'), 7)[0]!

const step = (from: Hidden, epoch: number, more: { spent?: bigint; target?: bigint } = {}): Inputs =>
  stepOf(past, scenery, { secret, hidden: from, epoch, ...more }).inputs

/** What a pass of tier 2 asks for, by the rules of the fixtures. */
const asked = { scoreMin: 2n ** 48n + points(16), negativeMax: points(48) }
const beneficiary = numberOf20(ada.address)

/** A pass in epoch 7 of anybody, out of `renewed` or of other sums. */
export function passOf(
  { secret: whose, slot, ...sums }: { secret: bigint; slot: number } & Partial<Sums>,
  { scoreMin, negativeMax } = asked,
): Inputs {
  const hidden = { ...renewed, ...sums }
  return passInputs({
    secret: whose,
    network,
    epoch: 7,
    slot,
    hidden,
    path: pathAmong(leafOf(whose, hidden)),
    scoreMin,
    negativeMax,
    beneficiary,
  })
}

const stampSecret = elementOf('stamp')
const stamps = treeOf(
  [elementOf('a stamp'), stampLeaf(16_000n, noteOf(stampSecret)), elementOf('another')],
  trees.stamps.depth,
)

const stamp = stampInputs({
  stampSecret,
  network,
  stampsRoot: stamps.root,
  path: stamps.path(1),
  nullifier: stampNullifierOf(stampSecret, network),
  denomination: 16_000n,
  beneficiary: elementOf('what is redeemed'),
})

/** By name. */
export const scenes = {
  'renew, never renewed before': { circuit: 'renew', inputs: step(firstHidden, 7) },
  'renew, folding': { circuit: 'renew', inputs: step(hidden, 7) },
  'renew, endorsing': { circuit: 'renew', inputs: step(hidden, 7, { spent, target }) },
  'renew, after it was settled, 70 epochs later': { circuit: 'renew', inputs: step(settled, 77) },
  'settle, folding': { circuit: 'renew', inputs: step(hidden, 12) },
  'pass, tier 0': {
    circuit: 'pass',
    inputs: passOf({ secret, slot: 0 }, { scoreMin: 0n, negativeMax: 2n ** 48n - 1n }),
  },
  'pass, tier 2': { circuit: 'pass', inputs: passOf({ secret, slot: 3 }) },
  stamp: { circuit: 'stamp', inputs: stamp },
} as const satisfies Record<string, { circuit: Circuit; inputs: Inputs }>
