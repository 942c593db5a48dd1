/** Batches that no honest host makes: with whatever entries, under a header that is right and signed by the host. */
import { sign } from '../../node/keys/sign.ts'
import { commitTo, readBefore, sealedBatch } from '../../node/ledger/batch-steps.ts'
import { createVerdictRoots } from '../../node/ledger/verdict-roots.ts'
import type { Node } from '../../node/peers/node.ts'
import { createAccountsTree } from '../../protocol/accounts.ts'
import { opsRoot } from '../../protocol/batch.ts'
import { readEntry } from '../../protocol/doorway.ts'
import type { Batch } from '../../protocol/gossip.ts'
import { replay } from '../../protocol/ledger.ts'

type On = Pick<Node, 'context' | 'store' | 'replica'> & { readonly seams: Pick<Node['seams'], 'clock' | 'proofs'> }

/** The next batch after the head of a node, made of these bytes. */
export async function anyBatch(
  { context, store, replica, seams }: On,
  { hostKey, entries }: { readonly hostKey: Uint8Array; readonly entries: readonly Uint8Array[] },
): Promise<Batch> {
  const { clock, proofs } = seams
  const tree = createAccountsTree()
  let slot = 0
  for await (const leaf of store.leaves()) tree.set(slot++, leaf)
  const verdictRoots = createVerdictRoots({ store, proofs, clock })
  const [time, ops] = [BigInt(clock.now()), entries.map((bytes) => readEntry(bytes, context))]
  const { view, opening, within } = await readBefore({ context, store, verdictRoots, proofs }, { time, ops })
  const done = { time, ops, opsRoot: opsRoot(entries), ...replay(view, within, { ...opening, ops }) }
  const committed = commitTo(context, { head: replica.head, tree }, done)
  const sealed = { header: committed.header, signature: sign(committed.hash, hostKey) }
  return sealedBatch(sealed, done, committed).final.batch
}
