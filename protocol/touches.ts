/**
 * What is read: the records that an op or the opening of a batch can look at. A node fetches them all before `ledger.ts`
 * begins, which reads no others and waits for nothing. What a price reads is in `quote.ts`.
 */
import { opensTrees, touchesOfStamp } from './checkpoint.ts'
import type { Context } from './context.ts'
import { touchesOfMoney } from './custody.ts'
import { depositIn } from './deposit.ts'
import type { Entry } from './doorway.ts'
import { operationOf } from './operations.ts'
import { checkpointKey, type Meta, metaKey, type Reference, supplyKey, treeKey } from './state.ts'

/** The records that applying an entry of a batch reads. */
export function touches(context: Context, { op, money, bytes }: Pick<Entry, 'op' | 'money' | 'bytes'>): Reference[] {
  if (!money) return touchesOfDeposit(bytes)
  return [
    { table: 'meta', key: metaKey },
    ...touchesOfMoney(money),
    ...touchesOfStamp(money.deed),
    ...(op ? operationOf(op.action).touches(context, op, op.action.data) : []),
  ]
}

/** The records that an entry reads which is a deposit; none where it is not. */
function touchesOfDeposit(bytes: Uint8Array): Reference[] {
  const taken = depositIn(bytes)
  return taken
    ? [
        { table: 'supply', key: supplyKey },
        { table: 'accounts', key: taken.to },
      ]
    : []
}

/** The records that opening a batch at `time` reads; `last` are the totals that it finds. */
export const touchesOfOpening = (
  { rules }: Context,
  { last, time }: { readonly last: Meta; readonly time: bigint },
): Reference[] => [{ table: 'meta', key: metaKey }, ...(opensTrees(rules, last, time) ? touchesOfTrees(last) : [])]

/** The trees, and the last checkpoint that was taken of them. */
const touchesOfTrees = (last: Meta): Reference[] => [
  { table: 'trees', key: treeKey('identities') },
  { table: 'trees', key: treeKey('history') },
  { table: 'trees', key: treeKey('stamps') },
  { table: 'checkpoints', key: checkpointKey(last) },
]
