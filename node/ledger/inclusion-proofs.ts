/** What a light client is shown of this ledger: an op with its outcome in a batch, and an account under the head's state root. */
import type { AccountsTree } from '../../protocol/accounts.ts'
import { leafHash, merkleProof } from '../../protocol/merkle.ts'
import type { AccountProof, Receipt } from '../../protocol/receipt.ts'
import { encodeRecord } from '../../protocol/state.ts'
import type { Head, Store } from './store.ts'

/** What a settled op cost and why, with the proof that its batch holds it; nothing of an op that no batch holds. */
export async function receiptOf(
  store: Pick<Store, 'place' | 'batch' | 'outcomes'>,
  opId: Uint8Array,
): Promise<Receipt | undefined> {
  const place = await store.place(opId)
  const batch = place && (await store.batch(place.height))
  const outcomes = place && (await store.outcomes(place.height))
  if (!batch || !outcomes) return undefined
  const { index } = place
  return {
    sealed: { ...batch.sealed, header: { ...batch.sealed.header } },
    index,
    op: batch.ops[index]!,
    opPath: merkleProof(batch.ops.map(leafHash), index),
    outcome: outcomes[index]!,
    outcomePath: merkleProof(outcomes.map(leafHash), index),
  }
}

/** An account's place under the head's state root. The store and the tree must be those of that head. */
export async function accountProofOf(
  store: Pick<Store, 'fetch'>,
  { tree, head }: { readonly tree: Pick<AccountsTree, 'proof'>; readonly head: Head },
  address: Uint8Array,
): Promise<AccountProof | undefined> {
  const account = (await store.fetch([{ table: 'accounts', key: address }])).read('accounts', address)
  if (!account) return undefined
  const { slot } = account
  return {
    address,
    slot,
    record: encodeRecord('accounts', account),
    siblings: tree.proof(slot),
    chain: head.chain,
  }
}
