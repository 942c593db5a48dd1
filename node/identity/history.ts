/**
 * What the ledger says about our own identity. Nobody else can read it there: each hidden state has a nullifier that only
 * the secret makes, and its record names the leaf of the state that followed. So the whole life of an identity is found
 * again from the recovery phrase, a step for each renewal.
 */
import { bytes20Of } from '../../protocol/field.ts'
import {
  commitmentOf,
  epochKeyOf,
  firstHidden,
  type Hidden,
  leafOf,
  nullifierOf,
  slotCount,
  successor,
  type Sums,
} from '../../protocol/identity.ts'
import { scoreOne } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import { fieldKey } from '../../protocol/state.ts'
import { storedNode } from './tree-paths.ts'
import type { Store } from '../ledger/store.ts'

/** An identity on a network, both as field elements. */
export type Self = { readonly secret: bigint; readonly network: bigint }

/** One renewal that is on the ledger: in which epoch, what it folded, and what it gave away, in whole scores. */
type Folding = Sums & {
  readonly epoch: number
  readonly inEpoch: number
  readonly endorsed: bigint
  /** Of the state that was used up. */
  readonly nullifier: bigint
}

/** The latest hidden state, its nullifier, the place of its leaf in the tree of identities, and how it came to be. */
export type Traced = {
  readonly hidden: Hidden
  readonly nullifier: bigint
  readonly leaf: number
  readonly foldings: readonly Folding[]
}

/** Follow an identity from its enrolment, or on from where it was last; nothing where it is not enrolled. */
export async function traceIdentity(
  store: Pick<Store, 'fetch'>,
  rules: Rules,
  self: Self,
  from?: Traced,
): Promise<Traced | undefined> {
  let traced = from ?? (await enrolment(store, self))
  while (traced) {
    const key = fieldKey(traced.nullifier)
    const used = (await store.fetch([{ table: 'nullifiers', key }])).read('nullifiers', key)
    if (!used) return traced
    const gathered = await gatheredByUs(store, self, traced.hidden.previous)
    const hidden = successor(rules, traced.hidden, { epoch: used.epoch, gathered, spent: used.endorsed * scoreOne })
    if (leafOf(self.secret, hidden) !== (await storedNode(store, 'identities', { level: 0, index: used.leaf })))
      throw new Error(
        'The ledger has a renewal of this identity that its verdicts do not explain. Run `bmail doctor`; if that finds nothing, another program renewed the identity by other rules.',
      )
    const folding = {
      ...gathered,
      epoch: traced.hidden.previous,
      inEpoch: used.epoch,
      endorsed: used.endorsed,
      nullifier: traced.nullifier,
    }
    const nullifier = nullifierOf(self.secret, self.network, hidden)
    traced = { hidden, nullifier, leaf: used.leaf, foldings: [...traced.foldings, folding] }
  }
  return undefined
}

/** What all our keys of a closed epoch gathered; nothing for epoch 0. */
export async function gatheredByUs(store: Pick<Store, 'fetch'>, self: Self, epoch: number): Promise<Sums> {
  const keys = epoch === 0 ? [] : keysOf(self, epoch)
  const view = await store.fetch(keys.map((key) => ({ table: 'passes', key }) as const))
  const passes = keys.map((key) => view.read('passes', key)).filter((pass) => pass !== undefined)
  return {
    positive: passes.reduce((sum, pass) => sum + pass.positive, 0n),
    negative: passes.reduce((sum, pass) => sum + pass.negative, 0n),
  }
}

/** Our epoch keys, 20 bytes each, in the order of slots. */
export const keysOf = ({ secret, network }: Self, epoch: number): Uint8Array[] =>
  Array.from({ length: slotCount }, (_, slot) => bytes20Of(epochKeyOf(secret, { network, epoch, slot })))

async function enrolment(store: Pick<Store, 'fetch'>, { secret, network }: Self): Promise<Traced | undefined> {
  const key = fieldKey(commitmentOf(secret, network))
  const enrolled = (await store.fetch([{ table: 'enrolments', key }])).read('enrolments', key)
  const nullifier = nullifierOf(secret, network, firstHidden)
  return enrolled && { hidden: firstHidden, nullifier, leaf: enrolled.leaf, foldings: [] }
}
