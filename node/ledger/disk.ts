/**
 * The database of a home: level, mended where it goes on after a write that failed. LevelDB leaves a gap in its log
 * file then; what it writes behind the gap it reports as durable, and cannot find again after a crash. So after a
 * failed write nothing is written before the database was closed and opened anew.
 */
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import type { Disk } from '../seams.ts'
import { createTurns } from '../turns.ts'

/** Opening writes out what was only in the log file. With less room than this it is not tried, and reading goes on. */
const roomBytes = 16 * 1024 * 1024

/** Where the database of a home lies. */
export const diskPath = (home: string): string => join(home, 'data')

/** The database of a home is held by another process, a daemon as a rule; the command line ends with a code of its own for it. */
class HeldError extends Error {
  override name = 'HeldError'
}

/** The database of a home. Throws HeldError where another process holds it, and an Error where it is damaged. */
export async function openDisk(home: string): Promise<Disk> {
  const level = new Level<Uint8Array, Uint8Array>(diskPath(home), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: 32 * 1024 * 1024,
    writeBufferSize: 8 * 1024 * 1024,
  })
  try {
    await level.open()
  } catch (cause) {
    if (isHeld(cause as Error))
      throw new HeldError(`Another daemon is running in ${home}. Stop it first with \`bmail down\`.`, { cause })
    throw new Error(`The database in ${home} cannot be opened. Run \`bmail doctor --repair\`.`, { cause })
  }
  return mending(level as unknown as Disk, diskPath(home))
}

/** Whether a database could not be opened because another process holds it. */
export const isHeld = (error: Error): boolean => codeOf(error.cause) === 'LEVEL_LOCKED'

/** Give a database its mending `batch`: one write after the other, so that none is under way behind one that fails. */
function mending(disk: Disk, path: string): Disk {
  const [batch, close] = [disk.batch.bind(disk), disk.close.bind(disk)]
  const inTurn = createTurns()
  let isTorn = false
  let isOver = false

  async function write(...operations: Parameters<typeof batch>): Promise<void> {
    if (isTorn) await mend()
    try {
      await batch(...operations)
    } catch (error) {
      isTorn ||= codeOf(error) !== 'LEVEL_DATABASE_NOT_OPEN'
      throw error
    }
  }

  async function mend(): Promise<void> {
    if (isOver) throw new Error('The database was closed; nothing more is written.')
    const { bavail, bsize } = await statfs(path)
    if (bavail * bsize < roomBytes)
      throw new Error(`The disk of ${path} has less than ${roomBytes / 1024 / 1024} MiB left. Free some space.`)
    await close()
    await disk.open()
    isTorn = false
  }

  return Object.assign(disk, {
    batch: (...operations: Parameters<typeof batch>): Promise<void> => inTurn(() => write(...operations)),
    close(): Promise<void> {
      isOver = true
      return inTurn(close)
    },
  })
}

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code
