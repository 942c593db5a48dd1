/**
 * The fee rules. What one recipient costs is the base price times its factors, each a line of its own in quote and
 * receipt; then it is split among the recipient, the burn, and the operators.
 */
import { one, type Rules } from './rules.ts'

/** What a fee depends on, for one recipient. */
export type FeeInput = {
  readonly basePrice: bigint
  /** log2 of the units (KiB) of the padded, compressed message. */
  readonly sizeClass: number
  readonly lifetimeDays: number
  readonly recipientCount: number
  /** The recipient's least fee, where it applies to this sender. */
  readonly floor: bigint
  readonly granted: boolean
}

/** One recipient's part of a message's price. `credit + burned + operators = paid`; `fee` is what it is worth before a grant waives. */
export type Price = {
  readonly factors: readonly { readonly name: string; readonly basisPoints: bigint }[]
  readonly floor: bigint
  readonly fee: bigint
  readonly paid: bigint
  readonly credit: bigint
  readonly burned: bigint
  readonly operators: bigint
}

type Factor = (rules: Rules, input: FeeInput) => bigint

/** Every factor, in the order people see them; basis points, 10,000 is ×1. */
export const factors = {
  size: (_rules, { sizeClass }) => one << BigInt(sizeClass),
  lifetime: (rules, { lifetimeDays }) => lifetimeFactor(rules, lifetimeDays) ?? 0n,
  recipients: (rules, { recipientCount }) => one + rules.recipientFactor * BigInt(recipientCount - 1),
} as const satisfies Record<string, Factor>

/** What keeping a message that long costs: the first lifetime of the rules that reaches so far. None beyond the last. */
export const lifetimeFactor = (rules: Rules, days: number): bigint | undefined =>
  days < 1 ? undefined : rules.lifetimes.find((lifetime) => days <= lifetime.days)?.factor

/**
 * `fee = max(floor, base × Π factors)`, one division, rounded up. Burn and operators' share are rounded down, the
 * recipient takes the rest, and a grant waives what the recipient would take.
 */
export function priceOf(rules: Rules, input: FeeInput): Price {
  const lines = Object.entries(factors).map(([name, factor]) => ({ name, basisPoints: factor(rules, input) }))
  const product = lines.reduce((sum, line) => sum * line.basisPoints, input.basePrice)
  const market = divideUp(product, one ** BigInt(lines.length))
  const fee = market > input.floor ? market : input.floor
  const burned = (fee * rules.burnShare) / one
  const operators = (fee * rules.operatorsShare) / one
  const credit = input.granted ? 0n : fee - burned - operators
  return { factors: lines, floor: input.floor, fee, paid: credit + burned + operators, credit, burned, operators }
}

const divideUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor
