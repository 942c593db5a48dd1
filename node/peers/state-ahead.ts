/**
 * The state as an op will find it in the next batch: later by the clock, and with everything that waits before the op
 * settled, at the most that it may cost.
 */
import { equalBytes } from '../../protocol/codec.ts'
import type { ByAccount } from '../../protocol/operation.ts'
import { operationOf } from '../../protocol/operations.ts'
import type { Rules } from '../../protocol/rules.ts'
import { type Account, metaOf, type Records, type TableName, type View } from '../../protocol/state.ts'
import type { Op } from '../../protocol/wire.ts'

/** The state at a time, however long ago the last batch was. */
export function atTime(view: View, now: number): View {
  const meta = metaOf(view)
  if (meta.time >= BigInt(now)) return view
  return {
    read: <T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined =>
      table === 'meta' ? ({ ...meta, time: BigInt(now) } as Records[T]) : view.read(table, key),
  }
}

/** The state with an account as it is after ops of its own; nothing else that they change is there. */
export function afterOwn(
  view: View,
  rules: Rules,
  { address, account, ops }: { address: Uint8Array; account: Account; ops: readonly { readonly op: Op }[] },
): View {
  const after: Account = {
    ...account,
    funds: ops.reduce((left, { op }) => fundsAfter(rules, left, op), account.funds),
    nonce: account.nonce + BigInt(ops.length),
    signingKey: ops.reduce((key, { op }) => authorOf(op)?.nextKey(op.action.data) ?? key, account.signingKey),
  }
  return {
    read: <T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined =>
      table === 'accounts' && equalBytes(key, address) ? (after as Records[T]) : view.read(table, key),
  }
}

/** What an account has left once an op took all it may: at most the balance, and an inclusion fee. */
export function fundsAfter(rules: Rules, funds: bigint, op: Op): bigint {
  const { inclusionFee, reserve } = rules
  const left = funds > inclusionFee ? funds - inclusionFee : 0n
  const balance = left > reserve ? left - reserve : 0n
  const cost = authorOf(op)?.costMax(rules, op.action.data) ?? 0n
  return left - (cost < balance ? cost : balance)
}

/** What the account of an op answers for; nothing where the op is nobody's. */
function authorOf({ action }: Op): ByAccount<unknown> | undefined {
  const { author } = operationOf(action)
  return author.kind === 'account' ? author : undefined
}
