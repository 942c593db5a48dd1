/**
 * The replica: this node's copy of the ledger. It makes batches where the node is the host, replays everybody's, and
 * stands still for ever where the host has lied. One thing at a time, in the order of asking.
 */
import { createAccountsTree } from '../../protocol/accounts.ts'
import { assert } from '../../protocol/assert.ts'
import {
  chainHash,
  headerHash,
  Outcome,
  opsRoot,
  outcomeOf,
  outcomeRoot,
  type Header,
  type SealedHeader,
  stateRoot,
} from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { genesisChain, genesisChanges, genesisHeader } from '../../protocol/genesis.ts'
import { type Batch, contradict } from '../../protocol/gossip.ts'
import { apply, type Applied, openBatch, type Opening, replay } from '../../protocol/ledger.ts'
import { touches, touchesOfOpening } from '../../protocol/touches.ts'
import { type AccountProof, headerIsBy, type Receipt } from '../../protocol/receipt.ts'
import { leafHash, merkleProof } from '../../protocol/merkle.ts'
import type { Reason } from '../../protocol/reason.ts'
import type { Genesis } from '../../protocol/rules.ts'
import {
  type Change,
  createDraft,
  encodeRecord,
  type Fetched,
  metaKey,
  metaOf,
  type Reference,
  type View,
  writeAll,
} from '../../protocol/state.ts'
import type { Clock, Proofs } from '../seams.ts'
import { type Final, type Head, type Leaf, leafOf, type Store, type Write } from './store.ts'
import { createVerdictRoots } from './verdict-roots.ts'
import { provenWithin } from './verified.ts'

/** A batch that has just become final on this node. */
export type Settled = {
  readonly header: Header
  readonly ops: readonly Incoming[]
  readonly applied: readonly Applied[]
}

/** Why a batch did not become final. Only `ahead` is worth asking again for; the rest is the giver's fault. */
export type NotTaken = 'stale' | 'ahead' | 'not-signed' | 'malformed' | 'early' | 'halted'

/** What came of making a batch. */
export type Produced = {
  readonly made: { readonly batch: Batch; readonly settled: Settled } | undefined
  readonly omitted: readonly { readonly incoming: Incoming; readonly reason: Reason }[]
}

export type Replica = Awaited<ReturnType<typeof createReplica>>

type Options = {
  readonly store: Store
  readonly context: Context
  readonly genesis: Genesis
  readonly clock: Clock
  readonly proofs: Proofs
  /** What to write together with a batch. */
  readonly writesWith: (settled: Settled) => readonly Write[]
  /** Told when the disk does not take a batch; the replica tries again until it does. */
  readonly onDiskFailure: (error: Error) => void
}

/** Open the ledger of a store, beginning it with genesis where it is empty. */
export async function createReplica({ store, context, genesis, clock, proofs, writesWith, onDiskFailure }: Options) {
  const tree = createAccountsTree()
  const verdictRoots = createVerdictRoots({ store, proofs, clock })
  let head = await openHead()
  let halted = describe((await store.evidence())[0])
  const haltListeners = new Set<(why: string) => void>()
  const listeners = new Set<(settled: Settled) => void | Promise<void>>()
  let queue: Promise<unknown> = Promise.resolve()
  let isStopping = false
  verdictRoots.prepare()

  /** Run after everything asked before it. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = queue.then(task)
    queue = turn.catch(() => undefined)
    return turn
  }

  async function openHead(): Promise<Head> {
    const known = await store.head()
    if (known) {
      assert(equalBytes(known.sealed.header.network, context.network), 'a folder holds one network')
      let slot = 0
      for await (const leaf of store.leaves()) tree.set(slot++, leaf)
      return known
    }
    const changes = genesisChanges(context.rules, genesis)
    const leaves = setLeaves(changes)
    const chain = genesisChain(changes)
    const header = genesisHeader({ network: context.network, genesis }, { accountsRoot: tree.root(), chain })
    const sealed = { header, signature: new Uint8Array(64) }
    const begun = { sealed, hash: headerHash(header), chain }
    await store.commit({ batch: { sealed, ops: [] }, outcomes: [], opIds: [], changes, leaves, head: begun })
    return begun
  }

  function setLeaves(changes: readonly Change[]): Leaf[] {
    const leaves = changes.flatMap(({ table, key, after }) =>
      table === 'accounts' && after ? [{ slot: after.slot, leaf: leafOf(key, after) }] : [],
    )
    for (const { slot, leaf } of leaves) tree.set(slot, leaf)
    return leaves
  }

  function undoLeaves(changes: readonly Change[]): void {
    let kept = tree.count
    for (const { table, key, before, after } of changes) {
      if (table !== 'accounts') continue
      if (before) tree.set(before.slot, leafOf(key, before))
      else if (after) kept = Math.min(kept, after.slot)
    }
    tree.truncate(kept)
  }

  /** What a batch reads and begins with, and the context in which the proofs of its ops were looked at. */
  async function viewFor(
    time: bigint,
    ops: readonly Incoming[],
  ): Promise<{ view: Fetched; opening: Opening; within: Context }> {
    const due = await store.due(time)
    const view = await store.fetch([{ table: 'meta', key: metaKey }])
    const last = metaOf(view)
    const verdictRoot = await verdictRoots.of(context.rules, last, time)
    await store.fetch(
      [...touchesOfOpening(context, { due, last, time }), ...ops.flatMap(({ op }) => touches(context, op))],
      view,
    )
    const opening = { time, due, verdictRoot }
    return { view, opening, within: await provenWithin(proofs, { view, context, opening, ops }) }
  }

  /** Everything that follows from a batch's ops: what it changes, and the header that commits to it. */
  function conclude(
    time: bigint,
    { ops, root }: { ops: readonly Incoming[]; root: Uint8Array },
    replayed: { changes: readonly Change[]; applied: readonly Exclude<Applied, { kind: 'omitted' }>[] },
  ) {
    const outcomes = replayed.applied.map((applied, index) =>
      Outcome.encode(outcomeOf(context, ops[index]!.id, applied)),
    )
    const leaves = setLeaves(replayed.changes)
    const chain = chainHash(head.chain, replayed.changes)
    const meta = replayed.changes.find((change) => change.table === 'meta')!.after!
    const header: Header = {
      network: context.network,
      height: head.sealed.header.height + 1n,
      time,
      epoch: meta.epoch,
      previous: head.hash,
      opCount: ops.length,
      opsRoot: root,
      outcomeRoot: outcomeRoot(outcomes),
      stateRoot: stateRoot({ accountsRoot: tree.root(), chain }),
    }
    return { header, chain, kept: { outcomes, leaves, opIds: ops.map(({ id }) => id), changes: replayed.changes } }
  }

  /** Make it final: on disk first, then for everybody to see. A full disk is waited for; nothing is lost meanwhile. */
  async function finish(final: Final, settled: Settled): Promise<void> {
    for (;;) {
      try {
        await store.commit(final, writesWith(settled))
        break
      } catch (error) {
        if (isStopping) throw error
        onDiskFailure(error as Error)
        await new Promise<void>((resolve) => clock.after(1_000, resolve))
      }
    }
    const hasClosed = final.head.sealed.header.epoch !== head.sealed.header.epoch
    head = final.head
    if (hasClosed) verdictRoots.prepare()
    for (const listener of listeners) await listener(settled)
  }

  async function halt(first: SealedHeader, second: SealedHeader): Promise<void> {
    await store.keepEvidence({ first, second })
    standStill(describe({ first, second })!)
  }

  /** Replay nothing more, and say so once. */
  function standStill(why: string): void {
    if (halted) return
    halted = why
    for (const listener of haltListeners) listener(why)
  }

  /** A header of a height we have, by the host: either ours, or the proof that the host lied. */
  async function compare(sealed: SealedHeader): Promise<void> {
    const ours = await store.batch(sealed.header.height)
    if (!ours || sealed.header.height === 0n || !contradict(ours.sealed.header, sealed.header)) return
    if (headerIsBy(context, sealed)) await halt(ours.sealed, sealed)
  }

  return {
    context,
    get head() {
      return head
    },
    /** Why this replica stands still, or nothing. */
    get halted() {
      return halted
    },
    onSettled(listener: (settled: Settled) => void | Promise<void>): void {
      listeners.add(listener)
    },
    /** Called once, when this replica stops for ever. */
    onHalted(listener: (why: string) => void): void {
      haltListeners.add(listener)
    },
    /** Do something while the ledger stands still. */
    quietly: <T>(task: () => Promise<T>): Promise<T> => inTurn(task),
    /** Records as they are at the head. */
    view: (references: readonly Reference[], into?: Fetched): Promise<Fetched> => store.fetch(references, into),
    compare: (sealed: SealedHeader): Promise<void> => inTurn(() => compare(sealed)),

    /**
     * Make the next batch of as many ops as fit; `sign` is the host's. Says why ops were left out. Nothing is made where
     * there is nothing to do: no op, and nothing that opening a batch would change but the time.
     */
    produce(
      time: bigint,
      candidates: readonly Incoming[],
      sign: (digest: Uint8Array) => Uint8Array,
    ): Promise<Produced> {
      return inTurn(async () => {
        if (halted) return { made: undefined, omitted: [] }
        const { view, opening, within } = await viewFor(time, candidates)
        const { draft, isWorthIt, ops, applied, omitted } = choose(view, within, { opening, candidates })
        if (ops.length === 0 && !isWorthIt) return { made: undefined, omitted }
        const changes = draft.changes()
        const bytes = ops.map((op) => op.bytes)
        const { header, chain, kept } = conclude(time, { ops, root: opsRoot(bytes) }, { changes, applied })
        const hash = headerHash(header)
        const sealed = { header, signature: sign(hash) }
        const batch = { sealed, ops: bytes }
        const settled = { header, ops, applied }
        await finish({ batch, ...kept, head: { sealed, hash, chain } }, settled)
        return { made: { batch, settled }, omitted }
      })
    },

    /** Replay somebody's batch. Where it is the host's and yet wrong, this node keeps the evidence and stops. */
    accept(batch: Batch): Promise<'final' | NotTaken> {
      return inTurn(async () => {
        const { sealed } = batch
        const { header } = sealed
        if (halted) return 'halted'
        if (header.height <= head.sealed.header.height) {
          await compare(sealed)
          return 'stale'
        }
        if (header.height > head.sealed.header.height + 1n) return 'ahead'
        if (!headerIsBy(context, sealed)) return 'not-signed'
        if (header.time > BigInt(clock.now() + context.rules.clockSkewMs)) return 'early'
        // The op list is not signed itself: where it does not fit the header, it is the giver's fault, not the host's.
        if (!equalBytes(opsRoot(batch.ops), header.opsRoot)) return 'malformed'
        if (batch.ops.length > context.rules.batchOpsMax)
          return accuse(sealed, 'holds more operations than the rules allow')
        const fault = (why: string) => accuse(sealed, why)
        if (!equalBytes(header.previous, head.hash) || header.time < head.sealed.header.time)
          return fault('does not follow the batch before it')
        const ops: Incoming[] = []
        for (const bytes of batch.ops) {
          const read = readOp(bytes, context)
          if (!read.ok) return fault(`holds an operation that is ${read.reason}`)
          ops.push(read.value)
        }
        const { view, opening, within } = await viewFor(header.time, ops)
        const replayed = replay(view, within, { ...opening, ops })
        if (!replayed.ok) return fault(`holds an operation that no batch may hold (${replayed.reason})`)
        const { header: expected, chain, kept } = conclude(header.time, { ops, root: header.opsRoot }, replayed)
        const hash = headerHash(header)
        if (!equalBytes(headerHash(expected), hash)) {
          undoLeaves(replayed.changes)
          return fault('commits to another state than its operations lead to')
        }
        const settled = { header, ops, applied: replayed.applied }
        await finish({ batch, ...kept, head: { sealed, hash, chain } }, settled)
        return 'final'
      })
    },

    /** What a settled op cost and why, with the proof that its batch holds it. */
    async receipt(opId: Uint8Array): Promise<Receipt | undefined> {
      const place = await store.place(opId)
      const batch = place && (await store.batch(place.height))
      const outcomes = place && (await store.outcomes(place.height))
      if (!batch || !outcomes) return undefined
      const { index } = place
      return {
        sealed: { ...batch.sealed, header: { ...batch.sealed.header } },
        index,
        op: batch.ops[index]!,
        opPath: merkleProof(batch.ops.map(leafHash), index),
        outcome: outcomes[index]!,
        outcomePath: merkleProof(outcomes.map(leafHash), index),
      }
    },

    /** An account's place under the head's state root. */
    accountProof(address: Uint8Array): Promise<AccountProof | undefined> {
      return inTurn(async () => {
        const account = (await store.fetch([{ table: 'accounts', key: address }])).read('accounts', address)
        if (!account) return undefined
        const { slot } = account
        return {
          address,
          slot,
          record: encodeRecord('accounts', account),
          siblings: tree.proof(slot),
          chain: head.chain,
        }
      })
    },
    /** Wait until everything asked before is done; a disk that takes nothing is waited for no longer. */
    stop(): Promise<void> {
      isStopping = true
      return inTurn(async () => undefined)
    },
  }

  /** The host signed something that cannot be: keep its header against the last good one, and stop. */
  async function accuse(sealed: SealedHeader, why: string): Promise<'halted'> {
    await store.keepEvidence({ first: head.sealed, second: sealed })
    standStill(`The host's batch ${sealed.header.height} ${why}. ${standing}`)
    return 'halted'
  }
}

/** Take candidates in order, as far as they can be in a batch. */
function choose(
  view: View,
  context: Context,
  { opening, candidates }: { opening: Opening; candidates: readonly Incoming[] },
) {
  const draft = createDraft(view)
  const isWorthIt = openBatch(draft, context, opening)
  const ops: Incoming[] = []
  const applied: Exclude<Applied, { kind: 'omitted' }>[] = []
  const omitted: { incoming: Incoming; reason: Reason }[] = []
  for (const incoming of candidates) {
    if (ops.length === context.rules.batchOpsMax) break
    const result = apply(draft, context, incoming)
    if (result.kind === 'omitted') {
      omitted.push({ incoming, reason: result.reason })
      continue
    }
    writeAll(draft, result.changes)
    ops.push(incoming)
    applied.push(result)
  }
  return { draft, isWorthIt, ops, applied, omitted }
}

const standing =
  'This node keeps it as evidence and replays nothing more; ask the operators of the network what happened.'

const describe = (evidence: { first: SealedHeader; second: SealedHeader } | undefined): string | undefined => {
  if (!evidence) return undefined
  const { first, second } = evidence
  return first.header.height === second.header.height
    ? `The host signed two different batches at height ${second.header.height}. ${standing}`
    : `The host's batch ${second.header.height} is not what its operations lead to. ${standing}`
}
