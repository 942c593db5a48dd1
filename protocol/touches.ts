/**
 * What is read: the records that an op or the opening of a batch can look at. A node fetches them all before `ledger.ts`
 * begins, which reads no others and waits for nothing. What a price reads is in `quote.ts`.
 */
import { opensTrees } from './checkpoint.ts'
import type { Context } from './context.ts'
import { operationOf } from './operations.ts'
import { checkpointKey, type Meta, metaKey, type Reference, supplyKey, treeKey } from './state.ts'
import type { Op } from './wire.ts'

/** The records that applying an op reads. */
export function touches(context: Context, op: Op): Reference[] {
  const { author, touches } = operationOf(op.action)
  return [
    { table: 'meta', key: metaKey },
    { table: 'supply', key: supplyKey },
    ...(author.kind === 'account' ? [{ table: 'accounts', key: op.account } as const] : []),
    ...touches(context, op, op.action.data),
  ]
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
