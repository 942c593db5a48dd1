/** Batches in memory, each with its header and everything that a proof is made of. */
import { sign } from '../../node/keys/sign.ts'
import { accountLeaf, type AccountsTree, createAccountsTree } from '../../protocol/accounts.ts'
import {
  chainHash,
  headerHash,
  Outcome,
  opsRoot,
  outcomeOf,
  outcomeRoot,
  type SealedHeader,
  stateRoot,
} from '../../protocol/batch.ts'
import type { Entry } from '../../protocol/doorway.ts'
import { genesisChain, genesisHeader } from '../../protocol/genesis.ts'
import { leafHash, merkleProof } from '../../protocol/merkle.ts'
import type { AccountProof, Receipt } from '../../protocol/receipt.ts'
import { type Change, encodeRecord } from '../../protocol/state.ts'
import {
  accountOf,
  type Batch,
  genesis,
  genesisState,
  host,
  network,
  type Person,
  type State,
  settle,
  totalsOf,
} from './fixtures.ts'

/** One batch, and the state after it. */
export type Link = Batch & {
  readonly sealed: SealedHeader
  readonly chain: Uint8Array
  readonly ops: readonly Entry[]
  readonly outcomes: readonly Uint8Array[]
}

/** Where a network begins; it may begin with another state than that of genesis. */
export function firstLink(state: State = genesisState()): Link {
  const changes = [...state.values()].map(
    ({ table, key, record }) => ({ table, key, before: undefined, after: record }) as Change,
  )
  const chain = genesisChain(changes)
  const header = genesisHeader({ network, genesis }, { accountsRoot: treeOf(state).root(), chain })
  return {
    state,
    changes,
    applied: [],
    chain,
    ops: [],
    outcomes: [],
    sealed: { header, signature: new Uint8Array(64) },
  }
}

/** The next batch, sealed by the host. */
export function nextLink(
  previous: Link,
  { time = totalsOf(previous.state).time, ops = [] }: { readonly time?: bigint; readonly ops?: readonly Entry[] },
): Link {
  const batch = settle(previous.state, { time, ops })
  const outcomes = batch.applied.map((applied, index) => Outcome.encode(outcomeOf(ops[index]!.id, applied)))
  const chain = chainHash(previous.chain, batch.changes)
  const { height, epoch } = totalsOf(batch.state)
  const header = {
    network,
    height,
    time,
    epoch,
    previous: headerHash(previous.sealed.header),
    opCount: ops.length,
    opsRoot: opsRoot(ops.map(({ bytes }) => bytes)),
    outcomeRoot: outcomeRoot(outcomes),
    stateRoot: stateRoot({ accountsRoot: treeOf(batch.state).root(), chain }),
  }
  return { ...batch, chain, ops, outcomes, sealed: { header, signature: sign(headerHash(header), host.privateKey) } }
}

/** The accounts' tree of a state, made from nothing but the state. */
export function treeOf(state: State): AccountsTree {
  const tree = createAccountsTree()
  const accounts = [...state.values()].flatMap((entry) => (entry.table === 'accounts' ? [entry] : []))
  for (const { key, record } of accounts.sort((a, b) => a.record.slot - b.record.slot))
    tree.set(record.slot, accountLeaf({ slot: record.slot, address: key, record: encodeRecord('accounts', record) }))
  return tree
}

/** The receipt of one op of a batch. */
export function receiptOf({ sealed, ops, outcomes }: Link, index: number): Receipt {
  return {
    sealed: { ...sealed, header: { ...sealed.header } },
    index,
    op: ops[index]!.bytes,
    opPath: merkleProof(
      ops.map(({ bytes }) => leafHash(bytes)),
      index,
    ),
    outcome: outcomes[index]!,
    outcomePath: merkleProof(outcomes.map(leafHash), index),
  }
}

/** The proof of what somebody has after a batch. */
export function accountProofOf({ state, chain }: Link, person: Person): AccountProof {
  const account = accountOf(state, person)
  const { address } = person
  const siblings = treeOf(state).proof(account.slot)
  return { address, slot: account.slot, record: encodeRecord('accounts', account), siblings, chain }
}
