/**
 * The state as an op will find it in the next batch: later by the clock, and with everything that waits before the op
 * settled at what it says.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { addressOf } from '../../protocol/address.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { costOf } from '../../protocol/custody.ts'
import type { Money } from '../../protocol/money.ts'
import { type Account, grantKey, metaOf, type Records, type TableName, type View } from '../../protocol/state.ts'

/** The state at a time, however long ago the last batch was. */
export function atTime(view: View, now: number): View {
  const meta = metaOf(view)
  if (meta.time >= BigInt(now)) return view
  return {
    read: <T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined =>
      table === 'meta' ? ({ ...meta, time: BigInt(now) } as Records[T]) : view.read(table, key),
  }
}

/** The state with an account, and with what others set aside for it, after ops of its own; nothing else that they change is there. */
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
  const taken = takenBy(address, ops)
  return {
    read<T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined {
      if (table === 'accounts' && equalBytes(key, address)) return after as Records[T]
      const less = table === 'allowances' ? (taken.get(bytesToHex(key)) ?? 0n) : 0n
      if (less === 0n) return view.read(table, key)
      const amount = view.read('allowances', key)?.amount ?? 0n
      return (amount > less ? { amount: amount - less } : undefined) as Records[T] | undefined
    },
  }
}

/** What ops of an account burn out of each allowance, by the allowance's key in hex. */
function takenBy(sender: Uint8Array, ops: readonly { readonly money: Money }[]): ReadonlyMap<string, bigint> {
  const taken = new Map<string, bigint>()
  for (const { money } of ops)
    for (const { address: granter, amount, from } of money.lines) {
      if (from !== 'allowance') continue
      const name = bytesToHex(grantKey({ granter, sender }))
      taken.set(name, (taken.get(name) ?? 0n) + amount)
    }
  return taken
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
