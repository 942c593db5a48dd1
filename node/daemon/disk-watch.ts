/** Whether the database can be written, found out by its own writes, and by one of ours where it has none to make. */
import { statfs } from 'node:fs/promises'
import { keyIn } from '../ledger/store.ts'
import type { Clock, Disk } from '../seams.ts'

export type DiskWatch = ReturnType<typeof watchDisk>

/** How long no write may have shown that the disk works, before one is made for that. */
const quietMs = 10_000

/** Room is short below a twentieth of the disk: at least what the database needs to set itself in order, at most a GiB. */
const lowShare = 20
const lowLeastBytes = 32 * 1024 * 1024
const lowMostBytes = 1024 * 1024 * 1024

/** Watch a database from here on. It is changed in place, as whoever has it already writes through it. */
export function watchDisk(
  disk: Disk,
  { home, clock }: { readonly home: string; readonly clock: Pick<Clock, 'monotonic'> },
) {
  const batch = disk.batch.bind(disk)
  let failure: Error | undefined
  let wroteAt = clock.monotonic()

  async function write(...operations: Parameters<typeof batch>): Promise<void> {
    try {
      await batch(...operations)
      failure = undefined
      wroteAt = clock.monotonic()
    } catch (error) {
      failure = error as Error
      throw error
    }
  }
  Object.assign(disk, { batch: write })

  /** Durable, so that what is only promised does not count. It says nothing, and each takes the place of the one before. */
  async function probe(): Promise<void> {
    const put = { type: 'put', key: keyIn('probe'), value: new Uint8Array(64) } as const
    await disk.batch([put], { sync: true } as object).catch(() => undefined)
  }

  return {
    /** Why it takes nothing, and what to do; nothing while it does. */
    async fault(): Promise<string | undefined> {
      if (failure || clock.monotonic() - wroteAt > quietMs) await probe()
      return failure && `The database cannot be written (${causeOf(failure)}). ${remedy}`
    },
    /** That room is short, and how much there is; nothing while there is enough. */
    async shortage(): Promise<string | undefined> {
      const { bavail, blocks, bsize } = await statfs(home)
      const [free, all] = [bavail * bsize, blocks * bsize]
      const low = Math.min(lowMostBytes, Math.max(lowLeastBytes, all / lowShare))
      if (free >= low) return undefined
      return `The disk of ${home} has ${mib(free)} of ${mib(all)} left, and below ${mib(low)} it is soon full. Free some space, or move the home to a larger disk while the daemon is down.`
    },
  }
}

const remedy =
  'Free some space, make the folder writable, or lift the limit of file size (ulimit -f). Nothing is lost; what waits is tried again every second.'

const mib = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MiB`

/** What the system said. */
const causeOf = ({ message }: Error): string => message.replace(/\.$/, '')
