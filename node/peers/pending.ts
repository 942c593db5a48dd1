/**
 * Operations that wait for a batch. Each account's wait in the order of their nonces, and what they say
 * that they pay is set aside while they wait: nobody can gossip more than they can pay for.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import { costOf, registeredBy } from '../../protocol/custody.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { settle, statementOf } from '../../protocol/ledger.ts'
import { operationOf } from '../../protocol/operations.ts'
import { no, type Reason, type Result, yes } from '../../protocol/reason.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Reference, View } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { isAnonymous, type Op } from '../../protocol/wire.ts'
import { didSomething, type SettledBatch } from '../ledger/batch-steps.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock, Proofs } from '../seams.ts'
import { afterOwn, atTime } from './state-ahead.ts'
import { createWaitingOps, type Waiting, type WaitingOps } from './waiting-ops.ts'

/** How often records are read again because a batch became final while they were read. */
const readsMax = 8

/** Reasons that an account brings upon what waits of it, by what it has settled before: the host leaves that out for good. */
const ownDoing: ReadonlySet<Reason> = new Set([
  'price-short',
  'funds-short',
  'allowance-short',
  'pass-unknown',
  'ack-repeated',
  'give-back-repeated',
])

type Options = { readonly clock: Pick<Clock, 'now'>; readonly proofs: Pick<Proofs, 'verify'> }

export type Pending = ReturnType<typeof createPending>

/** An empty pool over a replica. */
export function createPending(
  replica: Pick<Replica, 'context' | 'head' | 'view'>,
  { clock: { now }, proofs }: Options,
) {
  const { context } = replica
  const ops = createWaitingOps()

  /** A state as an op will find it in the next batch, once everything that waits before the op is settled. */
  function aheadOf(view: View, op: Op): View {
    const account = isAnonymous(op.action) ? undefined : view.read('accounts', op.account)
    if (!account) return atTime(view, now())
    const before = ops.gaplessFrom(op.account, account.nonce)
    return atTime(afterOwn(view, { address: op.account, account, ops: before }), now())
  }

  /** Look at an op against the state and everything that already waits before it. */
  async function check(incoming: Incoming): Promise<Result<void>> {
    const { op } = incoming
    const early = ops.conflict(incoming)
    if (early) return no(early)
    const view = await readAtOneHead(replica, touches(context, incoming))
    // While the state was read, other ops may have been taken in.
    const late = ops.conflict(incoming)
    if (late) return no(late)
    const state = aheadOf(view, op)
    // A proof costs more to check than everything else together, so it is looked at last.
    const result = settle(state, { ...context, verifyProof: () => true }, incoming)
    if (!result.ok) return result
    if (!leavesReserve(context.rules, state, incoming)) return no('reserve-short')
    const statement = statementOf(state, context, op)
    return !statement || (await proofs.verify([statement]))[0] ? yes(undefined) : no('unproven')
  }

  /** Whether its own account's doing keeps the first op of a lane out of any batch. Its proof was looked at when it came. */
  async function isLeftOut(first: Waiting): Promise<boolean> {
    const view = await readAtOneHead(replica, touches(context, first))
    const result = settle(atTime(view, now()), { ...context, verify: () => true, verifyProof: () => true }, first)
    return !result.ok && ownDoing.has(result.reason)
  }

  function removeAll(gone: readonly Waiting[]): readonly Waiting[] {
    for (const waiting of gone) ops.remove(waiting)
    return gone
  }

  return {
    get size() {
      return ops.size
    },
    check,
    /** Take an op in. Refuses what `settle` does, and: reserve-short, unproven, queue-full, nonce-pending, message-pending, nullifier-pending. */
    async add(incoming: Incoming, from: string | undefined): Promise<Result<'new' | 'known'>> {
      const known = ops.get(incoming.id)
      // The id is of what was signed: the same under another signature would be gossiped anew, without end and for free.
      if (known) return equalBytes(known.bytes, incoming.bytes) ? yes('known') : no('nonce-pending')
      const checked = await check(incoming)
      if (!checked.ok) return checked
      // While the proof was looked at, too.
      const conflict = ops.conflict(incoming)
      if (conflict) return no(conflict)
      ops.put({ ...incoming, since: now(), from })
      return yes('new')
    },
    get: ops.get,
    has: ops.has,
    list: ops.list,
    of: ops.of,
    /** The first nonce that is free to an account, by the nonce that the ledger has for it. */
    nextNonce: (account: Uint8Array, used: bigint): bigint => used + BigInt(ops.gaplessFrom(account, used).length),
    /** How many ops of an account wait. */
    count: (account: Uint8Array): number => ops.of(account).length,
    remove: ops.remove,
    /**
     * Forget ops that are past their expiry by this node's own clock, or were taken while it was ahead and expire too far
     * off; says which. Where no batches are made, nothing else forgets them, and an op that is signed anew would find its
     * nonce taken.
     */
    expire(): readonly Waiting[] {
      const [first, last] = [BigInt(now()), latestExpiry(replica, now())]
      const isGone = ({ action, expiry }: Op) => !isAnonymous(action) && (expiry < first || expiry > last)
      return removeAll(ops.list().filter(({ op }) => isGone(op)))
    },
    /** Forget what a batch settled, and what can no longer be in any; says what it forgot. */
    settle: (settled: SettledBatch): readonly Waiting[] => removeAll(overWith(settled, ops)),
    /**
     * Forget what became too dear, or cannot be paid any more, by what its own account had settled in a batch: the host
     * leaves it out, and while it waited here, nothing else could be taken in under its nonce. Says what it forgot.
     */
    async settleNext({ ops: settled }: Pick<SettledBatch, 'ops'>): Promise<readonly Waiting[]> {
      const lanes = new Set(settled.flatMap(({ lane }) => (lane === undefined ? [] : [lane])))
      const gone: Waiting[] = []
      for (const lane of lanes) {
        const [first] = ops.inLane(lane)
        if (first && (await isLeftOut(first)) && ops.get(first.id) === first) gone.push(first)
      }
      return removeAll(gone)
    },
  }
}

/**
 * The latest expiry that a batch takes now, by our clock or the last batch, whichever is later, and by a clock that is ahead
 * as far as the rules let it be; milliseconds since 1970.
 */
export function latestExpiry(
  { head, context: { rules } }: { readonly head: Replica['head']; readonly context: Pick<Replica['context'], 'rules'> },
  nowMs: number,
): bigint {
  const { time } = head.sealed.header
  const now = BigInt(nowMs)
  return (now > time ? now : time) + BigInt(rules.expiryMaxMs + rules.clockSkewMs)
}

/**
 * Records as they are at one head. A batch may become final while they are read. The account would have the nonce from
 * before that batch then, and its ops that the batch settled would wait no longer: to the next op there would be a gap in
 * front of it, and an honest op would be refused. So they are read again, as often as is reasonable.
 */
async function readAtOneHead(replica: Pick<Replica, 'head' | 'view'>, references: readonly Reference[]): Promise<View> {
  for (let reads = 1; ; reads++) {
    const { head } = replica
    const view = await replica.view(references)
    if (replica.head === head || reads === readsMax) return view
  }
}

/** The ops that a batch settled or put an end to: their nonce or nullifier is used, or no later batch can hold them. */
function overWith({ header, ops, applied }: SettledBatch, waiting: Pick<WaitingOps, 'list' | 'inLane'>): Waiting[] {
  const used = new Map<string, bigint>()
  const done = ops.filter((_, at) => didSomething(applied[at]!))
  for (const { lane, money } of done) if (lane !== undefined) used.set(lane, money?.author?.nonce ?? 0n)
  const registered = new Set(done.flatMap(({ money }) => named(money && registeredBy(money))))
  // An op that would register somebody makes way once they are registered: while it waits, no other can take its place.
  const isEnded = ({ action }: Op) =>
    named(operationOf(action).endsWith(action.data)).some((address) => registered.has(address))
  const over = waiting.list().filter(({ op }) => isOver(op, header) || isEnded(op))
  const passed = [...used].flatMap(([lane, nonce]) => waiting.inLane(lane).filter(({ op }) => op.nonce <= nonce))
  return [...over, ...passed]
}

/** Whether no batch after this one can hold an op: it expired, or what it proves is about an epoch that is over. */
function isOver({ action, expiry }: Op, { time, epoch }: { time: bigint; epoch: number }): boolean {
  const { author, epoch: epochOf } = operationOf(action)
  return (author.kind === 'account' && expiry < time) || (epochOf(action.data) ?? epoch) < epoch
}

/**
 * Whether an account keeps its reserve. It is no rule of the ledger, which lets everybody spend everything, but of those who
 * relay: so whoever floods them with what then does not settle has funds that lie still meanwhile.
 */
function leavesReserve({ reserve }: Rules, state: View, { money }: Incoming): boolean {
  const cost = costOf(money)
  return !money.author || cost <= 0n || state.read('accounts', money.author.account)!.funds - cost >= reserve
}

/** An address as sets have it; none of none. */
const named = (address: Uint8Array | undefined): string[] => (address ? [bytesToHex(address)] : [])
