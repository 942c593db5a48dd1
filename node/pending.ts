/**
 * Operations that wait for a batch. Each account's wait in the order of their nonces, and what they may cost at most is
 * reserved while they wait: nobody can gossip more than they can pay for.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { addressOf } from '../protocol/address.ts'
import { equalBytes } from '../protocol/codec.ts'
import type { Incoming } from '../protocol/doorway.ts'
import { messageId } from '../protocol/envelope.ts'
import { apply, statementOf } from '../protocol/ledger.ts'
import { touches } from '../protocol/touches.ts'
import { no, type Reason, type Result, yes } from '../protocol/reason.ts'
import type { Rules } from '../protocol/rules.ts'
import {
  type Account,
  fieldKey,
  metaOf,
  type Records,
  type Reference,
  type TableName,
  type View,
} from '../protocol/state.ts'
import { isAnonymous, type Op } from '../protocol/wire.ts'
import type { Replica, Settled } from './replica.ts'
import type { Clock, Proofs } from './seams.ts'

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
  /** Anonymous ops have no account; each waits alone under its nullifier. */
  const byAccount = new Map<string, Waiting[]>()
  const messages = new Set<string>()

  function remove(waiting: Waiting): void {
    const account = laneOf(waiting.op)
    byId.delete(bytesToHex(waiting.id))
    const left = (byAccount.get(account) ?? []).filter((other) => other !== waiting)
    if (left.length > 0) byAccount.set(account, left)
    else byAccount.delete(account)
    const message = messageOf(context.network, waiting.op)
    if (message) messages.delete(message)
  }

  /** What of an account waits without a gap from a nonce on, and so is settled before anything later. */
  function rowFrom(address: Uint8Array, nonce: bigint): Waiting[] {
    const row: Waiting[] = []
    for (const waiting of byAccount.get(bytesToHex(address)) ?? [])
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
  function conflict({ op }: Incoming): Reason | undefined {
    const others = byAccount.get(laneOf(op)) ?? []
    const message = messageOf(context.network, op)
    if (isAnonymous(op.action) && others.length > 0) return 'nullifier-pending'
    if (message && messages.has(message)) return 'message-pending'
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
      const account = laneOf(incoming.op)
      const message = messageOf(context.network, incoming.op)
      const others = byAccount.get(account) ?? []
      const waiting = { ...incoming, since: now(), from }
      byId.set(bytesToHex(incoming.id), waiting)
      byAccount.set(account, [...others, waiting].sort(byNonce))
      if (message) messages.add(message)
      return yes('new')
    },
    get: (id: Uint8Array): Waiting | undefined => byId.get(bytesToHex(id)),
    has: (id: Uint8Array): boolean => byId.has(bytesToHex(id)),
    /** In the order in which they came. */
    list: (): Waiting[] => [...byId.values()],
    /** The first nonce that is free to an account, by the nonce that the ledger has for it. */
    nextNonce: (account: Uint8Array, used: bigint): bigint => used + BigInt(rowFrom(account, used).length),
    /** What waits of one account, in the order of nonces. */
    of: (account: Uint8Array): readonly Waiting[] => byAccount.get(bytesToHex(account)) ?? [],
    /** How many of an account wait. */
    count: (account: Uint8Array): number => byAccount.get(bytesToHex(account))?.length ?? 0,
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
      for (const { op } of ops) used.set(laneOf(op), op.nonce)
      const opened = new Set(ops.flatMap(({ op }, at) => (applied[at]!.kind === 'settled' ? opens(op) : [])))
      const gone = [...byId.values()].filter(({ op }) => isOver(op, header) || redeemsTo(op, opened))
      for (const [account, nonce] of used)
        gone.push(...(byAccount.get(account) ?? []).filter(({ op }) => op.nonce <= nonce))
      for (const waiting of gone) remove(waiting)
      return gone
    },
  }
}

/** What an op waits in a row with: its account, or its nullifier alone. */
export const laneOf = ({ account, action }: Op): string =>
  action.TAG === 'renew' || action.TAG === 'stampRedeem'
    ? bytesToHex(fieldKey(action.data.nullifier))
    : bytesToHex(account)

/** Whether no batch after this one can hold an op: it expired, or its proof is about an epoch that is over. */
function isOver({ action, expiry }: Op, { time, epoch }: { time: bigint; epoch: number }): boolean {
  if (!isAnonymous(action) && expiry < time) return true
  return (action.TAG === 'pass' || action.TAG === 'renew' || action.TAG === 'stampRedeem') && action.data.epoch < epoch
}

/** The address that an op registers, if any. */
function opens({ action }: Op): string[] {
  if (action.TAG === 'register') return [bytesToHex(addressOf(action.data.signingKey))]
  return action.TAG === 'stampRedeem' && action.data.registration ? [bytesToHex(action.data.to)] : []
}

/**
 * Whether an op redeems a stamp to an address that it would register, and that is registered now. Anybody can see to that
 * with the consent that the op itself carries; if it went on waiting, no other could be proven for its stamp.
 */
const redeemsTo = (op: Op, registered: ReadonlySet<string>): boolean =>
  op.action.TAG === 'stampRedeem' && opens(op).some((address) => registered.has(address))

/** The most that an op can cost beside its inclusion fee. */
function costAtMost({ identity }: Rules, { action }: Op): bigint {
  switch (action.TAG) {
    case 'send':
      return action.data.feeMax
    case 'transfer':
      return action.data.amount
    case 'grant':
      return action.data.allowance
    case 'register':
      return action.data.sponsorship?.amount ?? 0n
    case 'enroll':
      return identity.enrolFee
    case 'stampBuy':
      return action.data.denomination
    default:
      return 0n
  }
}

/** What an account has left once an op took all it may: at most the balance, and an inclusion fee. */
export function fundsAfter(rules: Rules, funds: bigint, op: Op): bigint {
  const { inclusionFee, reserve } = rules
  const left = funds > inclusionFee ? funds - inclusionFee : 0n
  const balance = left > reserve ? left - reserve : 0n
  const cost = costAtMost(rules, op)
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
function keyAfter(account: Account, before: readonly Waiting[]): Uint8Array | undefined {
  let key = account.signingKey
  for (const { op } of before) {
    if (op.action.TAG === 'register' && !op.action.data.sponsorship) key = op.action.data.signingKey
    if (op.action.TAG === 'rekey' && op.action.data.signing) key = op.action.data.signing.key
  }
  return key
}

const messageOf = (network: Uint8Array, { account, action }: Op): string | undefined =>
  action.TAG === 'send' ? bytesToHex(messageId({ network, sender: account, ...action.data })) : undefined

const byNonce = (a: Waiting, b: Waiting): number => (a.op.nonce < b.op.nonce ? -1 : 1)
