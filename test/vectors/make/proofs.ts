/** What proofs are about: Poseidon, identities, trees, verdicts, and the statement of each operation that has a proof. */
import { fieldModulus, fieldOf, numberOf20 } from '../../../protocol/field.ts'
import {
  commitmentOf,
  epochKeyOf,
  firstHidden,
  firstLeaf,
  type Hidden,
  leafInTree,
  leafOf,
  modeOf,
  networkField,
  noteOf,
  nullifierOf,
  scopeOf,
  slotCount,
  stampLeaf,
  stampNullifierOf,
  successor,
} from '../../../protocol/identity.ts'
import { statementOf } from '../../../protocol/ledger.ts'
import { carriesProof } from '../../../protocol/wire.ts'
import type { Action, ActionName } from '../../../protocol/operations.ts'
import { domains, nodeOf, poseidon } from '../../../protocol/poseidon.ts'
import { checkpointKey } from '../../../protocol/state.ts'
import { append, emptyEdge, rootFrom, rootOf, type TreeName, treeOf, trees } from '../../../protocol/tree.ts'
import { rowLeaf, rowsOf, verdictDepth, verdictTree } from '../../../protocol/verdict-tree.ts'
import { context, edit, edited, network, opOf, rules, viewOf } from '../../kit/fixtures.ts'
import { world } from '../world.ts'
import { amountsOf, samples } from './operations.ts'
import { plain } from './plain.ts'
import { elementOf, numberOf } from './sample.ts'

const secret = elementOf('secret')
const stampSecret = elementOf('secret of a stamp')
const net = networkField(network)

/** How many inputs each purpose has. */
const inputs: { readonly [Domain in keyof typeof domains]: number } = {
  commitment: 2,
  first: 1,
  leaf: 6,
  key: 3,
  scope: 2,
  nullifier: 4,
  row: 4,
  stamp: 2,
  note: 1,
  stampNullifier: 2,
}

const states: readonly Hidden[] = [
  firstHidden,
  { positive: 70_000n, negative: 3n, previous: 0, last: 1, asOf: 1 },
  { positive: numberOf('positive', 40), negative: numberOf('negative', 30), previous: 4, last: 5, asOf: 5 },
  { positive: numberOf('positive', 40), negative: numberOf('negative', 30), previous: 5, last: 0, asOf: 6 },
  { positive: 5n, negative: 7n, previous: 1, last: 2, asOf: 2 },
]

export const identityVectors = () => ({
  modulus: plain(fieldModulus),
  poseidon: (Object.keys(domains) as (keyof typeof domains)[]).map((domain) => {
    const elements = Array.from({ length: inputs[domain] }, (_, at) => elementOf(`${domain} ${at}`))
    return {
      domain,
      number: plain(domains[domain]),
      inputs: plain(elements),
      hash: plain(poseidon(domain, ...elements)),
    }
  }),
  node: { children: plain([1n, 0n, 3n, 4n]), hash: plain(nodeOf([1n, 0n, 3n, 4n])) },
  fields: { network: plain(network), networkField: plain(net), fieldOf: plain(fieldOf(network)) },
  secret: plain(secret),
  commitment: plain(commitmentOf(secret, net)),
  firstLeaf: plain(firstLeaf(commitmentOf(secret, net))),
  epochKeys: [1, 7, 8, 9].flatMap((epoch) =>
    Array.from({ length: slotCount }, (_, slot) => ({
      epoch,
      slot,
      scope: plain(scopeOf(net, epoch)),
      key: plain(epochKeyOf(secret, { network: net, epoch, slot })),
    })),
  ),
  states: states.map((state) => ({
    state: plain(state),
    leaf: plain(leafOf(secret, state)),
    leafInTree: plain(leafInTree(secret, net, state)),
    nullifier: plain(nullifierOf(secret, net, state)),
  })),
  successors: states.flatMap((state) =>
    [1, 2, 6, 7, 8, 70]
      .filter((epoch) => epoch > state.asOf && modeOf(state, epoch))
      .map((epoch) => {
        const folded = {
          epoch,
          gathered: { positive: 65_536n * 5n, negative: 999n },
          spent: state.positive > 70_000n ? 65_536n : 0n,
        }
        return {
          state: plain(state),
          ...(plain(folded) as object),
          mode: modeOf(state, epoch)!,
          next: plain(successor(rules, state, folded)),
        }
      }),
  ),
  stamps: {
    secret: plain(stampSecret),
    note: plain(noteOf(stampSecret)),
    leaf: { denomination: '10000', leaf: plain(stampLeaf(10_000n, noteOf(stampSecret))) },
    nullifier: plain(stampNullifierOf(stampSecret, net)),
  },
})

export const treeVectors = () => ({
  trees: Object.entries(trees).map(([name, { number, depth }]) => ({ name, number, depth })),
  growth: (Object.keys(trees) as TreeName[]).map((name) => {
    const { depth } = trees[name]
    const leaves = Array.from({ length: 18 }, (_, at) => (at === 2 ? 0n : elementOf(`${name} ${at}`)))
    let edge = emptyEdge
    const steps = leaves.map((leaf) => {
      const grown = append(edge, leaf, depth)
      edge = grown.edge
      return {
        leaf: plain(leaf),
        completed: plain(grown.completed),
        edge: plain(edge),
        root: plain(rootOf(edge, depth)),
      }
    })
    const { root, path } = treeOf(leaves, depth)
    return {
      name,
      emptyRoot: plain(rootOf(emptyEdge, depth)),
      steps,
      paths: [0, 6, 17].map((index) => ({
        ...(plain(path(index)) as object),
        leaf: plain(leaves[index]),
        root: plain(rootFrom(leaves[index]!, path(index))),
      })),
      root: plain(root),
    }
  }),
})

export const verdictVectors = () => {
  const gathered = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
    key: numberOf(`epoch key ${name}`, 160),
    positive: numberOf(`positive ${name}`, 40),
    negative: numberOf(`negative ${name}`, 40),
  }))
  const { root, show } = verdictTree(gathered)
  const absent = numberOf('epoch key of nobody', 160)
  return {
    depth: verdictDepth,
    gathered: plain(gathered),
    rows: rowsOf(gathered).map((row) => ({ ...(plain(row) as object), leaf: plain(rowLeaf(row)) })),
    root: plain(root),
    emptyRoot: plain(verdictTree([]).root),
    shown: [gathered[3]!.key, absent].map((key) => ({ key: plain(key), ...(plain(show(key)) as object) })),
  }
}

/** The statement of every sample that has a proof, in a state that has its checkpoint. */
export const statementVectors = () => {
  const named = { epoch: 0x01020304, checkpoint: 5 }
  const roots = {
    identitiesRoot: elementOf('identities'),
    historyRoot: elementOf('history'),
    stampsRoot: elementOf('stamps'),
  }
  const state = edited(world, [
    edit('meta', new Uint8Array(0), { epoch: named.epoch }),
    edit('checkpoints', checkpointKey(named), { time: 1n, identities: 2, stamps: 3, ...roots }),
  ])
  const proven = (Object.keys(samples) as ActionName[]).flatMap((TAG) =>
    samples[TAG].flatMap(({ name, by, data }, at) => {
      const action = { TAG, data } as Action
      if (!carriesProof(action)) return []
      const op = opOf({ by, action, nonce: 0x0102030405060708n, amounts: amountsOf(action, at) })
      return [{ operation: `${TAG}: ${name}`, statement: plain(statementOf(viewOf(state), context, op)) }]
    }),
  )
  return {
    roots: plain(roots),
    twenty: plain(numberOf20(new Uint8Array(20).fill(1))),
    statements: proven,
  }
}
