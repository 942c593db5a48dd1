/** Trees over Poseidon: appended to leaf by leaf, or made at once; and the verdict tree, which shows absence, too. */
import fc from 'fast-check'
import { test } from 'tap'
import { append, capacityOf, type Edge, emptyEdge, rootFrom, rootOf, treeOf } from '../../protocol/tree.ts'
import { lastKey, rowLeaf, verdictTree } from '../../protocol/verdict-tree.ts'

const leavesUpTo = (most: number) => fc.array(fc.bigInt({ min: 1n, max: 2n ** 250n }), { maxLength: most })

test('tree: appended leaf by leaf, it is the tree that is made at once, and every path leads to its root', async (t) => {
  fc.assert(
    fc.property(leavesUpTo(80), (leaves) => {
      const edge = leaves.reduce<Edge>((before, leaf) => append(before, leaf, 4).edge, emptyEdge)
      const { root, path } = treeOf(leaves, 4)
      return rootOf(edge, 4) === root && leaves.every((leaf, index) => rootFrom(leaf, path(index)) === root)
    }),
    { numRuns: 20 },
  )
  t.equal(rootOf(emptyEdge, 4), 0n, 'an empty one is 0')
})

test('tree: full, it still has a root, and takes no further leaf', async (t) => {
  const leaves = Array.from({ length: capacityOf(2) }, (_, at) => BigInt(at + 1))
  const edge = leaves.reduce<Edge>((before, leaf) => append(before, leaf, 2).edge, emptyEdge)
  t.equal(rootOf(edge, 2), treeOf(leaves, 2).root)
  t.throws(() => append(edge, 17n, 2), /room/)
})

test('tree: each node is written down once, when it is complete', async (t) => {
  const written = new Map<string, bigint>()
  let edge = emptyEdge
  for (let leaf = 1n; leaf <= 64n; leaf++) {
    const appended = append(edge, leaf, 3)
    edge = appended.edge
    for (const { level, index, node } of appended.completed) {
      t.notOk(written.has(`${level}/${index}`), 'never twice')
      written.set(`${level}/${index}`, node)
    }
  }
  t.equal(written.size, 64 + 16 + 4 + 1)
  t.equal(written.get('3/0'), rootOf(edge, 3))
})

test('verdicts: one row shows a key present, or lies around one that is absent', async (t) => {
  const key = fc.bigInt({ min: 1n, max: lastKey - 1n })
  const sum = fc.bigInt({ min: 0n, max: 2n ** 40n })
  const gathered = fc.uniqueArray(fc.record({ key, positive: sum, negative: sum }), {
    maxLength: 12,
    selector: (row) => row.key,
  })
  fc.assert(
    fc.property(gathered, key, (rows, other) => {
      const { root, show } = verdictTree(rows)
      const holds = [...rows.map((row) => row.key), other].every((wanted) => {
        const { row, path } = show(wanted)
        const isThere = rows.some((one) => one.key === wanted)
        const fits = isThere ? row.key === wanted : row.key < wanted && wanted < row.next
        return fits && rootFrom(rowLeaf(row), path) === root
      })
      return holds && verdictTree(rows.toReversed()).root === root
    }),
    { numRuns: 20 },
  )
  const { row } = verdictTree([]).show(5n)
  t.strictSame(row, { key: 0n, next: lastKey, positive: 0n, negative: 0n }, 'an empty epoch has its sentinel')
})

test('tree: a path from a place that is not used leads to the root, so circuits hash whatever they show', async (t) => {
  const { root, path } = treeOf([1n, 2n], 3)
  t.equal(rootFrom(0n, path(2)), root)
  t.equal(rootFrom(0n, path(3)), root)
  t.not(rootFrom(0n, path(4)), root, 'beyond the last node that has anything in it, 0 stands for more than a leaf')
})
