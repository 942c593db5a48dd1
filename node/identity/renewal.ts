/** The two things that a personal daemon proves about its identity: a renewal, and a pass. Each is made into an action. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { numberOf20 } from '../../protocol/field.ts'
import { leafOf, modeOf, successor } from '../../protocol/identity.ts'
import { demandsOf } from '../../protocol/pass.ts'
import { scoreOne } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Records } from '../../protocol/state.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import { pathIn, storedNode } from './tree-paths.ts'
import type { Proofs } from '../seams.ts'
import type { Store } from '../ledger/store.ts'
import { gatheredByUs, keysOf, type Self, type Traced } from './history.ts'
import { gatheredIn } from '../ledger/verdict-roots.ts'
import { type Folded, nothingFolded, passInputs, renewInputs } from '../proofs/witness.ts'

/** A part of our score for somebody's epoch key, in whole scores. */
type Endorsement = { readonly target: Uint8Array; readonly amount: bigint }

type Proving = {
  readonly store: Store
  readonly rules: Rules
  readonly proofs: Proofs
  readonly self: Self
  readonly traced: Traced
  readonly at: { readonly epoch: number; readonly checkpoint: number; readonly roots: Records['checkpoints'] }
  readonly signal: AbortSignal
}

/** Prove the next state of our identity. What is endorsed is left out where the score does not allow it. */
export async function proveRenewal(
  { store, rules, proofs, self, traced, at, signal }: Proving,
  endorsement: Endorsement | undefined,
): Promise<ActionOf<'renew'>> {
  const { hidden, nullifier } = traced
  const { epoch, checkpoint, roots } = at
  const gathered = await gatheredByUs(store, self, hidden.previous)
  const before = successor(rules, hidden, { epoch, gathered, spent: 0n })
  const isGiven = endorsement && modeOf(hidden, epoch) === 'renew' && canEndorse(rules, before, endorsement.amount)
  const given = isGiven ? endorsement : undefined
  const spent = (given?.amount ?? 0n) * scoreOne
  const leaf = leafOf(self.secret, { ...before, positive: before.positive - spent })
  const inputs = renewInputs({
    ...self,
    epoch,
    hidden,
    path: await pathIn(store, 'identities', { index: traced.leaf, count: roots.identities }),
    historyRoot: roots.historyRoot,
    folded: hidden.previous === 0 ? nothingFolded : await foldedOf(store, proofs, { self, epoch, of: hidden.previous }),
    nullifier,
    leaf,
    spent,
    target: given ? numberOf20(given.target) : 0n,
    reserve: rules.identity.endorsementReserve * scoreOne,
  })
  const proof = await proofs.prove('renew', inputs, { signal })
  const endorsed = given && { target: given.target, amount: given.amount }
  return { epoch, checkpoint, nullifier, leaf, endorsement: endorsed, proof }
}

/** Whether a state may give so much of its score away: at most a quarter, and down to the reserve. */
export function canEndorse(
  { identity }: Rules,
  { positive, negative }: { positive: bigint; negative: bigint },
  amount: bigint,
): boolean {
  const score = positive - negative
  const spent = amount * scoreOne
  return 4n * spent <= score && score - spent >= identity.endorsementReserve * scoreOne
}

/** Prove that a pseudonym (20 bytes) stands at a tier, which our state must reach. */
export async function provePass(
  { store, rules, proofs, self, traced, at, signal }: Proving,
  { pseudonym, slot, tier }: { readonly pseudonym: Uint8Array; readonly slot: number; readonly tier: number },
): Promise<Extract<Action, { TAG: 'pass' }>> {
  const { epoch, checkpoint, roots } = at
  const inputs = passInputs({
    ...self,
    epoch,
    slot,
    hidden: traced.hidden,
    path: await pathIn(store, 'identities', { index: traced.leaf, count: roots.identities }),
    ...demandsOf(rules, tier),
    beneficiary: numberOf20(pseudonym),
  })
  const proof = await proofs.prove('pass', inputs, { signal })
  return { TAG: 'pass', data: { epoch, checkpoint, epochKey: keysOf(self, epoch)[slot]!, tier, proof } }
}

/** The verdicts of a closed epoch as the history has them, with a row for each of our keys. */
async function foldedOf(
  store: Store,
  proofs: Proofs,
  { self, epoch, of }: { readonly self: Self; readonly epoch: number; readonly of: number },
): Promise<Folded> {
  const gathered = await gatheredIn(store, of)
  const shown = await proofs.verdictRows(gathered, keysOf(self, of).map(numberOf20))
  // In an epoch the history has a leaf for each one up to the epoch before last, and one for epoch 0.
  const history = await pathIn(store, 'history', { index: of, count: epoch - 1 })
  return { verdictRoot: await storedNode(store, 'history', { level: 0, index: of }), history, shown }
}

/** How a key is named in the log. */
export const shortKey = (key: Uint8Array): string => bytesToHex(key).slice(0, 12)
