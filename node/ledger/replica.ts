/**
 * The replica: this node's copy of the ledger. It makes batches for its anchor, which has them put in order, replays
 * everybody's, and stands still for ever where the host has lied. One thing at a time, in the order of asking.
 */
import { type AccountsTree, createAccountsTree } from '../../protocol/accounts.ts'
import { headerHash, type SealedHeader } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { genesisChain, genesisChanges, genesisHeader } from '../../protocol/genesis.ts'
import type { Batch } from '../../protocol/gossip.ts'
import type { AccountProof, Receipt } from '../../protocol/receipt.ts'
import type { Genesis } from '../../protocol/rules.ts'
import type { Fetched, Reference } from '../../protocol/state.ts'
import type { Clock, Proofs } from '../seams.ts'
import { createTurns } from '../turns.ts'
import { setLeaves, undoLeaves } from './account-leaves.ts'
import { checkBatch, orderedBatch, type Unfit, whyUnfit } from './batch-checking.ts'
import { makeBatch, type Omitted } from './batch-making.ts'
import type { NextBatch, SettledBatch } from './batch-steps.ts'
import { DamageError } from './damage.ts'
import { openHostWatch } from './evidence.ts'
import { accountProofOf, receiptOf } from './inclusion-proofs.ts'
import { type Head, keyIn, type Store, type Write } from './store.ts'
import { createVerdictRoots } from './verdict-roots.ts'

/** Why a batch did not become final. `ahead` and `early` may pass; `stale` and `halted` are nobody's fault. */
type NotTaken = Unfit | 'stale' | 'halted'

/** A batch that was made and is not written: it is taken once it is in order for all, or dropped. */
export type MadeBatch = NextBatch

/** The next batch as it was made, where there is anything for it, and what was left out of it. */
type Made = { readonly made: MadeBatch | undefined; readonly omitted: readonly Omitted[] }

/** What came of making a batch and taking it at once. */
type Produced = {
  readonly made: { readonly batch: Batch; readonly settled: SettledBatch } | undefined
  readonly omitted: readonly Omitted[]
}

export type Replica = Awaited<ReturnType<typeof createReplica>>

type Options = {
  readonly store: Store
  readonly context: Context
  readonly genesis: Genesis
  readonly clock: Clock
  readonly proofs: Proofs
  /** What to write together with a batch. */
  readonly writesWith: (settled: SettledBatch) => readonly Write[]
  /** Told when the disk does not take a batch; the replica tries again until it does. */
  readonly onDiskFailure: (error: Error) => void
}

/** A batch that the disk does not take is tried again after so long. */
const diskRetryMs = 1_000

/** Open the ledger of a store, beginning it with genesis where it is empty. */
export async function createReplica({ store, context, genesis, clock, proofs, writesWith, onDiskFailure }: Options) {
  const tree = createAccountsTree()
  const verdictRoots = createVerdictRoots({ store, proofs, clock })
  const sources = { context, store, verdictRoots, proofs }
  const listeners = new Set<(settled: SettledBatch) => void | Promise<void>>()
  const inTurn = createTurns()
  let isStopping = false
  let head = (await openedHead(store, context, tree)) ?? (await begunHead(store, { context, genesis, tree }))
  let signedTo = await store.signedTo()
  /** The batch that was made last: the tree is ahead by its accounts until it is taken or dropped. */
  let standing: MadeBatch | undefined
  const hostWatch = await openHostWatch({ context, store })
  verdictRoots.prepare()

  /** Make a batch final: on disk first, then for everybody to see. */
  async function finish({ final, settled }: NextBatch): Promise<void> {
    const write = () => store.commit(final, writesWith(settled))
    await written(write, { clock, onDiskFailure, isStopping: () => isStopping })
    const hasClosed = final.head.sealed.header.epoch !== head.sealed.header.epoch
    head = final.head
    if (hasClosed) verdictRoots.prepare()
    for (const listener of listeners) await listener(settled)
  }

  /** Take what was made and is not final out of the tree again. */
  function drop(): void {
    if (standing) undoLeaves(tree, standing.final.changes)
    standing = undefined
  }

  async function make(
    time: bigint,
    candidates: readonly Incoming[],
    sign: (digest: Uint8Array) => Uint8Array,
  ): Promise<Made> {
    if (hostWatch.halted() || head.sealed.header.height < signedTo) return { made: undefined, omitted: [] }
    const { next, omitted } = await makeBatch(sources, { head, tree }, { time, candidates, sign })
    standing = next
    return { made: next, omitted }
  }

  async function take(made: MadeBatch): Promise<'final' | 'stale'> {
    if (made !== standing) return 'stale'
    standing = undefined
    await finish(made)
    return 'final'
  }

  async function produce(...wish: Parameters<typeof make>): Promise<Produced> {
    const { made, omitted } = await make(...wish)
    if (made) await take(made)
    return { made: made && { batch: made.final.batch, settled: made.settled }, omitted }
  }

  /** One thing at a time; what was made and is neither taken nor dropped when the next comes is dropped by that. */
  const alone = <T>(task: () => Promise<T>): Promise<T> =>
    inTurn(() => {
      drop()
      return task()
    })

  async function accept(batch: Batch): Promise<'final' | NotTaken> {
    const { sealed } = batch
    if (hostWatch.halted()) return 'halted'
    if (sealed.header.height <= head.sealed.header.height) {
      await hostWatch.compare(sealed)
      return 'stale'
    }
    const unfit = whyUnfit(batch, { context, head, nowMs: clock.now() })
    if (unfit) return unfit
    const checked = await checkBatch(sources, { head, tree }, batch)
    if (!checked.ok) {
      await hostWatch.accuse(head.sealed, sealed, checked.fault)
      return 'halted'
    }
    await finish(checked.next)
    return 'final'
  }

  return {
    context,
    get head() {
      return head
    },
    /** Why this replica stands still, or nothing. */
    get halted() {
      return hostWatch.halted()
    },
    /** Called with each batch once it is on disk, and waited for before the next. */
    onSettled(listener: (settled: SettledBatch) => void | Promise<void>): void {
      listeners.add(listener)
    },
    onHalted: hostWatch.onHalted,
    /** Do something while the ledger stands still. */
    quietly: alone,
    /** Records as they are at the head. */
    view: (references: readonly Reference[], into?: Fetched): Promise<Fetched> => store.fetch(references, into),
    /** A header of a height that we have: ours, or evidence against the host. */
    compare: (sealed: SealedHeader): Promise<void> => inTurn(() => hostWatch.compare(sealed)),
    /**
     * Make the next batch of as many ops as fit, and write nothing; `sign` is the host's. Makes none where there is nothing
     * to do, or where the next height was signed before its log was damaged: that batch comes from peers.
     */
    make: (...wish: Parameters<typeof make>): Promise<Made> => alone(() => make(...wish)),
    /** What was made is in order for all: it becomes final, unless anything was asked of the replica since. */
    take: (made: MadeBatch): Promise<'final' | 'stale'> => inTurn(() => take(made)),
    /** What was made is not to be. */
    drop: (): Promise<void> => alone(async () => undefined),
    /** Make a batch and take it, with nothing between: for an anchor that orders by its own word. */
    produce: (...wish: Parameters<typeof make>): Promise<Produced> => alone(() => produce(...wish)),
    /** Make a batch final of what an anchor has in order for all, whatever that is. Says what became of each entry. */
    order: (wish: { readonly time: bigint; readonly entries: readonly Uint8Array[] }): Promise<SettledBatch> =>
      alone(async () => {
        const next = await orderedBatch(sources, { head, tree }, wish)
        await finish(next)
        return next.settled
      }),
    /** Up to which height batches were signed that are lost here, so that none is signed; nothing where the log is whole. */
    lostTo: (): bigint | undefined => (head.sealed.header.height < signedTo ? signedTo : undefined),
    /** Sign those heights anew. Where anybody has one of the lost batches, that is evidence against the host, and everybody stops. */
    giveUpLost: (): Promise<void> =>
      inTurn(async () => {
        await store.write([{ key: keyIn('signed'), value: undefined }])
        signedTo = 0n
      }),
    /** Replay somebody's batch. Where it is the host's and yet wrong, this node keeps the evidence and stops. */
    accept: (batch: Batch): Promise<'final' | NotTaken> => alone(() => accept(batch)),
    /** What a settled op cost and why, with the proof that its batch holds it. */
    receipt: (opId: Uint8Array): Promise<Receipt | undefined> => receiptOf(store, opId),
    /** An account's place under the head's state root. */
    accountProof: (address: Uint8Array): Promise<AccountProof | undefined> =>
      alone(() => accountProofOf(store, { tree, head }, address)),
    /** Wait until everything asked before is done; a disk that takes nothing is waited for no longer. */
    stop(): Promise<void> {
      isStopping = true
      return inTurn(async () => undefined)
    },
  }
}

/** Write until the disk takes it: a full one is waited for, and nothing is lost meanwhile. Throws where the node stops first. */
async function written(
  write: () => Promise<void>,
  { clock, onDiskFailure, isStopping }: Pick<Options, 'clock' | 'onDiskFailure'> & { isStopping: () => boolean },
): Promise<void> {
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (isStopping()) throw error
      onDiskFailure(error as Error)
      await new Promise<void>((resolve) => clock.after(diskRetryMs, resolve))
    }
  }
}

/** The head of a ledger that was begun before, with the accounts' tree filled; nothing where the store is empty. */
async function openedHead(
  store: Pick<Store, 'head' | 'leaves'>,
  { network }: Pick<Context, 'network'>,
  tree: Pick<AccountsTree, 'set'>,
): Promise<Head | undefined> {
  const known = await store.head()
  if (!known) return undefined
  if (!equalBytes(known.sealed.header.network, network))
    throw new DamageError(
      'The database in this home is of another network than its network file. Put the right file in place, or run `bmail doctor --repair`.',
    )
  let slot = 0
  for await (const leaf of store.leaves()) tree.set(slot++, leaf)
  return known
}

/** Begin a ledger with genesis. */
async function begunHead(
  store: Pick<Store, 'commit'>,
  { context, genesis, tree }: { readonly context: Context; readonly genesis: Genesis; readonly tree: AccountsTree },
): Promise<Head> {
  const changes = genesisChanges(context.rules, genesis)
  const leaves = setLeaves(tree, changes)
  const chain = genesisChain(changes)
  const header = genesisHeader({ network: context.network, genesis }, { accountsRoot: tree.root(), chain })
  const sealed = { header, signature: new Uint8Array(64) }
  const head = { sealed, hash: headerHash(header), chain }
  await store.commit({ batch: { sealed, ops: [] }, outcomes: [], opIds: [], changes, leaves, head })
  return head
}
