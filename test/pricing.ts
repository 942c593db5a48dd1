/** Rules in which every factor of a price is at work, and the dearest that can be lived by. */
import { presets } from '../node/presets.ts'
import { networkId, type Rules } from '../protocol/rules.ts'
import type { Context } from '../protocol/context.ts'
import { context, genesis, rules } from './fixtures.ts'

const { price, familiarity, rate, correspondence, reputation } = presets.personal!

/** The rules of the tests with what `personal` asks for: the factors that depend on who writes to whom, and the verdicts. */
export const realRules: Rules = { ...rules, price, familiarity, rate, correspondence, reputation }

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
  familiarity: [{ messages: 0, factor: 10_000_000n }],
  rate: { quota: 1, windowMs: 2 ** 32 - 1, factorMax: 10_000_000n },
  correspondence: { least: 10_000n, most: 10_000_000n, patience: 255, unanswered: 255, decay: 10_000n },
  reputation: {
    factors: Array<bigint>(6).fill(10_000_000n),
    ackWeights: [0n, ...Array<bigint>(5).fill(10_000n)],
    kappa: 10_000_000n,
    lambda: 10_000_000n,
    abuse: 1_000_000n,
    countedMax: 10_000_000n,
    scores: [1, 2, 3, 4].map((tier) => 2n ** 24n - 5n + BigInt(tier)),
    negatives: [4, 3, 2, 1].map((tier) => 2n ** 24n - 5n + BigInt(tier)),
    decay: 10_000n,
    valueBudget: 2n ** 24n - 1n,
    flagBudget: 2n ** 24n - 1n,
    flagMax: 2n ** 24n - 1n,
    keysPerEpoch: 16,
    passGraceMs: 2 ** 32 - 1,
  },
  recipientsMax: 100,
  recipientFactor: 100_000n,
} satisfies Partial<Rules>
