/** The checkpoint that a proof made now would name. */
import { checkpointKey, type Meta, type Records } from '../../protocol/state.ts'
import type { Replica } from '../ledger/replica.ts'

/** A checkpoint: its epoch, its number in it, and the roots and sizes of the trees as they were then. */
export type Checkpoint = {
  readonly epoch: number
  readonly checkpoint: number
  readonly roots: Records['checkpoints']
}

/** The latest checkpoint of this epoch; nothing before its first one. */
export async function latestCheckpoint(replica: Pick<Replica, 'view'>, meta: Meta): Promise<Checkpoint | undefined> {
  if (meta.committedAt === 0n) return undefined
  const { epoch, checkpoint } = meta
  const key = checkpointKey(meta)
  const roots = (await replica.view([{ table: 'checkpoints', key }])).read('checkpoints', key)
  return roots && { epoch, checkpoint, roots }
}
