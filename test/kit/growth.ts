/** What must hold of trees, checkpoints and nullifiers after every batch of a story. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { checkpointAt } from '../../protocol/checkpoint.ts'
import { Field, numberOf20 } from '../../protocol/field.ts'
import { stampLeaf } from '../../protocol/identity.ts'
import { checkpointKey, nodeKey, type Records, type TableName, treeKey } from '../../protocol/state.ts'
import { capacityOf, rootOf, type TreeName, treeOf, trees } from '../../protocol/tree.ts'
import { rules, type State, totalsOf, verdictRootIn, viewOf } from './fixtures.ts'
import type { Step } from './story.ts'

const names = Object.keys(trees) as TreeName[]

/** Each says what is wrong with a batch of a story, if anything. */
export const growth: Readonly<Record<string, (step: Step) => unknown>> = {
  'the edge of a tree is that of all its leaves, and each of its nodes is written down': ({ after }) =>
    names.find((name) => {
      const { depth, number } = trees[name]
      const leaves = leavesOf(after, name)
      const whole = treeOf(leaves, depth)
      const nodes = [...after.values()].filter(({ table, key }) => table === 'nodes' && key[0] === number)
      const complete = Array.from({ length: depth + 1 }, (_, level) => Math.floor(leaves.length / 4 ** level))
      // The empty place in front of the history comes with genesis, and stands for a node of 0.
      const expected = complete.reduce((sum, count) => sum + count, 0) - (name === 'history' ? 1 : 0)
      return rootOf(edgeOf(after, name), depth) !== whole.root || nodes.length !== expected
    }),
  'trees only grow, and what stands in them stays': ({ before, after, batch }) =>
    names.find((name) => edgeOf(after, name).count < edgeOf(before, name).count) ??
    batch.changes.find(({ table, before }) => kept.includes(table) && before),
  'the place of an epoch in the history is its number, and nothing changes its verdicts afterwards': ({ after }) => {
    const { epoch, committedAt } = totalsOf(after)
    const leaves = leavesOf(after, 'history')
    const root = verdictRootIn(after)
    return (
      leaves.length !== Math.max(1, committedAt === 0n ? epoch - 2 : epoch - 1) ||
      leaves.some((leaf, at) => leaf !== (at === 0 ? 0n : root(at)))
    )
  },
  'a checkpoint is of its time, and of the trees as they are when its batch begins': ({
    before,
    after,
    batch,
    time,
  }) => {
    const { committedAt, epoch, checkpoint } = totalsOf(after)
    const taken = batch.changes.flatMap((change) =>
      change.table === 'checkpoints' && change.after ? [{ ...change.after, key: change.key }] : [],
    )
    if (committedAt > 0n && !checkpointIn(after, { epoch, checkpoint })) return 'there is none'
    return taken.find(({ key, time: at, identities, identitiesRoot, historyRoot, stamps, stampsRoot }) => {
      const isLast = new DataView(key.slice().buffer).getUint32(0) === epoch
      return (
        at !== time ||
        (isLast && key[4] !== checkpointAt(rules, totalsOf(after), time)) ||
        (isLast && historyRoot !== rootOf(edgeOf(after, 'history'), trees.history.depth)) ||
        identities !== edgeOf(before, 'identities').count ||
        stamps !== edgeOf(before, 'stamps').count ||
        identitiesRoot !== rootOf(edgeOf(before, 'identities'), trees.identities.depth) ||
        stampsRoot !== rootOf(edgeOf(before, 'stamps'), trees.stamps.depth)
      )
    })
  },
  'where the time of a checkpoint begins, there is one if there is something new to prove': ({
    before,
    after,
    time,
  }) => {
    const [was, is] = [totalsOf(before), totalsOf(after)]
    if (is.committedAt === 0n || is.committedAt === time) return false
    const last = checkpointIn(before, was)!
    const hasGrown = (['identities', 'stamps'] as const).some((name) => last[name] !== edgeOf(before, name).count)
    const hasBegun = checkpointAt(rules, is, was.time) < checkpointAt(rules, is, time)
    return is.checkpoint !== (hasGrown && hasBegun ? checkpointAt(rules, is, time) : was.checkpoint)
  },
  'what was used up is used up once, by an op that was proven': ({ before, after, tried }) => {
    const used = tried.flatMap(({ incoming: { op }, applied }) =>
      (applied.kind === 'settled' && op.action.TAG === 'renew') ||
      (applied.kind !== 'void' && op.action.TAG === 'stampRedeem')
        ? [op.action.data.nullifier]
        : [],
    )
    return new Set(used).size !== used.length || usedIn(after) !== usedIn(before) + used.length
  },
  'every stamp that was sold has a note of its own, and a leaf that is made of it': ({ after }) => {
    const leaves = leavesOf(after, 'stamps')
    const places = new Map(
      [...after.values()].flatMap(({ table, key, record }) =>
        table === 'stampLeaves' ? [[bytesToHex(key), record.leaf]] : [],
      ),
    )
    const notes = [...after.values()].filter((entry) => entry.table === 'notes')
    return (
      notes.length !== leaves.length ||
      places.size !== leaves.length ||
      notes.find(
        ({ key, record: { denomination } }) =>
          leaves[places.get(bytesToHex(key))!] !== stampLeaf(denomination, Field.decode(key)),
      )
    )
  },
  'an epoch counts its passes, each under a key of its own': ({ after }) => {
    const { epoch, passes } = totalsOf(after)
    const keys = [...after.values()].flatMap(({ table, key, record }) =>
      table === 'passes' && record.epoch === epoch ? [numberOf20(key)] : [],
    )
    const listed = [...after.values()].filter(
      ({ table, key }) => table === 'epochKeys' && new DataView(key.slice().buffer).getUint32(0) === epoch,
    )
    return keys.length !== passes || listed.length !== passes
  },
}

/** How much was used up: hidden states and stamps. */
const usedIn = (state: State): number => countOf(state, 'nullifiers') + countOf(state, 'spent')

/** Tables whose records are written once. */
const kept: readonly TableName[] = [
  'nodes',
  'checkpoints',
  'enrolments',
  'nullifiers',
  'notes',
  'stampLeaves',
  'spent',
  'epochKeys',
]

function leavesOf(state: State, name: TreeName): bigint[] {
  const { count } = edgeOf(state, name)
  if (count > capacityOf(trees[name].depth)) throw new Error('a tree holds more than it has room for')
  return Array.from(
    { length: count },
    (_, index) => viewOf(state).read('nodes', nodeKey(name, { level: 0, index }))?.node ?? 0n,
  )
}

const edgeOf = (state: State, name: TreeName): Records['trees'] => viewOf(state).read('trees', treeKey(name))!
const checkpointIn = (state: State, named: { epoch: number; checkpoint: number }) =>
  viewOf(state).read('checkpoints', checkpointKey(named))
const countOf = (state: State, table: TableName): number =>
  [...state.values()].filter((entry) => entry.table === table).length
