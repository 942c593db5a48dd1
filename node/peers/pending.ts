/**
 * Operations that wait for a batch. Each account's wait in the order of their nonces, and what they may cost at most is
 * reserved while they wait: nobody can gossip more than they can pay for.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { apply, statementOf } from '../../protocol/ledger.ts'
import type { ByAccount } from '../../protocol/operation.ts'
import { operationOf } from '../../protocol/operations.ts'
import { touches } from '../../protocol/touches.ts'
import { no, type Reason, type Result, yes } from '../../protocol/reason.ts'
import type { Rules } from '../../protocol/rules.ts'
import { type Account, metaOf, type Records, type Reference, type TableName, type View } from '../../protocol/state.ts'
import { isAnonymous, type Op } from '../../protocol/wire.ts'
import type { Replica, Settled } from '../ledger/replica.ts'
import type { Clock, Proofs } from '../seams.ts'

/** The most ops one node lets wait, and the most of one account. */
export const pendingMax = 20_000
const perAccountMax = 256

export type Waiting = Incoming & {
  /** When this node first saw it, by its own clock. */
  readonly since: number
  /** The peer that brought it; our own have none. */
  readonly from: string | undefined
}

export type Pending = ReturnType<typeof createPending>

/** An empty pool over a replica. */
export function createPending(
  replica: Replica,
  { clock: { now }, proofs }: { clock: Pick<Clock, 'now'>; proofs: Pick<Proofs, 'verify'> },
) {
  const { context } = replica
  const byId = new Map<string, Waiting>()
  /** What waits in a row: the ops of an account, or one of nobody's under its nullifier. */
  const byLane = new Map<string, Waiting[]>()
  const messages = new Set<string>()

  function remove(waiting: Waiting): void {
    const { lane, message } = waiting
    byId.delete(bytesToHex(waiting.id))
    const left = (byLane.get(lane) ?? []).filter((other) => other !== waiting)
    if (left.length > 0) byLane.set(lane, left)
    else byLane.delete(lane)
    if (message) messages.delete(bytesToHex(message))
  }

  /** What of an account waits without a gap from a nonce on, and so is settled before anything later. */
  function rowFrom(address: Uint8Array, nonce: bigint): Waiting[] {
    const row: Waiting[] = []
    for (const waiting of byLane.get(bytesToHex(address)) ?? [])
      if (waiting.op.nonce === nonce + BigInt(row.length)) row.push(waiting)
    return row
  }

  /**
   * Records that fit to what waits now. A batch that settles while they are read would leave an account with the nonce
   * of before it and none of its ops waiting, and honest ops would be refused.
   */
  async function viewOfHead(references: readonly Reference[]): Promise<View> {
    for (let tries = 1; ; tries++) {
      const { head } = replica
      const view = await replica.view(references)
      if (replica.head === head || tries === 8) return view
    }
  }

  /** What waits already and leaves no place for an op. */
  function conflict({ op, lane, message }: Incoming): Reason | undefined {
    const others = byLane.get(lane) ?? []
    if (isAnonymous(op.action) && others.length > 0) return 'nullifier-pending'
    if (message && messages.has(bytesToHex(message))) return 'message-pending'
    if (others.some((other) => other.op.nonce === op.nonce)) return 'nonce-pending'
    return byId.size >= pendingMax || others.length >= perAccountMax ? 'queue-full' : undefined
  }

  /** Look at an op against the state and everything that already waits before it. */
  async function check(incoming: Incoming): Promise<Result<void>> {
    const { op, id } = incoming
    const early = conflict(incoming)
    if (early) return no(early)
    const view = await viewOfHead(touches(context, op))
    // The state was read meanwhile, and others may have been taken in.
    const late = conflict(incoming)
    if (late) return no(late)
    const account = isAnonymous(op.action) ? undefined : view.read('accounts', op.account)
    const ahead = account && withPending(context.rules, account, rowFrom(op.account, account.nonce))
    const state = atTime(withAccount(view, op.account, ahead), now())
    // A proof costs more to check than everything else together, so it is looked at last.
    const result = apply(state, { ...context, verifyProof: () => true }, { op, id, signature: incoming.signature })
    if (result.kind !== 'settled') return no(result.reason)
    const statement = statementOf(state, context, op)
    return !statement || (await proofs.verify([statement]))[0] ? yes(undefined) : no('unproven')
  }

  return {
    get size() {
      return byId.size
    },
    check,
    /** Take an op in. Refuses what `apply` would, and: queue-full, nonce-pending, message-pending. */
    async add(incoming: Incoming, from: string | undefined): Promise<Result<'new' | 'known'>> {
      const known = byId.get(bytesToHex(incoming.id))
      // The id is of what was signed: the same under another signature would be gossiped anew, without end and for free.
      if (known) return equalBytes(known.bytes, incoming.bytes) ? yes('known') : no('nonce-pending')
      const checked = await check(incoming)
      if (!checked.ok) return checked
      const taken = conflict(incoming)
      if (taken) return no(taken)
      const { lane, message } = incoming
      const others = byLane.get(lane) ?? []
      const waiting = { ...incoming, since: now(), from }
      byId.set(bytesToHex(incoming.id), waiting)
      byLane.set(lane, [...others, waiting].sort(byNonce))
      if (message) messages.add(bytesToHex(message))
      return yes('new')
    },
    get: (id: Uint8Array): Waiting | undefined => byId.get(bytesToHex(id)),
    has: (id: Uint8Array): boolean => byId.has(bytesToHex(id)),
    /** In the order in which they came. */
    list: (): Waiting[] => [...byId.values()],
    /** The first nonce that is free to an account, by the nonce that the ledger has for it. */
    nextNonce: (account: Uint8Array, used: bigint): bigint => used + BigInt(rowFrom(account, used).length),
    /** What waits of one account, in the order of nonces. */
    of: (account: Uint8Array): readonly Waiting[] => byLane.get(bytesToHex(account)) ?? [],
    /** How many of an account wait. */
    count: (account: Uint8Array): number => byLane.get(bytesToHex(account))?.length ?? 0,
    remove,
    /**
     * Forget what is past its expiry by this node's own clock; says what it forgot. Where no batches are made, nothing
     * else would, and what is signed anew would find its nonce taken.
     */
    expire(): Waiting[] {
      const gone = [...byId.values()].filter(({ op }) => !isAnonymous(op.action) && op.expiry < BigInt(now()))
      for (const waiting of gone) remove(waiting)
      return gone
    },
    /** Forget what a batch settled, and what can no longer be in any; says what it forgot. */
    settle({ header, ops, applied }: Settled): Waiting[] {
      const used = new Map<string, bigint>()
      for (const { op, lane } of ops) used.set(lane, op.nonce)
      const settled = ops.filter((_, at) => applied[at]!.kind === 'settled')
      const registered = new Set(
        settled.flatMap(({ op: { action } }) => named(operationOf(action).registers(action.data))),
      )
      // What can never settle any more goes, or no other could be made in its place.
      const isEnded = ({ action }: Op) =>
        named(operationOf(action).endsWith(action.data)).some((it) => registered.has(it))
      const gone = [...byId.values()].filter(({ op }) => isOver(op, header) || isEnded(op))
      for (const [lane, nonce] of used) gone.push(...(byLane.get(lane) ?? []).filter(({ op }) => op.nonce <= nonce))
      for (const waiting of gone) remove(waiting)
      return gone
    },
  }
}

/** Whether no batch after this one can hold an op: it expired, or what it proves is about an epoch that is over. */
function isOver({ action, expiry }: Op, { time, epoch }: { time: bigint; epoch: number }): boolean {
  const { author, epoch: epochOf } = operationOf(action)
  return (author.kind === 'account' && expiry < time) || (epochOf(action.data) ?? epoch) < epoch
}

/** What an account has left once an op took all it may: at most the balance, and an inclusion fee. */
export function fundsAfter(rules: Rules, funds: bigint, op: Op): bigint {
  const { inclusionFee, reserve } = rules
  const left = funds > inclusionFee ? funds - inclusionFee : 0n
  const balance = left > reserve ? left - reserve : 0n
  const cost = authorOf(op)?.costMax(rules, op.action.data) ?? 0n
  return left - (cost < balance ? cost : balance)
}

/** An account as its next op will find it, if everything before it costs as much as it may. */
const withPending = (rules: Rules, account: Account, before: readonly Waiting[]): Account => ({
  ...account,
  funds: before.reduce((left, { op }) => fundsAfter(rules, left, op), account.funds),
  nonce: account.nonce + BigInt(before.length),
  signingKey: keyAfter(account, before),
})

const withAccount = (view: View, address: Uint8Array, account: Account | undefined): View => ({
  read: <T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined =>
    account && table === 'accounts' && equalBytes(key, address) ? (account as Records[T]) : view.read(table, key),
})

/** The state as the next batch will find it, however long ago the last one was. */
export function atTime(view: View, now: number): View {
  const meta = metaOf(view)
  if (meta.time >= BigInt(now)) return view
  return {
    read: <T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined =>
      table === 'meta' ? ({ ...meta, time: BigInt(now) } as Records[T]) : view.read(table, key),
  }
}

/** The signing key an account has once what waits is settled. */
const keyAfter = (account: Account, before: readonly Waiting[]): Uint8Array | undefined =>
  before.reduce((key, { op }) => authorOf(op)?.nextKey(op.action.data) ?? key, account.signingKey)

/** What the account of an op answers for; nothing where the op is nobody's. */
function authorOf({ action }: Op): ByAccount<unknown> | undefined {
  const { author } = operationOf(action)
  return author.kind === 'account' ? author : undefined
}

/** An address as sets have it; none of none. */
const named = (address: Uint8Array | undefined): string[] => (address ? [bytesToHex(address)] : [])

const byNonce = (a: Waiting, b: Waiting): number => (a.op.nonce < b.op.nonce ? -1 : 1)
