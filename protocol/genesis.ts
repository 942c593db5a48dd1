/** The state and the header that a network begins with, from its rules and its genesis alone. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { newAccount } from './account.ts'
import { chainHash, type Header, opsRoot, outcomeRoot, stateRoot } from './batch.ts'
import { payeesOf } from './payee.ts'
import type { Genesis, Rules } from './rules.ts'
import { type Change, metaKey, supplyKey, treeKey } from './state.ts'
import type { TreeName } from './tree.ts'

const ZERO = new Uint8Array(32)

/** The records that a network begins with; slots in the order of the grants, then of operators and keepers. */
export function genesisChanges(rules: Rules, genesis: Genesis): Change[] {
  const minted = genesis.grants.reduce((sum, grant) => sum + grant.amount, 0n)
  const holders = [...genesis.grants, ...unfunded(rules, genesis)]
  const accounts = holders.map(
    ({ address, amount }, slot): Change => ({
      table: 'accounts',
      key: address,
      before: undefined,
      after: newAccount(slot, amount),
    }),
  )
  const supply = { minted, burned: 0n, slots: holders.length }
  const meta = {
    height: 0n,
    time: genesis.time,
    epoch: 1,
    epochEnd: genesis.time + rules.epochMs,
    epochStart: genesis.time,
    basePrice: rules.price.start,
    demand: 0n,
    since: genesis.time,
    lows: [],
    passes: 0,
    committedAt: 0n,
    checkpoint: 0,
  }
  return [
    { table: 'meta', key: metaKey, before: undefined, after: meta },
    { table: 'supply', key: supplyKey, before: undefined, after: supply },
    ...accounts,
    ...emptyTrees,
  ]
}

/** Those who are paid for keeping the network running, each once, where genesis grants them nothing. They can be paid from the first message on. */
function unfunded(rules: Rules, { grants }: Genesis): { readonly address: Uint8Array; readonly amount: bigint }[] {
  const seen = new Set(grants.map(({ address }) => bytesToHex(address)))
  const isNew = (address: Uint8Array) => !seen.has(bytesToHex(address)) && seen.add(bytesToHex(address))
  return payeesOf(rules).flatMap(({ address }) => (isNew(address) ? [{ address, amount: 0n }] : []))
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
