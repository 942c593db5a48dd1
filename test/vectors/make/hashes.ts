/** Every hash tag, addresses, and Merkle trees. */
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { accountLeaf, createAccountsTree } from '../../../protocol/accounts.ts'
import { addressOf, encodeAddress } from '../../../protocol/address.ts'
import { hash, type Tag, tags } from '../../../protocol/hash.ts'
import { leafHash, merkleProof, merkleRoot } from '../../../protocol/merkle.ts'
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
    return {
      leaves: plain(leaves),
      root: plain(merkleRoot(hashes)),
      paths: plain(hashes.map((_, index) => merkleProof(hashes, index))),
    }
  })

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
  return { leaves, roots, proofs: [0, 5, 63, 69].map((slot) => ({ slot, siblings: plain(tree.proof(slot)) })) }
}
