/** Proving the renewal of somebody made up: how long a proof takes on a machine is found out by making one. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { commitmentOf, firstHidden, firstLeaf, leafOf, nullifierOf, successor } from '../../protocol/identity.ts'
import type { Rules } from '../../protocol/rules.ts'
import { treeOf, trees } from '../../protocol/tree.ts'
import { openProofs } from '../proofs/proofs.ts'
import { nothingFolded, renewInputs } from '../proofs/witness.ts'
import type { Random } from '../seams.ts'

/** Prove a first renewal under these rules, start of the prover included. Throws where the signal aborts it. */
export async function rehearseRenewal(
  rules: Pick<Rules, 'reputation' | 'identity'>,
  { random, signal }: { random: Random; signal: AbortSignal },
): Promise<void> {
  const [secret, network, epoch] = [BigInt(`0x${bytesToHex(random(31))}`), 1n, 1]
  const { path } = treeOf([firstLeaf(commitmentOf(secret, network))], trees.identities.depth)
  const next = successor(rules, firstHidden, { epoch, gathered: firstHidden, spent: 0n })
  const inputs = renewInputs({
    ...{ secret, network, epoch, path: path(0), hidden: firstHidden, folded: nothingFolded },
    ...{ historyRoot: 0n, spent: 0n, target: 0n, reserve: 0n },
    nullifier: nullifierOf(secret, network, firstHidden),
    leaf: leafOf(secret, next),
  })
  const proofs = openProofs(rules)
  try {
    await proofs.prove('renew', inputs, { signal })
  } finally {
    await proofs.close()
  }
}
