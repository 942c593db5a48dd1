/** Cheats in renewing and settling: verdicts left out or folded twice, successors too many, numbers too large. */
import type { Inputs } from '../../node/seams.ts'
import { fieldModulus } from '../../protocol/field.ts'
import { leafOf, nullifierOf } from '../../protocol/identity.ts'
import { trees } from '../../protocol/tree.ts'
import { verdictDepth, verdictTree } from '../../protocol/verdict-tree.ts'
import { elementOf, foldedOf, keysOf, network, showing } from './lives.ts'
import { hidden, points, renewed, rowsOfFive, scenery, scenes, secret } from './scenes.ts'
import { type Cheat, tryCheats } from './trial.ts'

type Tree = ReturnType<typeof verdictTree>
type Shown = ReturnType<Tree['show']>

const minus = (amount: bigint): bigint => fieldModulus - amount
const five = scenery.verdictsOf(5)
const mine0 = keysOf(secret, 5)[0]!

const honest = keysOf(secret, 5).map(five.show)
/** The rows of epoch 5, but for slot 2, whose key has something against it. */
const inSlot2 = (other: Shown): Inputs => showing(honest.with(2, other))
const row2 = honest[2]!
const rowBefore = five.show(row2.row.key - 1n)
const rowAfter = five.show(row2.row.next)
/** A verdict tree that a cheat made up: nothing was bad. */
const invented = verdictTree(rowsOfFive.map((row) => ({ ...row, negative: 0n })))
const allOf = ({ root, show }: Tree): Inputs => ({ ...showing(keysOf(secret, 5).map(show)), verdictRoot: root })
/** What the history shows of another epoch, to somebody who has to fold 5. */
const ofEpoch4 = { ...allOf(scenery.verdictsOf(4)), historySiblings: scenery.historyIn(7).path(4).siblings }
/** Nothing is folded, and rows look so. */
const blank = scenes['renew, never renewed before'].inputs
const noFold: Inputs = Object.fromEntries(
  ['rowKey', 'rowNext', 'rowPositive', 'rowNegative', 'rowIndex', 'rowSiblings', 'verdictRoot', 'historySiblings'].map(
    (name) => [name, blank[name]!],
  ),
)
/** The state renewed in 7 says that it still has to fold 5. */
const foldAgain: Inputs = {
  positive: renewed.positive,
  negative: renewed.negative,
  last: 7n,
  asOf: 7n,
  previous: 5n,
  epoch: 8n,
  historyRoot: scenery.historyIn(8).root,
  historySiblings: foldedOf(scenery, secret, { epoch: 5, now: 8 }).history.siblings,
}
const better = leafOf(secret, { ...renewed, positive: points(1_000) })

const first = 'renew, never renewed before'
const fold = 'renew, folding'
const settle = 'settle, folding'
const endorse = 'renew, endorsing'

const cheats: readonly Cheat[] = [
  // Leaving out a negative verdict.
  {
    name: 'the row before a key that is there',
    scene: fold,
    lie: inSlot2(rowBefore),
    at: /^Fold\.Gathered\[2\]\.below/,
  },
  { name: 'the row after it', scene: fold, lie: inSlot2(rowAfter), at: /^Fold\.Gathered\[2\]\.above/ },
  {
    name: 'another row of mine',
    scene: fold,
    lie: inSlot2(five.show(mine0)),
    at: /^Fold\.Gathered\[2\]\.(above|below)/,
  },
  {
    name: 'its row, without what is bad in it',
    scene: fold,
    lie: inSlot2({ ...row2, row: { ...row2.row, negative: 0n } }),
    at: /^Fold\.verdictRoot$/,
  },
  {
    name: 'its row, with so much in it that the sum wraps',
    scene: fold,
    lie: inSlot2({ ...row2, row: { ...row2.row, negative: minus(hidden.negative) } }),
    at: /^Fold\.verdictRoot$/,
  },
  {
    name: 'a gap that is wider than it is',
    scene: fold,
    lie: inSlot2({ ...rowBefore, row: { ...rowBefore.row, next: row2.row.next } }),
    at: /^Fold\.verdictRoot$/,
  },
  {
    name: 'a row where none is',
    scene: fold,
    lie: inSlot2({ ...rowBefore, path: { ...rowBefore.path, index: 4 ** (verdictDepth - 1) } }),
    at: /^Fold\.(verdictRoot$|Gathered\[2\]\.below)/,
  },
  {
    name: 'a row index that is too long',
    scene: fold,
    lie: { rowIndex: honest.map(({ path }) => BigInt(path.index + 4 ** verdictDepth)) },
    at: /^Fold\.Gathered\[\d\]\.Root\.places/,
  },
  { name: 'a tree of verdicts that I made up', scene: fold, lie: allOf(invented), at: /^Fold\.history$/ },
  { name: 'the tree of another epoch', scene: fold, lie: ofEpoch4, at: /^Fold\.history$/ },
  {
    name: 'no tree at all, at a place of the history that is not used yet',
    scene: fold,
    lie: {
      ...showing(keysOf(secret, 6).map(five.show)),
      ...{ previous: 6n, verdictRoot: 0n, historySiblings: scenery.historyIn(7).path(6).siblings },
    },
    planted: true,
    at: /^Fold\.verdictRoot$/,
  },
  { name: 'nothing to fold', scene: fold, lie: { ...noFold, previous: 0n }, at: /^identitiesRoot$/ },
  {
    name: 'an epoch to fold that is beyond all',
    scene: fold,
    lie: { previous: 5n + 4n ** BigInt(trees.history.depth) },
    planted: true,
    at: /^Fold\.(Root\.places|Gathered)/,
  },
  // Folding twice, and passing for somebody that one is not.
  { name: 'the same epoch once more', scene: fold, lie: foldAgain, at: /^identitiesRoot$/ },
  {
    name: 'a later leaf as a first one',
    scene: fold,
    lie: { ...noFold, previous: 0n, last: 0n, asOf: 0n, positive: 0n, negative: 0n },
    at: /^identitiesRoot$/,
  },
  { name: 'a first leaf as a later one', scene: first, lie: { asOf: 3n }, at: /^identitiesRoot$/ },
  { name: 'a leaf of somebody else', scene: first, lie: { secret: elementOf('one') }, at: /^identitiesRoot$/ },
  {
    name: 'a first leaf of another network',
    scene: first,
    lie: { network: elementOf('elsewhere') },
    at: /^identitiesRoot$/,
  },
  {
    name: 'a leaf index that is too long',
    scene: fold,
    lie: { index: 2n + 4n ** BigInt(trees.identities.depth) },
    at: /^Root\.places/,
  },
  {
    name: 'the nullifier of somebody else',
    scene: fold,
    lie: { nullifier: nullifierOf(elementOf('one'), network, hidden) },
    at: /^nullifier$/,
  },
  {
    name: 'a nullifier of one’s own that is not of this leaf',
    scene: fold,
    lie: { nullifier: nullifierOf(secret, network, renewed) },
    at: /^nullifier$/,
  },
  { name: 'a new leaf that is better', scene: fold, lie: { leaf: better }, at: /^leaf$/ },
  { name: 'a first leaf with a score', scene: first, lie: { positive: points(100) }, at: /^isFirst$/ },
  { name: 'a first leaf with something against it', scene: first, lie: { negative: points(1) }, at: /^isFirst$/ },
  {
    name: 'a first leaf with less than nothing against it',
    scene: first,
    lie: { negative: minus(points(100)) },
    at: /^(isFirst|negative(Before|Bits)\[\d+\])$|^Decay/,
  },
  { name: 'a first leaf that was renewed', scene: first, lie: { last: 6n }, at: /^isFirst$/ },
  {
    name: 'a first leaf with something to fold',
    scene: fold,
    lie: { positive: 0n, negative: 0n, last: 0n, asOf: 0n },
    planted: true,
    at: /^isFirst$/,
  },
  // Ways that are none.
  { name: 'after an absence, without settling', scene: fold, lie: { epoch: 8n }, at: /^lastAway$/ },
  { name: 'twice in an epoch', scene: fold, lie: { epoch: 6n }, at: /^lastAway$/ },
  { name: 'settling what was renewed in this epoch', scene: settle, lie: { epoch: 6n }, at: /^absenceBits/ },
  { name: 'settling what was renewed in the last one', scene: settle, lie: { epoch: 7n }, at: /^absenceBits/ },
  { name: 'settling what was never renewed', scene: first, lie: { isSettle: 1n }, at: /^isNew$/ },
  {
    name: 'settling twice',
    scene: 'renew, after it was settled, 70 epochs later',
    lie: { isSettle: 1n },
    at: /^isNew$|^DecaySteps\.bits/,
  },
  { name: 'neither the one way nor the other', scene: first, lie: { isSettle: 2n }, at: /^isSettle$/ },
  {
    name: 'a way that is none, from which the new leaf is of an epoch to come',
    scene: fold,
    lie: { isSettle: minus(1n) },
    at: /^isSettle$/,
  },
  { name: 'endorsing while settling', scene: settle, lie: { spent: points(60) }, at: /^isSettle$/ },
  // Numbers too large for what they are compared in.
  {
    name: 'an epoch too large',
    scene: first,
    lie: { epoch: 7n + 4n ** BigInt(trees.history.depth) },
    at: /^epochBits/,
  },
  {
    name: 'a last epoch below 0',
    scene: settle,
    lie: { last: minus(1n) },
    planted: true,
    at: /^lastBits|^DecaySteps\.bits/,
  },
  { name: 'decayed to an epoch below 0', scene: fold, lie: { asOf: minus(3n) }, planted: true, at: /^asOfBits/ },
  { name: 'decayed to an epoch to come', scene: fold, lie: { asOf: 9n }, planted: true, at: /^DecaySteps\.bits/ },
  {
    name: 'a positive sum too large',
    scene: fold,
    lie: { positive: 2n ** 48n - 1n },
    planted: true,
    at: /^positive(Before|Bits)/,
  },
  {
    name: 'a negative sum too large',
    scene: fold,
    lie: { negative: 2n ** 48n - 1n },
    planted: true,
    at: /^negative(Before|Bits)/,
  },
  {
    name: 'a negative sum below 0',
    scene: fold,
    lie: { negative: minus(points(8)) },
    planted: true,
    at: /^negative(Before|Bits)|^Decay\.DecayStep/,
  },
  {
    name: 'a negative sum below 0, which what is folded makes good',
    scene: fold,
    lie: { negative: minus(1n) },
    planted: true,
    at: /^negativeBefore/,
  },
  {
    name: 'a positive sum below 0, which what is folded makes good',
    scene: fold,
    lie: { positive: minus(1n) },
    planted: true,
    at: /^positiveBefore/,
  },
  // Endorsing.
  { name: 'more than a quarter', scene: endorse, lie: { spent: points(100) }, at: /^Endorse\.quarterBits/ },
  { name: 'below the reserve', scene: endorse, lie: { reserve: points(310) }, at: /^Endorse\.restBits/ },
  {
    name: 'out of a score below 0',
    scene: endorse,
    lie: { positive: points(1), negative: points(300) },
    planted: true,
    at: /^Endorse\.(quarter|rest)Bits/,
  },
  { name: 'less than nothing', scene: endorse, lie: { spent: minus(points(10)) }, at: /^Endorse\.spentBits/ },
  {
    name: 'four times which wraps',
    scene: endorse,
    lie: { spent: (fieldModulus + 1n) / 2n },
    at: /^Endorse\.(spent|rest)Bits/,
  },
  {
    name: 'with a reserve below 0',
    scene: endorse,
    lie: { reserve: minus(points(1_000)) },
    at: /^Endorse\.reserveBits/,
  },
]

tryCheats(cheats)
