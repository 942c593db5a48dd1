/**
 * The state transition: the deterministic machine that replays batches. `touches.ts` names what an op reads, `apply` checks
 * everything and returns changes, `replay` does a whole batch. Same batches, same state, everywhere.
 */
import { balanceOf } from './account.ts'
import { assert } from './assert.ts'
import { advanceCheckpoint, commitVerdicts, type VerdictRoot } from './checkpoint.ts'
import type { Context } from './context.ts'
import { costOf, type Given, type Money, move, signerOf } from './custody.ts'
import type { Incoming } from './doorway.ts'
import { advanceEpoch } from './epoch.ts'
import { withLow } from './firm.ts'
import type { Sent } from './fee.ts'
import { burnsInclusion } from './operation.ts'
import { operationOf } from './operations.ts'
import { advanceMarket } from './price.ts'
import { type Charge, isCharge, no, type Reason, type Result, yes } from './reason.ts'
import {
  type Change,
  createDraft,
  type Draft,
  imbalance,
  type Meta,
  metaKey,
  metaOf,
  type View,
  writeAll,
} from './state.ts'
import type { Statement } from './statement.ts'
import type { Op } from './wire.ts'

/** What became of an op: settled, refused at the cost of an inclusion fee, or not fit for any batch. */
export type Applied =
  | { readonly kind: 'settled'; readonly changes: readonly Change[]; readonly sent: Sent | undefined }
  | { readonly kind: 'refused'; readonly changes: readonly Change[]; readonly reason: Charge }
  | { readonly kind: 'omitted'; readonly reason: Reason }

/**
 * Check an op against the state and say what it changes. Cheap checks first, the signature last; the first to fail
 * names the reason, and `reason.ts` says whether the op is charged or left out.
 */
export function apply(view: View, context: Context, incoming: Pick<Incoming, 'op' | 'id' | 'signature'>): Applied {
  const { op } = incoming
  const key = authority(view, context, op)
  if (!key.ok) return { kind: 'omitted', reason: key.reason }
  const settled = createDraft(view)
  const result = settle(settled, context, incoming)
  if (result.ok) return { kind: 'settled', changes: settled.changes(), sent: result.value }
  // Whoever's op it is pays for its refusal; an anonymous one is nobody's.
  const { reason } = result
  if (!key.value || !isCharge(reason)) return { kind: 'omitted', reason }
  const refused = move(view, chargeOf(context, op), { ...givenOf(view, context, incoming), firstKey: key.value })
  return refused.ok ? { kind: 'refused', changes: refused.value, reason } : { kind: 'omitted', reason: refused.reason }
}

/**
 * What a batch at `time` does: the close of an epoch, then its ops in order. Fails with the index and
 * reason of an op that no valid batch holds.
 */
export function replay(
  view: View,
  context: Context,
  batch: Opening & { readonly ops: readonly Incoming[] },
):
  | { ok: true; changes: Change[]; applied: Exclude<Applied, { kind: 'omitted' }>[] }
  | { ok: false; index: number; reason: Reason } {
  const draft = createDraft(view)
  openBatch(draft, context, batch)
  const applied: Exclude<Applied, { kind: 'omitted' }>[] = []
  for (const [index, incoming] of batch.ops.entries()) {
    const result = apply(draft, context, incoming)
    if (result.kind === 'omitted') return { ok: false, index, reason: result.reason }
    writeAll(draft, result.changes)
    applied.push(result)
  }
  const changes = draft.changes()
  assert(imbalance(changes) === 0n, 'minted − burned = funds + allowances + stamps')
  return { ok: true, changes, applied }
}

/** What a batch begins with: its time, and the verdict root of a closed epoch. */
export type Opening = { readonly time: bigint; readonly verdictRoot: VerdictRoot }

/**
 * Before the ops of a batch: time moves, an epoch may close, verdicts are committed, a checkpoint is taken. Returns whether
 * any of that was worth a batch of its own.
 */
export function openBatch(draft: Draft, context: Context, { time, verdictRoot }: Opening): boolean {
  const meta = metaOf(draft)
  assert(time >= meta.time, 'time never runs backwards')
  const market = advanceMarket(context.rules, meta, time)
  draft.write('meta', metaKey, { ...meta, ...market, time, height: meta.height + 1n })
  // Every epoch has its place in the history, so what was not committed in time is committed before the next one begins.
  noteLow(draft, context, meta)
  const late = time >= meta.epochEnd && commitVerdicts(draft, context, verdictRoot)
  const closes = advance(draft, context)
  noteLow(draft, context, metaOf(draft))
  const commits = commitVerdicts(draft, context, verdictRoot)
  const checkpoints = advanceCheckpoint(draft, context, meta.time)
  return late || closes || commits || checkpoints
}

/** Note what is asked of everybody, or was until now, among the lowest. */
function noteLow(draft: Draft, { rules }: Context, asked: Pick<Meta, 'basePrice' | 'passes'>): void {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, lows: withLow(rules, meta.lows, meta.time, asked) })
}

/** Close the epoch where its time is over. Returns whether it did. */
function advance(draft: Draft, context: Context): boolean {
  const meta = metaOf(draft)
  const at = advanceEpoch(context.rules, meta, meta.time)
  if (at.epoch === meta.epoch) return false
  draft.write('meta', metaKey, { ...meta, ...at, passes: 0, committedAt: 0n, checkpoint: 0 })
  return true
}

/** What the proof of an op shows, if it has one and its checkpoint is known. The view must hold what `touches` names. */
export function statementOf(view: View, context: Context, op: Op): Statement | undefined {
  const statement = operationOf(op.action).statement?.(view, context, op, op.action.data)
  return statement?.ok ? statement.value : undefined
}

/**
 * Check what is checked of every account's op (its time, its nonce, its reserve), and say whose key must have signed it.
 * Undefined for an op that is nobody's, which nobody signs.
 */
function authority(view: View, { rules }: Context, op: Op): Result<Uint8Array | undefined> {
  const { author } = operationOf(op.action)
  if (author.kind === 'nobody') return yes(undefined)
  const { time } = metaOf(view)
  const key = signerOf(view, op, { time, firstKey: author.firstKey(op.action.data) })
  if (!key.ok) return key
  if (op.expiry > time + BigInt(rules.expiryMaxMs)) return no('expiry-too-far')
  return view.read('accounts', op.account)!.funds < rules.inclusionFee ? no('reserve-short') : key
}

/** Do what an op asks, besides what every op of an account does: use its nonce, and perhaps burn the inclusion fee. */
function settle(
  draft: Draft,
  context: Context,
  incoming: Pick<Incoming, 'op' | 'id' | 'signature'>,
): Result<Sent | undefined> {
  const { op } = incoming
  const { rules } = context
  const { author, apply } = operationOf(op.action)
  const inclusion = author.kind === 'account' && burnsInclusion(author, op.action.data) ? rules.inclusionFee : 0n
  // What is spent leaves the reserve.
  const balance = author.kind === 'account' ? balanceOf(rules, draft.read('accounts', op.account)!) : undefined
  if (balance !== undefined && balance < inclusion) return no('funds-short')
  const done = apply(draft, context, op, op.action.data)
  if (!done.ok) return done
  const { sent, ...asked } = done.value
  const money = { ...asked, author: balance === undefined ? undefined : op, burn: asked.burn + inclusion }
  if (balance !== undefined && balance < costOf(money)) return no('funds-short')
  const moved = move(draft, money, givenOf(draft, context, incoming))
  if (!moved.ok) return moved
  writeAll(draft, moved.value)
  return yes(sent)
}

/** What a refusal costs: the inclusion fee, out of the reserve where nothing else is left. */
const chargeOf = ({ rules }: Context, op: Op): Money => ({
  author: op,
  burn: rules.inclusionFee,
  share: undefined,
  lines: [],
  deed: { kind: 'none' },
})

/** What custody is told of an op. */
function givenOf(
  view: View,
  context: Context,
  { op, id, signature }: Pick<Incoming, 'op' | 'id' | 'signature'>,
): Given {
  const { network, rules, verify, verifyProof } = context
  const { author, agreement } = operationOf(op.action)
  return {
    time: metaOf(view).time,
    stamps: rules.identity.stamps,
    firstKey: author.kind === 'account' ? author.firstKey(op.action.data) : undefined,
    signed: (key) => verify({ digest: id, signature, key }),
    agreed() {
      const signed = agreement(network, op, op.action.data)
      return !signed || verify(signed)
    },
    proven() {
      const statement = statementOf(view, context, op)
      return statement !== undefined && verifyProof(statement)
    },
  }
}
