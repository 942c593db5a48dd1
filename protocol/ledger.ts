/**
 * The state transition: the deterministic machine that replays batches. `touches.ts` names what an op reads, `settle`
 * checks everything and returns changes, `apply` says what becomes of whatever stands in a batch, `replay` does a whole one. Same batches, same state, everywhere.
 */
import { assert } from './assert.ts'
import { advanceCheckpoint, appendStamp, commitVerdicts, type VerdictRoot } from './checkpoint.ts'
import { equalBytes } from './codec.ts'
import type { Context } from './context.ts'
import { type Given, move, signerOf } from './custody.ts'
import type { Entry, Incoming } from './doorway.ts'
import { advanceEpoch } from './epoch.ts'
import { withLow } from './firm.ts'
import type { Sent } from './fee.ts'
import type { Amounts, Author, Money } from './money.ts'
import { type Action, operationOf } from './operations.ts'
import { advanceMarket } from './price.ts'
import { no, type Reason, type Result, type Shortcoming, yes } from './reason.ts'
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

/** What became of an entry of a batch: it settled, it paid and is no mail, or it is void and did nothing. */
export type Applied =
  | { readonly kind: 'settled'; readonly changes: readonly Change[]; readonly sent: Sent | undefined }
  | { readonly kind: 'undelivered'; readonly changes: readonly Change[]; readonly reason: Shortcoming }
  | { readonly kind: 'void'; readonly reason: Reason }

/** What an operation does that settles. */
export type Settled = Extract<Applied, { readonly kind: 'settled' }>

/** What of an entry the ledger looks at. */
type Said = Pick<Incoming, 'op' | 'money' | 'id' | 'signature'>

/**
 * Check whether an operation settles as mail, and say what it changes. Cheap checks first, the signature last; the first
 * to fail names the reason. This is what whoever relays or orders operations asks.
 */
export function settle(view: View, context: Context, said: Said): Result<Settled> {
  const signer = signerOf(view, said.money, metaOf(view).time)
  if (!signer.ok) return signer
  const mail = mailOf(view, context, said.op)
  if (!mail.ok) return mail
  const moved = move(view, said.money, givenOf(view, context, said))
  return moved.ok ? yes(settledBy(mail.value, withStamp(view, said.money, moved.value))) : moved
}

/** What an entry of a batch does, whatever it is. */
export function apply(view: View, context: Context, entry: Entry): Applied {
  if (!entry.money) return { kind: 'void', reason: 'malformed' }
  const moved = move(view, entry.money, givenOf(view, context, entry))
  if (!moved.ok) return { kind: 'void', reason: moved.reason }
  const changes = withStamp(view, entry.money, moved.value)
  const mail = entry.op ? mailOf(view, context, entry.op) : no(entry.reason)
  return mail.ok ? settledBy(mail.value, changes) : { kind: 'undelivered', changes, reason: mail.reason }
}

/** What an operation has to name at least to settle as mail now. Refuses what its row does. */
export function asks(
  view: View,
  context: Context,
  op: Author & { readonly action: Action },
): Result<Amounts, Shortcoming> {
  const lines = operationOf(op.action).lines(op.action.data, context.rules) ?? []
  const asked = askedOf(createDraft(view), context, { ...op, burn: 0n, share: undefined, lines })
  if (!asked.ok) return asked
  const { burn, share, lines: priced } = asked.value
  return yes({ burn, share: share && share.amount > 0n ? share : undefined, lines: priced })
}

/** What an operation does besides moving money, where it counts. */
type Mail = Pick<Settled, 'changes' | 'sent'>

/** What custody changes, with the leaf of a stamp that it sold, which follows from that alone. */
function withStamp(view: View, { deed }: Money, moved: readonly Change[]): Change[] {
  const draft = createDraft(view)
  appendStamp(draft, deed)
  return [...moved, ...draft.changes()]
}

/** No operation writes money or stamps by itself, so the two have no record in common. */
const settledBy = ({ changes, sent }: Mail, moved: readonly Change[]): Settled => ({
  kind: 'settled',
  changes: [...changes, ...moved],
  sent,
})

/** What an operation does as mail. Refuses: expiry-too-far, what its row does, price-short. */
function mailOf(view: View, context: Context, op: Op): Result<Mail, Shortcoming> {
  if (op.expiry > metaOf(view).time + BigInt(context.rules.expiryMaxMs)) return no('expiry-too-far')
  const draft = createDraft(view)
  const asked = askedOf(draft, context, op)
  if (!asked.ok) return asked
  if (!suffices(op, asked.value)) return no('price-short')
  return yes({ changes: draft.changes(), sent: asked.value.sent })
}

/** What an operation has to name at least; what it does besides is written. */
function askedOf(
  draft: Draft,
  context: Context,
  op: Op,
): Result<Amounts & { readonly sent: Sent | undefined }, Shortcoming> {
  const { rules } = context
  const { data } = op.action
  const row = operationOf(op.action)
  const asked = row.apply(draft, context, op, data)
  if (!asked.ok) return asked
  const { burn = 0n, share, lines = row.lines(data, rules) ?? op.lines, sent } = asked.value
  return yes({ burn: burn + row.burns(rules, data), share, lines, sent })
}

/** Whether amounts are at least what is asked: each line to whom and out of what it has to be, and the share to whose turn it is. */
function suffices(named: Amounts, asked: Amounts): boolean {
  if (named.lines.length !== asked.lines.length || ownBurn(named) < ownBurn(asked)) return false
  if ((named.share?.amount ?? 0n) < (asked.share?.amount ?? 0n)) return false
  if (named.share && !(asked.share && equalBytes(named.share.payee, asked.share.payee))) return false
  return named.lines.every(({ address, amount, from }, at) => {
    const line = asked.lines[at]!
    return equalBytes(address, line.address) && from === line.from && amount >= line.amount
  })
}

/** What the author burns of their own: what one recipient set aside pays neither for another nor the inclusion fee. */
const ownBurn = ({ burn, lines }: Amounts): bigint =>
  lines.reduce((left, { amount, from }) => (from === 'allowance' ? left - amount : left), burn)

/** What a batch at `time` does: the close of an epoch, then its entries in order. None of them can make it wrong. */
export function replay(
  view: View,
  context: Context,
  batch: Opening & { readonly ops: readonly Entry[] },
): { readonly changes: Change[]; readonly applied: Applied[] } {
  const draft = createDraft(view)
  openBatch(draft, context, batch)
  const applied = batch.ops.map((entry) => {
    const result = apply(draft, context, entry)
    if (result.kind !== 'void') writeAll(draft, result.changes)
    return result
  })
  const changes = draft.changes()
  assert(imbalance(changes) === 0n, 'minted − burned = funds + allowances + stamps + withdrawals')
  return { changes, applied }
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

/** What custody is told of an entry. */
function givenOf(view: View, context: Context, { op, id, signature }: Pick<Entry, 'op' | 'id' | 'signature'>): Given {
  const { network, rules, verify, verifyProof } = context
  return {
    time: metaOf(view).time,
    stamps: rules.identity.stamps,
    paysOut: rules.anchor === 'evm',
    signed: (key) => verify({ digest: id, signature, key }),
    // What agrees to being registered, and what is proven, stands in what is said as mail.
    agreed() {
      const signed = op && operationOf(op.action).agreement(network, op, op.action.data)
      return signed !== undefined && verify(signed)
    },
    proven() {
      const statement = op && statementOf(view, context, op)
      return statement !== undefined && verifyProof(statement)
    },
  }
}
