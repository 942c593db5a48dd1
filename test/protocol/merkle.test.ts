/** The trees of a batch and of the accounts, against plain recursive definitions of them. */
import { createHash } from 'node:crypto'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { test } from 'tap'
import { accountLeaf, accountsRootOf, createAccountsTree } from '../../protocol/accounts.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { hash, type Tag, tags } from '../../protocol/hash.ts'
import { leafHash, merkleProof, merkleRoot, verifyMerkle } from '../../protocol/merkle.ts'
import { seedOf } from '../kit/fixtures.ts'

/** The leaves and roots that implementations of Certificate Transparency are tested with. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test('merkle: the known roots', async (t) => {
  const hashes = leaves.map((leaf) => leafHash(hexToBytes(leaf)))
  for (const [count, root] of roots.entries())
    t.equal(bytesToHex(merkleRoot(hashes.slice(0, count))), root, `of ${count}`)
})

test('merkle: a known proof', async (t) => {
  const hashes = leaves.map((leaf) => leafHash(hexToBytes(leaf)))
  t.strictSame(merkleProof(hashes, 0).map(bytesToHex), [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ])
})

test('merkle: every tree to 70 leaves, and every proof in it', async (t) => {
  const data = Array.from({ length: 70 }, (_, index) => seedOf(`leaf ${index}`))
  const hashes = data.map(leafHash)
  let proofs = 0
  for (let count = 1; count <= data.length; count++) {
    const [list, known] = [hashes.slice(0, count), data.slice(0, count)]
    const root = merkleRoot(list)
    if (!equalBytes(root, naiveRoot(known))) return t.fail(`the root of ${count}`)
    for (let index = 0; index < count; index++) {
      const path = merkleProof(list, index)
      if (!same(path, naivePath(known, index))) return t.fail(`the path to ${index} of ${count}`)
      if (!verifyMerkle(hashes[index]!, { index, count, path, root })) return t.fail(`${index} of ${count} verifies`)
      proofs++
    }
  }
  t.equal(proofs, (70 * 71) / 2)
})

test('merkle: no other place, path, leaf or root verifies', async (t) => {
  const hashes = Array.from({ length: 33 }, (_, index) => leafHash(seedOf(`leaf ${index}`)))
  const size = fc.integer({ min: 1, max: 33 })
  fc.assert(
    fc.property(size, fc.nat(), fc.integer({ min: -2, max: 40 }), (count, at, other) => {
      const list = hashes.slice(0, count)
      const [index, root] = [at % count, merkleRoot(list)]
      const path = merkleProof(list, index)
      const place = { index, count, path, root }
      const holds = (leaf: Uint8Array, changed: Partial<typeof place>) => verifyMerkle(leaf, { ...place, ...changed })
      const leaf = hashes[index]!
      const refused = [
        holds(seedOf('another leaf'), {}),
        holds(leaf, { root: seedOf('another root') }),
        holds(leaf, { path: [...path, root] }),
        other !== index && holds(leaf, { index: other }),
        path.length > 0 && holds(leaf, { path: path.slice(1) }),
        path.length > 0 && holds(leaf, { path: path.slice(0, -1) }),
        path.length > 0 && holds(leaf, { path: [seedOf('another sibling'), ...path.slice(1)] }),
        holds(leaf, { index: index + 0.5 }),
        holds(leaf, { count: 0 }),
      ]
      return holds(leaf, {}) && !refused.includes(true)
    }),
    { numRuns: 300 },
  )
  t.pass('none does')
})

test('hash: SHA-256 under a tag, as BIP 340 defines it, one for each purpose', async (t) => {
  const parts = [seedOf('one'), seedOf('two')]
  for (const [tag, text] of Object.entries(tags)) t.strictSame(hash(tag as Tag, ...parts), tagged(text, ...parts), tag)
  t.equal(new Set(Object.values(tags)).size, Object.keys(tags).length)
  t.strictSame(hash('op', parts[0]!, parts[1]!), hash('op', parts[0]!, parts[1]!), 'and remembers nothing')
})

test('accounts: an empty tree, and the first account', async (t) => {
  const tree = createAccountsTree()
  t.strictSame(tree.root(), new Uint8Array(32))
  const leaf = seedOf('first')
  tree.set(0, leaf)
  t.strictSame(tree.root(), naiveAccounts([leaf]))
  t.strictSame(tree.leaf(0), leaf)
  t.equal(tree.count, 1)
  t.equal(tree.proof(0).length, 48)
})

test('accounts: growing past every power of four, with a proof of every slot', async (t) => {
  const tree = createAccountsTree()
  const slots: Uint8Array[] = []
  for (let slot = 0; slot < 70; slot++) {
    slots.push(seedOf(`account ${slot}`))
    tree.set(slot, slots[slot]!)
    if (!equalBytes(tree.root(), naiveAccounts(slots))) return t.fail(`the root of ${slot + 1}`)
  }
  for (let slot = 70; slot < 300; slot++) {
    slots.push(seedOf(`account ${slot}`))
    tree.set(slot, slots[slot]!)
  }
  const root = tree.root()
  t.strictSame(root, naiveAccounts(slots))
  t.equal(tree.count, 300)
  for (const [slot, leaf] of slots.entries()) {
    const siblings = tree.proof(slot)
    if (!same([accountsRootOf({ leaf, slot, siblings })!], [root])) return t.fail(`slot ${slot}`)
    const other = accountsRootOf({ leaf, slot: slot ^ 1, siblings })
    if (other && equalBytes(other, root)) return t.fail(`slot ${slot} at the place of another`)
  }
})

test('accounts: any order of changes leads to the root of what is there', async (t) => {
  const step = fc.record({ slot: fc.nat({ max: 90 }), value: fc.nat(), look: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const tree = createAccountsTree()
      const slots: Uint8Array[] = []
      for (const { slot, value, look } of steps) {
        const at = Math.min(slot, slots.length)
        slots[at] = seedOf(`value ${value}`)
        tree.set(at, slots[at])
        if (look && !equalBytes(tree.root(), naiveAccounts(slots))) return false
        if (look) tree.proof(at)
      }
      return (
        equalBytes(tree.root(), naiveAccounts(slots)) && slots.every((leaf, slot) => equalBytes(tree.leaf(slot), leaf))
      )
    }),
    { numRuns: 60 },
  )
  t.pass('always')
})

test('accounts: what the tree gives out cannot be used to change it', async (t) => {
  const tree = createAccountsTree()
  tree.set(0, seedOf('a'))
  tree.set(1, seedOf('b'))
  const root = tree.root()
  for (const bytes of [tree.root(), tree.leaf(0), ...tree.proof(0)]) bytes.fill(9)
  tree.set(1, seedOf('b'))
  t.strictSame(tree.root(), root)
})

test('accounts: a slot that is left out, or not in use, is a bug', async (t) => {
  const tree = createAccountsTree()
  t.throws(() => tree.set(1, seedOf('a')), /slots are given in order/)
  t.throws(() => tree.proof(0), /only a slot in use/)
})

test('accounts: a proof of another shape leads nowhere', async (t) => {
  const tree = createAccountsTree()
  const leaf = seedOf('a')
  tree.set(0, leaf)
  const siblings = tree.proof(0)
  t.equal(accountsRootOf({ leaf, slot: 0, siblings: siblings.slice(1) }), undefined)
  t.equal(accountsRootOf({ leaf, slot: 0, siblings: [...siblings, leaf] }), undefined)
  for (const slot of [-1, 0.5, 2 ** 32, Number.NaN]) t.equal(accountsRootOf({ leaf, slot, siblings }), undefined)
})

test('accounts: a leaf names slot, address and record', async (t) => {
  const leaf = { slot: 1, address: new Uint8Array(20), record: Uint8Array.of(1, 2) }
  const others = [
    leaf,
    { ...leaf, slot: 256 },
    { ...leaf, address: new Uint8Array(20).fill(1) },
    { ...leaf, record: Uint8Array.of(1) },
  ]
  t.equal(new Set(others.map((other) => bytesToHex(accountLeaf(other)))).size, 4)
})

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}

function tagged(text: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const tag = sha256(Buffer.from(text))
  return sha256(tag, tag, ...parts)
}

function same(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, index) => equalBytes(bytes, b[index]!))
}

/** RFC 9162 §2.1.1, word for word: k is the largest power of two smaller than n. */
function naiveRoot(data: readonly Uint8Array[]): Uint8Array {
  if (data.length === 0) return sha256()
  if (data.length === 1) return sha256(Uint8Array.of(0), data[0]!)
  const k = split(data.length)
  return sha256(Uint8Array.of(1), naiveRoot(data.slice(0, k)), naiveRoot(data.slice(k)))
}

/** RFC 9162 §2.1.3.1, word for word. */
function naivePath(data: readonly Uint8Array[], index: number): Uint8Array[] {
  if (data.length === 1) return []
  const k = split(data.length)
  return index < k
    ? [...naivePath(data.slice(0, k), index), naiveRoot(data.slice(k))]
    : [...naivePath(data.slice(k), index - k), naiveRoot(data.slice(0, k))]
}

function split(count: number): number {
  let k = 1
  while (k * 2 < count) k *= 2
  return k
}

/** The root of a tree of 4^depth leaves, of which all after the last given are empty. */
function naiveAccounts(slots: readonly Uint8Array[], depth = 16): Uint8Array {
  if (slots.length === 0) return new Uint8Array(32)
  if (depth === 0) return slots[0]!
  const size = 4 ** (depth - 1)
  const children = [0, 1, 2, 3].map((child) => naiveAccounts(slots.slice(child * size, (child + 1) * size), depth - 1))
  return tagged('bmail/accounts-node/1', ...children)
}
