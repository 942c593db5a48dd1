/** Cheats in taking passes and redeeming stamps. */
import { fieldModulus } from '../../protocol/field.ts'
import { epochKeyOf, firstHidden, type Hidden, leafInTree, stampNullifierOf } from '../../protocol/identity.ts'
import { rootFrom, trees } from '../../protocol/tree.ts'
import { elementOf, network, pathAmong } from './lives.ts'
import { hidden, points, secret, settled } from './scenes.ts'
import { type Cheat, tryCheats } from './trial.ts'

const minus = (amount: bigint): bigint => fieldModulus - amount
/** The tree in which one's leaf is another than the pass asks for. */
const treeWith = (state: Hidden) => {
  const leaf = leafInTree(secret, network, state)
  return { identitiesRoot: rootFrom(leaf, pathAmong(leaf)), previous: BigInt(state.previous), asOf: BigInt(state.asOf) }
}

const low = 'pass, tier 0'
const high = 'pass, tier 2'

const cheats: readonly Cheat[] = [
  { name: 'a fifth slot', scene: high, lie: { slot: 4n }, at: /^slotBits/ },
  { name: 'a slot below 0', scene: high, lie: { slot: minus(1n) }, at: /^slotBits/ },
  { name: 'an epoch key of my own choice', scene: high, lie: { epochKey: 7n }, at: /^epochKey$/ },
  {
    name: 'the epoch key of another slot',
    scene: high,
    lie: { epochKey: epochKeyOf(secret, { network, epoch: 7, slot: 1 }) },
    at: /^epochKey$/,
  },
  {
    name: 'the epoch key of another epoch',
    scene: high,
    lie: { epochKey: epochKeyOf(secret, { network, epoch: 6, slot: 3 }) },
    at: /^epochKey$/,
  },
  {
    name: 'the epoch key of another network',
    scene: high,
    lie: { epochKey: epochKeyOf(secret, { network: elementOf('elsewhere'), epoch: 7, slot: 3 }) },
    at: /^epochKey$/,
  },
  // Something closed is left unfolded.
  { name: 'a leaf renewed in the epoch before', scene: high, lie: treeWith(hidden), at: /^identitiesRoot$/ },
  { name: 'a leaf that was only settled', scene: high, lie: treeWith(settled), at: /^identitiesRoot$/ },
  {
    name: 'a first leaf',
    scene: low,
    lie: { ...treeWith(firstHidden), positive: 0n, negative: 0n },
    at: /^identitiesRoot$/,
  },
  { name: 'a leaf of this epoch, in another', scene: high, lie: { epoch: 8n }, at: /^identitiesRoot$/ },
  { name: 'a leaf of somebody else', scene: high, lie: { secret: elementOf('one') }, at: /^identitiesRoot$/ },
  { name: 'a better score than is in the leaf', scene: high, lie: { positive: points(900) }, at: /^identitiesRoot$/ },
  {
    name: 'a leaf index that is too long',
    scene: high,
    lie: { index: 2n + 4n ** BigInt(trees.identities.depth) },
    at: /^Root\.places/,
  },
  // A standing that is not reached, and numbers too large for what they are compared in.
  { name: 'a score too low', scene: high, lie: { scoreMin: 2n ** 48n + points(398) }, at: /^Reaches\.scoreAbove/ },
  { name: 'too much against it', scene: high, lie: { negativeMax: points(3) - 1n }, at: /^Reaches\.negativeBelow/ },
  {
    name: 'a positive sum below 0',
    scene: low,
    lie: { positive: minus(1n) },
    planted: true,
    at: /^Reaches\.positiveBits/,
  },
  {
    name: 'a positive sum too large',
    scene: low,
    lie: { positive: 2n ** 48n },
    planted: true,
    at: /^Reaches\.positiveBits/,
  },
  {
    name: 'a negative sum below 0',
    scene: high,
    lie: { negative: minus(points(5)) },
    planted: true,
    at: /^Reaches\.negativeBits/,
  },
  { name: 'least score below 0', scene: high, lie: { scoreMin: minus(points(3)) }, at: /^Reaches\.scoreMinBits/ },
  { name: 'most against it, too large', scene: high, lie: { negativeMax: 2n ** 48n }, at: /^Reaches\.negativeMaxBits/ },
  // Stamps.
  { name: 'a higher denomination', scene: 'stamp', lie: { denomination: 32_000n }, at: /^stampsRoot$/ },
  { name: 'a stamp of somebody else', scene: 'stamp', lie: { stampSecret: elementOf('one') }, at: /^stampsRoot$/ },
  { name: 'a nullifier of my own choice', scene: 'stamp', lie: { nullifier: 7n }, at: /^nullifier$/ },
  {
    name: 'the nullifier of another network',
    scene: 'stamp',
    lie: { nullifier: stampNullifierOf(elementOf('stamp'), elementOf('elsewhere')) },
    at: /^nullifier$/,
  },
  {
    name: 'a stamp index that is too long',
    scene: 'stamp',
    lie: { index: 1n + 4n ** BigInt(trees.stamps.depth) },
    at: /^Root\.places/,
  },
]

tryCheats(cheats)
