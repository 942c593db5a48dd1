/**
 * The plain reference model of an identity: what the proofs of a real network show about a hidden score, done in the
 * open. Renewal folds what the keys of an older epoch gathered, once its verdicts are final, and decays by epochs.
 */
import { decay } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'

/** Sums with 16 fractional bits. */
export type Sums = { readonly positive: bigint; readonly negative: bigint }

/** A hidden state: `previous` is the epoch to be folded next, `last` the one it was renewed in, `asOf` the one it is decayed to; 0 is none. */
export type Leaf = Sums & { readonly previous: number; readonly last: number; readonly asOf: number }

/** What an identity enrols with. */
export const firstLeaf: Leaf = { positive: 0n, negative: 0n, previous: 0, last: 0, asOf: 0 }

/**
 * The state after renewing in an epoch, settling first after an absence. `gathered` says what all keys of a closed epoch
 * have; it is asked for each epoch in which there was a pass once, and not before the close of the next.
 */
export function renewed(rules: Rules, leaf: Leaf, now: number, gathered: (epoch: number) => Sums): Leaf {
  if (leaf.last === now) return leaf
  const isAbsent = leaf.last > 0 && leaf.last <= now - 2
  const present = isAbsent ? fold(rules, leaf, { previous: leaf.last, last: 0, asOf: leaf.last + 1 }, gathered) : leaf
  return fold(rules, present, { previous: present.last, last: now, asOf: now }, gathered)
}

function fold(
  rules: Rules,
  leaf: Leaf,
  next: { previous: number; last: number; asOf: number },
  gathered: (epoch: number) => Sums,
): Leaf {
  const added = leaf.previous === 0 ? { positive: 0n, negative: 0n } : gathered(leaf.previous)
  const steps = leaf.asOf === 0 ? 0 : next.asOf - leaf.asOf
  const sums = { positive: leaf.positive + added.positive, negative: leaf.negative + added.negative }
  return { ...decay(rules, sums, steps), ...next }
}
