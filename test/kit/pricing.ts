/** Rules in which every factor of a price is at work, and the dearest that can be lived by. */
import type { FeeInput } from '../../protocol/fee.ts'
import { networkId, type Rules } from '../../protocol/rules.ts'
import type { Context } from '../../protocol/context.ts'
import { context, genesis, rules } from './fixtures.ts'

/** The rules of the tests with factors as a real network has them: of its own, so that presets can be calibrated. */
export const realRules: Rules = {
  ...rules,
  price: { start: 1_000n, floor: 1_000n, ceiling: 1_000_000n, target: 1_200n, intervalMs: 60_000, step: 625n },
  correspondence: { first: 40_000n, exchange: 1_000n, patience: 2, decay: 9_000n },
  resources: { letter: 200n, recipient: 250n, unit: 50n },
  reputation: {
    ...rules.reputation,
    factors: [40_000n, 20_000n, 10_000n, 7_000n, 5_000n, 3_500n],
    strangers: [40_000n, 20_000n, 20_000n, 20_000n, 20_000n, 20_000n],
    badName: 30_000n,
  },
}

/** What ops are applied under with the real factors. */
export const realContext: Context = { ...context, network: networkId(realRules, genesis), rules: realRules }

/** Each number that makes a message dearer, as large as it may be. */
export const dearest = {
  price: {
    start: 2n ** 32n,
    floor: 2n ** 32n,
    ceiling: 2n ** 32n,
    target: 2n ** 40n,
    intervalMs: 2 ** 32 - 1,
    step: 1_250n,
  },
  correspondence: { first: 10_000_000n, exchange: 10_000_000n, patience: 255, decay: 10_000n },
  resources: { letter: 10_000_000n, recipient: 10_000_000n, unit: 10_000_000n },
  reputation: {
    factors: Array<bigint>(6).fill(10_000_000n),
    strangers: Array<bigint>(6).fill(10_000_000n),
    badName: 10_000_000n,
    ackWeights: [0n, ...Array<bigint>(5).fill(10_000n)],
    kappa: 10_000_000n,
    lambda: 10_000_000n,
    abuse: 1_000_000n,
    countedMax: 10_000_000n,
    scores: [1, 2, 3, 4].map((tier) => 2n ** 24n - 5n + BigInt(tier)),
    negatives: [4, 3, 2, 1].map((tier) => 2n ** 24n - 5n + BigInt(tier)),
    decay: 9_000n,
    valueBudget: 2n ** 24n - 1n,
    flagBudget: 2n ** 24n - 1n,
    flagMax: 2n ** 24n - 1n,
    keysPerEpoch: 4,
    passGraceMs: 604_800_000,
  },
  recipientsMax: 100,
  recipientFactor: 100_000n,
} satisfies Partial<Rules>

/** A first letter: 1 KiB for 30 days to one stranger without a policy, at 1,000 a unit, by somebody without a pass. */
export const firstLetter: FeeInput = {
  basePrice: 1_000n,
  sizeClass: 0,
  lifetimeDays: 30,
  recipientCount: 1,
  kind: 'first',
  standing: undefined,
  hasBadName: false,
  floor: 0n,
  unflagged: { kind: 'first', standing: undefined, hasBadName: false, floor: 0n },
  granted: false,
}
