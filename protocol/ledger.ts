/**
 * The state transition: the deterministic machine that replays batches. `touches.ts` names what an op reads, `apply` checks
 * everything and returns changes, `replay` does a whole batch. Same batches, same state, everywhere.
 */
import { balanceOf, burn, credit, debit } from './account.ts'
import { addressOf } from './address.ts'
import { assert } from './assert.ts'
import { advanceCheckpoint, commitVerdicts, type VerdictRoot } from './checkpoint.ts'
import { equalBytes } from './codec.ts'
import type { Context } from './context.ts'
import type { Incoming } from './doorway.ts'
import { advanceEpoch } from './epoch.ts'
import type { Sent } from './fee.ts'
import { endGrant } from './grant.ts'
import type { ByAccount } from './operation.ts'
import { operationOf } from './operations.ts'
import { advanceMarket } from './price.ts'
import { type Charge, isCharge, no, type Reason, type Result, yes } from './reason.ts'
import { type Change, createDraft, type Draft, imbalance, metaKey, metaOf, type View, writeAll } from './state.ts'
import type { Statement } from './statement.ts'
import type { Op } from './wire.ts'

/** What became of an op: settled, refused at the cost of an inclusion fee, or not fit for any batch. */
export type Applied =
  | { readonly kind: 'settled'; readonly changes: readonly Change[]; readonly sent: Sent | undefined }
  | { readonly kind: 'refused'; readonly changes: readonly Change[]; readonly reason: Charge }
  | { readonly kind: 'omitted'; readonly reason: Reason }

/** The most records of the `due` table that one batch ends; what is left waits for the next. */
export const duePerBatch = 256

/**
 * Check an op against the state and say what it changes. Cheap checks first, the signature last; the first to fail
 * names the reason, and `reason.ts` says whether the op is charged or left out.
 */
export function apply(
  view: View,
  context: Context,
  { op, id, signature }: Pick<Incoming, 'op' | 'id' | 'signature'>,
): Applied {
  const key = authority(view, context, op)
  if (!key.ok) return { kind: 'omitted', reason: key.reason }
  const settled = createDraft(view)
  const result = act(settled, context, op)
  // Whoever's op it is pays for its refusal; an anonymous one is nobody's.
  const charge = result.ok || !isCharge(result.reason) ? undefined : result.reason
  if (!result.ok && !(key.value && charge)) return { kind: 'omitted', reason: result.reason }
  if (key.value && !context.verify({ digest: id, signature, key: key.value }))
    return { kind: 'omitted', reason: 'signature-wrong' }
  if (result.ok) return { kind: 'settled', changes: settled.changes(), sent: result.value }
  const refused = createDraft(view)
  burnInclusion(refused, context, op)
  useNonce(refused, op)
  return { kind: 'refused', changes: refused.changes(), reason: charge! }
}

/**
 * What a batch at `time` does: the close of an epoch and what fell due, then its ops in order. Fails with the index and
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
  assert(imbalance(changes) === 0n, 'minted − burned = funds + allowances + stamps + pot')
  return { ok: true, changes, applied }
}

/** What a batch begins with: its time, the keys of `due` that ended by then, and the verdict root of a closed epoch. */
export type Opening = {
  readonly time: bigint
  readonly due: readonly Uint8Array[]
  readonly verdictRoot: VerdictRoot
}

/**
 * Before the ops of a batch: time moves, an epoch may close, verdicts are committed, a checkpoint is taken, what is due
 * ends. Returns whether any of that was worth a batch of its own.
 */
export function openBatch(draft: Draft, context: Context, { time, due, verdictRoot }: Opening): boolean {
  const meta = metaOf(draft)
  assert(time >= meta.time, 'time never runs backwards')
  const market = advanceMarket(context.rules, meta, time)
  draft.write('meta', metaKey, { ...meta, ...market, time, height: meta.height + 1n })
  // Every epoch has its place in the history, so what was not committed in time is committed before the next one begins.
  const late = time >= meta.epochEnd && commitVerdicts(draft, context, verdictRoot)
  const closes = advance(draft, context)
  const commits = commitVerdicts(draft, context, verdictRoot)
  const checkpoints = advanceCheckpoint(draft, context, meta.time)
  for (const key of due) {
    draft.write('due', key, undefined)
    endGrant(draft, key.subarray(8))
  }
  return late || closes || commits || checkpoints || due.length > 0
}

/** Close the epoch where its time is over. Returns whether it did. */
function advance(draft: Draft, context: Context): boolean {
  const meta = metaOf(draft)
  const at = advanceEpoch(context.rules, meta, meta.time)
  if (at.epoch === meta.epoch) return false
  draft.write('meta', metaKey, { ...meta, ...at, passes: 0, committedAt: 0n, checkpoint: 0 })
  payPot(draft, context)
  return true
}

/** What the proof of an op shows, if it has one and its checkpoint is known. The view must hold what `touches` names. */
export function statementOf(view: View, context: Context, op: Op): Statement | undefined {
  const statement = operationOf(op.action).statement?.(view, context, op, op.action.data)
  return statement?.ok ? statement.value : undefined
}

/** Share the pot by weight among operators and keepers; what does not divide, or has no account, stays in it. */
function payPot(draft: Draft, { rules }: Context): void {
  const payees = [...rules.operators, ...rules.keepers.members]
  const weights = payees.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
  if (weights === 0n) return
  const { pot } = metaOf(draft)
  let paid = 0n
  for (const { address, weight } of payees) {
    const share = (pot * BigInt(weight)) / weights
    if (share === 0n || !draft.read('accounts', address)) continue
    credit(draft, address, share)
    paid += share
  }
  draft.write('meta', metaKey, { ...metaOf(draft), pot: pot - paid })
}

/**
 * Check what is checked of every account's op (its time, its nonce, its reserve), and say whose key must have signed it.
 * Undefined for an op that is nobody's, which nobody signs.
 */
function authority(
  view: View,
  { rules }: Context,
  { account: address, nonce, expiry, action }: Op,
): Result<Uint8Array | undefined> {
  const { author } = operationOf(action)
  if (author.kind === 'nobody') return yes(undefined)
  const { time } = metaOf(view)
  if (expiry < time) return no('expired')
  if (expiry > time + BigInt(rules.expiryMaxMs)) return no('expiry-too-far')
  const account = view.read('accounts', address)
  if (!account) return no('account-unknown')
  if (nonce < account.nonce) return no('nonce-used')
  if (nonce > account.nonce) return no('nonce-gap')
  if (account.funds < rules.inclusionFee) return no('reserve-short')
  const key = account.signingKey ?? firstKeyOf(address, author.firstKey(action.data))
  return key ? yes(key) : no('not-registered')
}

/** The key that an address was made of, where it is the one that an op brings: whoever holds it may use what is there. */
const firstKeyOf = (address: Uint8Array, brought: Uint8Array | undefined): Uint8Array | undefined =>
  brought && equalBytes(addressOf(brought), address) ? brought : undefined

/** Do what an op asks; before it, where it is an account's, what every op of an account does. */
function act(draft: Draft, context: Context, op: Op): Result<Sent | undefined> {
  const { author, apply } = operationOf(op.action)
  const begun = author.kind === 'account' ? begin(draft, context, op, author) : yes(undefined)
  return begun.ok ? apply(draft, context, op, op.action.data) : begun
}

/** Use the nonce, and burn the inclusion fee out of the balance. Refuses: funds-short. */
function begin(draft: Draft, context: Context, op: Op, author: ByAccount<unknown>): Result<undefined> {
  if (author.burnsInclusion) {
    if (balanceOf(context.rules, draft.read('accounts', op.account)!) < context.rules.inclusionFee)
      return no('funds-short')
    burnInclusion(draft, context, op)
  }
  useNonce(draft, op)
  return yes(undefined)
}

/** Burn the inclusion fee, out of the reserve where nothing else is left. */
function burnInclusion(draft: Draft, { rules }: Context, { account }: Op): void {
  debit(draft, account, rules.inclusionFee)
  burn(draft, rules.inclusionFee)
}

function useNonce(draft: Draft, { account: address }: Op): void {
  const account = draft.read('accounts', address)!
  draft.write('accounts', address, { ...account, nonce: account.nonce + 1n })
}
