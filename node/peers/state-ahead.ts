/**
 * The state as an op will find it in the next batch: later by the clock, and with everything that waits before the op
 * settled at what it says.
 */
import { addressOf } from '../../protocol/address.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { costOf } from '../../protocol/custody.ts'
import type { Money } from '../../protocol/money.ts'
import { type Account, metaOf, type Records, type TableName, type View } from '../../protocol/state.ts'

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
  { address, account, ops }: { address: Uint8Array; account: Account; ops: readonly { readonly money: Money }[] },
): View {
  const after: Account = {
    ...account,
    funds: ops.reduce((left, { money }) => fundsAfter(left, money), account.funds),
    nonce: account.nonce + BigInt(ops.length),
    signingKey: ops.reduce((key, { money }) => keyAfter(address, money) ?? key, account.signingKey),
  }
  return {
    read: <T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined =>
      table === 'accounts' && equalBytes(key, address) ? (after as Records[T]) : view.read(table, key),
  }
}

/** What an account has left once an op took what it says. What it takes back is not counted before it is there. */
export function fundsAfter(funds: bigint, money: Money): bigint {
  const cost = costOf(money)
  const left = cost > 0n ? funds - cost : funds
  return left > 0n ? left : 0n
}

/** The key that signs for an account after an op of its own, where the op says another. */
function keyAfter(address: Uint8Array, { deed }: Money): Uint8Array | undefined {
  if (deed.kind === 'rekey') return deed.key
  return deed.kind === 'register' && equalBytes(addressOf(deed.key), address) ? deed.key : undefined
}
