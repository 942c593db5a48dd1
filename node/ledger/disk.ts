/**
 * The database of a home: level, mended where it goes on after a write that failed. LevelDB leaves a gap in its log
 * file then; what it writes behind the gap it reports as durable, and cannot find again after a crash. So after a
 * failed write nothing is written before the database was closed and opened anew.
 */
import { existsSync } from 'node:fs'
import { link, mkdir, open, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import type { Disk } from '../seams.ts'
import { createTurns } from '../turns.ts'
import { DamageError, damagedSentence, isUnspoken, LackError, plain, saysLack } from './damage.ts'
import { damagedFiles, finishReplacing, folderFault, isNoFile, isReadOnOpening } from './disk-files.ts'

/** No file of the database becomes larger: twice its write buffer. */
const trialBytes = 16 * 1024 * 1024

/** Opening writes out what was only in the log file. With less room than this it is not tried, and reading goes on. */
const roomBytes = 16 * 1024 * 1024

/** Where the database of a home lies. */
export const diskPath = (home: string): string => join(home, 'data')

/** The database of a home is held by another process, a daemon as a rule; the command line ends with a code of its own for it. */
class HeldError extends Error {
  override name = 'HeldError'
}

/** The database of a home. Throws HeldError where another process holds it, DamageError where it is damaged, and an Error where the system lacks something. */
export async function openDisk(home: string): Promise<Disk> {
  const path = diskPath(home)
  const fault = folderFault(path)
  if (fault !== undefined) throw new Error(fault)
  await finishReplacing(path)
  const look = () => damagedFiles(path, { wanted: isReadOnOpening, progress: () => undefined })
  const seen = existsSync(path) ? await look() : []
  // Files that another daemon is writing to look torn, so damage counts only while nobody else has the database.
  const damaged = seen.length > 0 ? await whileHeld(home, look) : []
  // LevelDB would pass over it, throw away what it did not read, and go on with the rest as if it were all.
  if (damaged.length > 0) throw new DamageError(damagedSentence(home, damaged.map(({ what }) => what).join('; ')))
  const disk = await openDiskAt(path).catch(async (error: Error) => {
    throw await whyNotOpened(home, error)
  })
  return mending(disk, path)
}

/** A database as it is, without looking at its files before. Throws where LevelDB does. */
export async function openDiskAt(path: string): Promise<Disk> {
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: 32 * 1024 * 1024,
    writeBufferSize: 8 * 1024 * 1024,
  })
  await level.open()
  return level as unknown as Disk
}

/** What the database of a home can besides; one in memory cannot. */
type OnFiles = {
  readonly location: string
  compactRange(from: Uint8Array, to: Uint8Array): Promise<void>
  reopen(): Promise<void>
}

/** Longer than the names of records, so that it comes after all of a space. */
const endBytes = 64

/** Have LevelDB write whole spaces anew, so that no file of its holds what was removed or replaced there any more. */
export async function forgetRemoved(
  disk: Disk,
  ranges: readonly { readonly gte: Uint8Array; readonly lt: Uint8Array }[],
): Promise<void> {
  if (!('reopen' in disk)) return
  const level = disk as unknown as OnFiles
  // For each level LevelDB keeps the last key that it compacted. Keys at the ends of the ranges make it one that tells nothing.
  const ends = ranges.map(({ gte }) => new Uint8Array(endBytes).fill(255).with(0, gte[0]!))
  await disk.batch(ends.map((key) => ({ type: 'put', key, value: Uint8Array.of() }) as const))
  // Twice: the first round writes what was only in memory into files, perhaps below the levels that it has looked at.
  for (const { gte, lt } of [...ranges, ...ranges]) await level.compactRange(gte, lt)
  await disk.batch(ends.map((key) => ({ type: 'del', key }) as const))
  // Its list of files and its log name the first and the last record of each file; the list is begun anew when it opens.
  await level.reopen()
  await rm(join(level.location, 'LOG.old'), { force: true })
}

/** Whether a database could not be opened because another process holds it. */
export const isHeld = (error: Error): boolean => codeOf(error.cause) === 'LEVEL_LOCKED'

async function whyNotOpened(home: string, error: Error): Promise<Error> {
  const cause = error.cause ?? error
  if (codeOf(cause) === 'LEVEL_LOCKED')
    return new HeldError(
      `Another process has the home in ${home}: a daemon, which \`bmail down\` stops, or \`bmail doctor\`, which is waited for.`,
      { cause },
    )
  const freeBytes = await freeBytesAt(diskPath(home))
  if (isFull(freeBytes)) return new LackError(fullSentence(diskPath(home)), { cause })
  const said = plain((cause as Error).message)
  if (await isLack(cause, diskPath(home)))
    return new LackError(
      `The database in ${home} cannot be opened (${said}). Nothing is damaged; see that ${diskPath(home)} is yours, can be written, and has room.`,
      { cause },
    )
  return new DamageError(damagedSentence(home, said), { cause })
}

/**
 * Whether something failed in a database’s folder because of what the system lacks, and not because of damage. The system
 * says so by a code; LevelDB hands on only words, in whatever library’s language, so there the system is asked again.
 */
export async function isLack(error: unknown, path: string): Promise<boolean> {
  if (saysLack(error)) return true
  return isUnspoken(error) && (await tryOut(path).then(() => false, saysLack))
}

/** Do what LevelDB does: make a file as large as its own become, write to it durably, and open all that are there. */
async function tryOut(path: string): Promise<void> {
  const trial = join(path, 'trial.tmp')
  const file = await open(trial, 'w', 0o600)
  try {
    await file.truncate(trialBytes)
    await file.write(new Uint8Array(4096))
    await file.sync()
  } finally {
    await file.close()
    await rm(trial, { force: true })
  }
  for (const name of await readdir(path))
    if (!isNoFile(join(path, name))) await (await open(join(path, name), 'r+')).close()
}

/** How many bytes the disk still takes at a place. */
export async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

/** Whether there is so little room that nothing is opened or mended. */
export const isFull = (freeBytes: number): boolean => freeBytes < roomBytes

export const fullSentence = (path: string): string =>
  `The disk of ${path} has less than ${roomBytes / 1024 / 1024} MiB left. Free some space.`

/**
 * Do something while no other process can open a database that this one does not open itself. Throws where another has it.
 * LevelDB locks by a file, so another database that shares that file locks both.
 */
export async function whileHeld<T>(home: string, work: () => Promise<T>): Promise<T> {
  const lock = join(diskPath(home), 'LOCK')
  if (!existsSync(lock)) return work()
  const stand = `${diskPath(home)}.lock`
  await rm(stand, { recursive: true, force: true })
  await mkdir(stand, { mode: 0o700 })
  await link(lock, join(stand, 'LOCK')).catch(() => undefined)
  const level = new Level(stand)
  try {
    await level.open().catch(async (error: Error) => {
      throw await whyNotOpened(home, error)
    })
    return await work()
  } finally {
    await level.close()
    await rm(stand, { recursive: true, force: true })
  }
}

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
    if (isFull(await freeBytesAt(path))) throw new LackError(fullSentence(path))
    await reopen()
    isTorn = false
  }

  async function reopen(): Promise<void> {
    await close()
    await disk.open()
  }

  return Object.assign(disk, {
    batch: (...operations: Parameters<typeof batch>): Promise<void> => inTurn(() => write(...operations)),
    reopen: (): Promise<void> => inTurn(reopen),
    close(): Promise<void> {
      isOver = true
      return inTurn(close)
    },
  })
}

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code
