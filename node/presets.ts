/** Starting values for the rules of a new network. People change them in the network's file, before it begins. */
import type { Rules } from '../protocol/rules.ts'

/** Everything in the rules that is a number of choice, not a name of somebody. */
export type Numbers = Omit<Rules, 'name' | 'hostKey' | 'operators' | 'keepers'>

const minuteMs = 60_000
const weekMs = 7n * 24n * 60n * 60_000n

const personal: Numbers = {
  version: 1,
  anchor: 'embedded',
  batchIntervalMs: 500,
  batchOpsMax: 2_000,
  clockSkewMs: 30_000,
  epochMs: weekMs,
  expiryMaxMs: 10 * minuteMs,
  ackWindowEpochs: 1,
  mailShards: 4,
  sizeClassMax: 8,
  recipientsMax: 100,
  basePrice: 1_000n,
  lifetimes: [
    { days: 30, factor: 10_000n },
    { days: 90, factor: 15_000n },
    { days: 365, factor: 30_000n },
  ],
  recipientFactor: 1_000n,
  burnShare: 2_000n,
  operatorsShare: 500n,
  inclusionFee: 50n,
  reserve: 3_200n,
  policyTierMax: 5,
  policyFeeMax: 1_000_000_000n,
}

/** The presets by name: `personal` for people, `testnet` for machines, with short times. */
export const presets: { readonly [name: string]: Numbers } = {
  personal,
  testnet: { ...personal, batchIntervalMs: 200, epochMs: BigInt(10 * minuteMs), expiryMaxMs: 2 * minuteMs },
}
