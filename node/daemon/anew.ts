/** Beginning another database in place of one that cannot be read to its end, with what does not follow from the log. */
import { rm } from 'node:fs/promises'
import { createStore, formatWrite, rangeOf, type spaces, storeFormat } from '../ledger/store.ts'
import { openDiskAt } from '../ledger/disk.ts'
import { type Aside, replaceDatabase } from '../ledger/disk-files.ts'

/**
 * What is taken along, as far as it can be read. The mailbox and the host's own batches may be nowhere else; the rest spares
 * asking peers for it. What follows from the log is made of it again.
 */
const takenAlong = [
  'mailbox',
  'network',
  'signed',
  'batch',
  'promise',
  'evidence',
  'envelope',
  'keptUntil',
  'shard',
  'missing',
  'closed',
  'lockKey',
  'share',
] as const satisfies readonly (keyof typeof spaces)[]

/** Take along what can be read, and set the rest aside. The caller holds the database. */
export async function startAnew({ path, aside }: Aside): Promise<void> {
  const draft = `${path}.draft`
  await rm(draft, { recursive: true, force: true })
  const [from, to] = [await openDiskAt(path).catch(() => undefined), await openDiskAt(draft)]
  const store = createStore(to)
  await store.write([formatWrite(storeFormat)])
  for (const space of from ? takenAlong : [])
    try {
      for await (const [key, value] of from!.iterator(rangeOf(space))) await store.writeSoon([{ key, value }])
    } catch {
      // What comes behind the damage in this space is not reached; it is in what is set aside.
    }
  await from?.close()
  await to.close()
  await replaceDatabase({ path, aside }, draft)
}
