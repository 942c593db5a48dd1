/**
 * The plain reference model of an identity: what the proofs of a real network show about a hidden score, done in the
 * open. Renewal folds what the keys of an older epoch gathered, once its verdicts are final, and decays by epochs.
 */
import { type Hidden, modeOf, type Sums, successor } from '../../protocol/identity.ts'
import type { Rules } from '../../protocol/rules.ts'

/**
 * The state after renewing in an epoch, settling first after an absence. `gathered` says what all keys of a closed epoch
 * have; it is asked for each epoch in which there was a pass once, and not before the close of the next.
 */
export function renewed(rules: Rules, hidden: Hidden, epoch: number, gathered: (epoch: number) => Sums): Hidden {
  let state = hidden
  while (modeOf(state, epoch)) {
    const folded = state.previous === 0 ? nothing : gathered(state.previous)
    state = successor(rules, state, { epoch, gathered: folded, spent: 0n })
  }
  return state
}

const nothing: Sums = { positive: 0n, negative: 0n }
