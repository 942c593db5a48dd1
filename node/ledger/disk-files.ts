/**
 * The files of a home's database, looked at without LevelDB, which believes what it reads: held against their checksums,
 * and mended in a copy that takes their place. What was there before is kept beside it, under a name with a date.
 */
import { existsSync, lstatSync, statSync } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { LackError } from './damage.ts'
import { checkOf, currentIn, currentName } from '../leveldb/files.ts'
import { tablesIn } from '../leveldb/list.ts'

/** A file in which something is not as it was written. */
export type DamagedFile = {
  readonly name: string
  /** Where and what, in words. */
  readonly what: string
  /** Whether everything in it can be put right. Otherwise the rest of it is read, and that is lost. */
  readonly isMendable: boolean
}

/** What disks give at one time; where a piece of it cannot be read, the file's other pieces are. */
const pieceBytes = 4096

/** Why there can be no database at a place, with what to do; nothing where one is, or can begin. */
export function folderFault(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return undefined
  return stat
    ? `${path} is no folder, and the database belongs there. Move it away; where a back-up of the folder is, put it in place.`
    : `${path} is a link that leads nowhere, and the database belongs there. Mount or restore what it leads to.`
}

/** Whether something of another kind stands where a database has files: a folder, a pipe, a link that leads nowhere. */
export const isNoFile = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined && !statSync(path, { throwIfNoEntry: false })?.isFile()

/** Look at the files of a database. Files that went away meanwhile, because the database is in use, are passed over. */
export async function damagedFiles(
  path: string,
  { wanted = () => true, progress }: { wanted?: (name: string) => boolean; progress: (what: string) => void },
): Promise<DamagedFile[]> {
  const names = await readdir(path)
  const damaged: DamagedFile[] = []
  const isInUse = await usedIn(path)
  const looked = names.filter((name) => checkOf(name) && wanted(name) && isInUse(name))
  for (const [at, name] of looked.entries()) {
    progress(`looking at ${name}, file ${at + 1} of ${looked.length}`)
    if (isNoFile(join(path, name))) {
      damaged.push({ name, what: `${name}, which is no file`, isMendable: false })
      continue
    }
    const bytes = await readWhole(join(path, name))
    const faults = bytes ? checkOf(name)!(bytes).faults : []
    if (faults.length === 0) continue
    const places = faults.slice(0, 3).map(({ what, at }) => `${what} at byte ${at}`)
    const rest = faults.length > places.length ? ` and ${faults.length - places.length} more` : ''
    damaged.push({
      name,
      what: `${places.join(', ')}${rest} in ${name}`,
      isMendable: faults.every(({ isMended }) => isMended),
    })
  }
  if (names.some((name) => checkOf(name)) && !(await namesAList(path, names)))
    damaged.push({ name: currentName, what: `what ${currentName} names`, isMendable: currentIn(names) !== undefined })
  return damaged
}

/** Which files are in use: a table that the list does not name is what was left of a write, and LevelDB removes it when it opens. */
async function usedIn(path: string): Promise<(name: string) => boolean> {
  const current = (await readWhole(join(path, currentName)))?.toString('latin1').trimEnd() ?? ''
  const list = /^MANIFEST-\d+$/.test(current) ? await readWhole(join(path, current)) : undefined
  const tables = list && tablesIn(list)
  return (name) => !tables || isReadOnOpening(name) || tables.has(Number.parseInt(name, 10))
}

/** Whether the file that names the list of tables names one that is there: not always the newest, which may be begun only. */
async function namesAList(path: string, names: readonly string[]): Promise<boolean> {
  const text = (await readWhole(join(path, currentName)))?.toString('latin1') ?? ''
  return text.endsWith('\n') && currentIn([text.slice(0, -1)]) === text && names.includes(text.slice(0, -1))
}

/** Files that LevelDB reads when it opens a database, and writes anew: what it does not find in them is gone then. */
export const isReadOnOpening = (name: string): boolean => !/\.(ldb|sst)$/.test(name)

/** The bytes of a file, with zeros where the disk does not give them; nothing where there is no file. */
async function readWhole(path: string): Promise<Buffer | undefined> {
  if (isNoFile(path)) return undefined
  try {
    return await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code !== 'EIO') throw unreadable(path, error)
    return readPieces(path)
  }
}

const unreadable = (path: string, cause: unknown): LackError =>
  new LackError(
    `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}). Nothing is known to be damaged; see that everything in that folder is yours and can be read.`,
    { cause },
  )

async function readPieces(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(size)
    for (let at = 0; at < size; at += pieceBytes)
      await file.read(bytes, at, Math.min(pieceBytes, size - at), at).catch(() => undefined)
    return bytes
  } finally {
    await file.close()
  }
}

/** Where what was there before is put: beside the database, with the date. */
export type Aside = { readonly path: string; readonly aside: string }

/**
 * Mend damaged files. Where that is wanted, LevelDB makes the list of tables anew, of whatever can be read. The caller holds
 * the database. Throws where there is no room; then all is as it was.
 */
export const mendFiles = (
  where: Aside,
  { damaged, rebuilds }: { damaged: readonly DamagedFile[]; rebuilds: boolean },
): Promise<void> =>
  replaceDatabase(where, async (draft) => {
    await copyMended(where.path, draft, damaged)
    if (rebuilds) await rebuild(draft)
  })

async function copyMended(path: string, draft: string, damaged: readonly DamagedFile[]): Promise<void> {
  await mkdir(draft, { mode: 0o700 })
  const names = await readdir(path)
  for (const name of names.filter((name) => checkOf(name))) {
    const [from, to] = [join(path, name), join(draft, name)]
    if (isNoFile(from)) continue
    if (damaged.some((file) => file.name === name))
      await writeFile(to, checkOf(name)!((await readWhole(from))!).bytes, { mode: 0o600, flush: true })
    // LevelDB never writes into a file that was there when it opened, so two folders can share it.
    else await link(from, to).catch(() => copyFile(from, to))
  }
  const isNamed = !damaged.some(({ name }) => name === currentName) && existsSync(join(path, currentName))
  const current = isNamed ? await readFile(join(path, currentName)) : currentIn(names)
  if (current) await writeFile(join(draft, currentName), current, { mode: 0o600, flush: true })
}

/** Have LevelDB find out anew what is in which table. */
async function rebuild(path: string): Promise<void> {
  // Its types leave this out, because browsers have no such thing.
  await (Level as unknown as { repair(location: string): Promise<void> }).repair(path)
}

/**
 * Make another database, and put it in place of the one that is there. Where making it fails, all is as it was; whoever is
 * stopped after that is helped by `finishReplacing`.
 */
export async function replaceDatabase({ path, aside }: Aside, make: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.draft`
  const drop = (folder: string) => rm(folder, { recursive: true, force: true })
  await drop(draft)
  try {
    await make(draft)
  } catch (error) {
    await drop(draft)
    throw error
  }
  // Of one who was stopped before the old database had gone.
  await drop(finishedName(path))
  await rename(draft, finishedName(path))
  await rename(path, aside)
  await finishReplacing(path)
}

/** Where a replacement was stopped after the old database had gone, have the new one take its place. */
export async function finishReplacing(path: string): Promise<void> {
  if (!existsSync(path) && existsSync(finishedName(path))) await rename(finishedName(path), path)
}

const finishedName = (path: string): string => `${path}.mended`
