/** Every hash tag, addresses, and Merkle trees. */
import assert from 'node:assert'
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { type AccountsTree, accountLeaf, accountsRootOf, createAccountsTree } from '../../../protocol/accounts.ts'
import { addressOf, encodeAddress } from '../../../protocol/address.ts'
import { hash, type Tag, tags } from '../../../protocol/hash.ts'
import { leafHash, merkleProof, merkleRoot, verifyMerkle } from '../../../protocol/merkle.ts'
import { encodeRecord } from '../../../protocol/state.ts'
import { ada, bob, cyd, dan, eve, host } from '../../kit/fixtures.ts'
import { plain } from './plain.ts'
import { records } from './records.ts'
import { bytesOf } from './sample.ts'

export const hashVectors = () => ({
  tags: (Object.keys(tags) as Tag[]).map((tag) => {
    const parts = [utf8ToBytes(`what is hashed for ${tag}`), bytesOf(tag, 40)]
    return { name: tag, text: tags[tag], parts: plain(parts), hash: plain(hash(tag, ...parts)) }
  }),
  addresses: [ada, bob, cyd, dan, eve, host].map(({ signingKey, address }) => ({
    signingKey: plain(signingKey),
    address: plain(addressOf(signingKey)),
    text: encodeAddress(address),
  })),
})

export const merkleVectors = () =>
  [0, 1, 2, 3, 4, 5, 7, 8, 9, 13].map((count) => {
    const leaves = Array.from({ length: count }, (_, at) => bytesOf(`leaf ${at}`, at * 3))
    const hashes = leaves.map(leafHash)
    for (const index of hashes.keys()) assertPath(hashes, index)
    return {
      leaves: plain(leaves),
      root: plain(merkleRoot(hashes)),
      paths: plain(hashes.map((_, index) => merkleProof(hashes, index))),
    }
  })

/** A path leads to the root from its place, and from no other, and not with a node more or less. */
function assertPath(hashes: readonly Uint8Array[], index: number): void {
  const place = { index, count: hashes.length, path: merkleProof(hashes, index), root: merkleRoot(hashes) }
  const leads = (changed: Partial<typeof place>) => verifyMerkle(hashes[index]!, { ...place, ...changed })
  assert(leads({}))
  assert(!leads({ path: [...place.path, place.root] }))
  assert(!leads({ path: place.path.slice(1) }) || place.path.length === 0)
  for (let other = -1; other <= hashes.length; other++) assert(other === index || !leads({ index: other }))
}

/** The accounts' tree as it grows, over the boundary of a node of each of its lowest levels. */
export const accountsVectors = () => {
  const tree = createAccountsTree()
  const leaves = Array.from({ length: 70 }, (_, slot) => {
    const { record } = records.accounts[slot % 2]!
    const address = bytesOf(`address ${slot}`, 20)
    const bytes = encodeRecord('accounts', { ...record, slot })
    return {
      slot,
      address: plain(address),
      record: plain(bytes),
      leaf: plain(accountLeaf({ slot, address, record: bytes })),
    }
  })
  const roots: { count: number; root: string }[] = [{ count: 0, root: plain(tree.root()) as string }]
  for (const { slot, leaf } of leaves) {
    tree.set(slot, hexToBytes(leaf as string))
    if ([1, 2, 4, 5, 16, 17, 64, 65, 70].includes(slot + 1))
      roots.push({ count: slot + 1, root: plain(tree.root()) as string })
  }
  const proofs = [0, 5, 63, 69].map((slot) => ({ slot, siblings: plain(tree.proof(slot)) }))
  assertSiblings(tree, leaves.length)
  assertForgotten(tree, roots)
  return { leaves, roots, proofs }
}

/** The siblings of every slot lead to the root, and not from where no slot is. */
function assertSiblings(tree: AccountsTree, count: number): void {
  const root = tree.root()
  for (let slot = 0; slot < count; slot++) {
    const [leaf, siblings] = [tree.leaf(slot), tree.proof(slot)]
    assert.deepEqual(accountsRootOf({ leaf, slot, siblings }), root)
    for (const other of [-1, 0.5, 2 ** 32]) assert(!accountsRootOf({ leaf, slot: other, siblings }))
    assert(accountsRootOf({ leaf, slot: 2 ** 32 - 1, siblings }))
    assert(!accountsRootOf({ leaf, slot, siblings: siblings.slice(1) }))
    assert(!accountsRootOf({ leaf, slot, siblings: [...siblings, root] }))
  }
}

/** What is forgotten was never there. */
function assertForgotten(
  tree: AccountsTree,
  roots: readonly { readonly count: number; readonly root: string }[],
): void {
  assert.equal(createAccountsTree().count, 0)
  assert.equal(tree.leaf(1_000).length, 32)
  for (const { count, root } of roots.toReversed()) {
    tree.truncate(count + 1)
    tree.truncate(count)
    assert.deepEqual([tree.count, plain(tree.root())], [count, root])
  }
}
