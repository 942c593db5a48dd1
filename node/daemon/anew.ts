/** Beginning another database in place of one that cannot be read to its end, with what does not follow from the log. */
import { createStore, formatOf, formatWrite, rangeOf, type spaces, storeFormat, type Write } from '../ledger/store.ts'
import { isLack, openDiskAt } from '../ledger/disk.ts'
import { type Aside, replaceDatabase } from '../ledger/disk-files.ts'
import type { Disk } from '../seams.ts'

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

/** Take along what can be read, and set the rest aside. The caller holds the database. Throws where there is no room; then all is as it was. */
export const startAnew = (where: Aside): Promise<void> =>
  replaceDatabase(where, async (draft) => {
    const from = await openDiskAt(where.path).catch(async (error) => {
      // Nothing can be opened of what is damaged that far.
      if (await isLack(error, where.path)) throw error
    })
    const to = await openDiskAt(draft)
    try {
      const store = createStore(to)
      if (from) for await (const write of readableIn(from)) await store.writeSoon([write])
      // The mailbox is as it was, so a step that it needs is still to be made.
      const format = from && (await formatOf(from).catch(() => undefined))
      // Durable, and with it all before.
      await store.write([formatWrite(format ?? storeFormat)])
    } finally {
      await to.close()
      await from?.close()
    }
  })

/** What is taken along. Behind damage in a space nothing of it is reached; it is in what is set aside. */
async function* readableIn(disk: Disk): AsyncGenerator<Write> {
  for (const space of takenAlong)
    try {
      for await (const [key, value] of disk.iterator(rangeOf(space))) yield { key, value }
    } catch {
      // The next space may be whole.
    }
}
