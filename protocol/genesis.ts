/** The state and the header that a network begins with, from its rules and its genesis alone. */
import { newAccount } from './account.ts'
import { chainHash, type Header, opsRoot, outcomeRoot, stateRoot } from './batch.ts'
import type { Genesis, Rules } from './rules.ts'
import { type Change, metaKey, treeKey } from './state.ts'
import type { TreeName } from './tree.ts'

const ZERO = new Uint8Array(32)

/** The totals and the accounts of genesis; slots in the order of the grants. */
export function genesisChanges(rules: Rules, genesis: Genesis): Change[] {
  const minted = genesis.grants.reduce((sum, grant) => sum + grant.amount, 0n)
  const accounts = genesis.grants.map(
    ({ address, amount }, slot): Change => ({
      table: 'accounts',
      key: address,
      before: undefined,
      after: newAccount(slot, amount),
    }),
  )
  const meta = {
    height: 0n,
    time: genesis.time,
    epoch: 1,
    epochEnd: genesis.time + rules.epochMs,
    slots: genesis.grants.length,
    minted,
    burned: 0n,
    pot: 0n,
    epochStart: genesis.time,
    basePrice: rules.price.start,
    demand: 0n,
    since: genesis.time,
    stamps: 0n,
    passes: 0,
    committedAt: 0n,
    checkpoint: 0,
  }
  return [{ table: 'meta', key: metaKey, before: undefined, after: meta }, ...accounts, ...emptyTrees]
}

/** Epochs are numbered from 1, and an epoch's place in the history is its number. */
const emptyTrees = ([['identities'], ['history', 0n], ['stamps']] as [TreeName, bigint?][]).map(
  ([tree, first]): Change => ({
    table: 'trees',
    key: treeKey(tree),
    before: undefined,
    after: first === undefined ? { count: 0, levels: [] } : { count: 1, levels: [[first]] },
  }),
)

/** The chain of changes that genesis begins. */
export const genesisChain = (changes: readonly Change[]): Uint8Array => chainHash(ZERO, changes)

/** The header of height 0, which nobody signs: everybody makes it for themselves. */
export const genesisHeader = (
  { network, genesis }: { network: Uint8Array; genesis: Genesis },
  state: { accountsRoot: Uint8Array; chain: Uint8Array },
): Header => ({
  network,
  height: 0n,
  time: genesis.time,
  epoch: 1,
  previous: ZERO,
  opCount: 0,
  opsRoot: opsRoot([]),
  outcomeRoot: outcomeRoot([]),
  stateRoot: stateRoot(state),
})
