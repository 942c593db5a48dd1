/**
 * Making a home of a back-up. Everything is written into a folder of the home first, and takes its place once the end of
 * the back-up was read and is right, the settings last: a home without them is none.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { wireVersion } from '../../protocol/version.ts'
import { diskPath, openDiskAt } from '../ledger/disk.ts'
import { storeFormat } from '../ledger/store.ts'
import type { Disk } from '../seams.ts'
import { makeHome, pathsOf } from '../settings/home.ts'
import { BackupError, type BackupHead, decodeHead, framesIn, HomeFile, Records } from './backup-frames.ts'
import { isKept } from './backup.ts'

type Restoring = {
  readonly path: string
  readonly home: string
  /** The owner's word that no daemon signs batches with the host's key any more. */
  readonly hostIsDown: boolean
  readonly told: (what: string) => void
}

export type Restored = BackupHead & { readonly records: number; readonly files: readonly string[] }

/** Restore. Throws BackupError where the home is not empty, or the back-up is none, damaged, newer than this program, or a host's that may run. */
export async function restoreBackup(restoring: Restoring): Promise<Restored> {
  const { home } = restoring
  const draft = join(home, draftName)
  const others = existsSync(home) ? readdirSync(home).filter((name) => name !== draftName && name !== 'lost+found') : []
  if (others.length > 0)
    throw new BackupError(
      `${home} is not empty (${others.slice(0, 3).join(', ')}), and a back-up becomes a home of its own. Name an empty folder, or one that is not there, with --home.`,
    )
  const isNew = !existsSync(home)
  makeHome(home)
  // Of one that was stopped.
  rmSync(draft, { recursive: true, force: true })
  try {
    makeHome(draft)
    const restored = await readInto(draft, restoring)
    moveUp(draft, home)
    return restored
  } catch (error) {
    rmSync(isNew ? home : draft, { recursive: true, force: true })
    throw error
  }
}

const draftName = 'restoring'

async function readInto(draft: string, { path, hostIsDown, told }: Restoring): Promise<Restored> {
  let head: BackupHead | undefined
  let disk: Disk | undefined
  const files: string[] = []
  let records = 0
  try {
    for await (const { kind, bytes } of framesIn(createReadStream(path, { highWaterMark: 1024 * 1024 }), path)) {
      if (!head) {
        head = headOf(kind === 'head' ? bytes : undefined, path)
        continue
      }
      if (kind === 'records') {
        disk ??= await openDiskAt(diskPath(draft))
        const group = decoded(() => Records.decode(bytes), path)
        await disk.batch(group.map(({ key, value }) => ({ type: 'put', key, value }) as const))
        records += group.length
        told(`${records} records are written`)
      } else {
        const file = decoded(() => HomeFile.decode(bytes), path)
        if (file.path === 'host.key' && !hostIsDown) throw new BackupError(hostSentence(path))
        files.push(writeInto(draft, file, path))
      }
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === 'open' || (error as NodeJS.ErrnoException).code === 'EISDIR'
      ? new BackupError(`${path} cannot be read. Name the file that \`bmail backup\` wrote.`, { cause: error })
      : error
  } finally {
    await disk?.close()
  }
  return { ...head!, records, files }
}

const hostSentence = (path: string): string =>
  `${path} is of the host of its network. Two daemons with one host’s key sign different batches, which whoever sees them holds against the host, and the network stops for good. See that the other one is down and stays down, and say --host-is-down.`

/** What a back-up is of. Throws where this program cannot make a home of it. */
function headOf(bytes: Uint8Array | undefined, path: string): BackupHead {
  const head = decoded(() => decodeHead(bytes!), path)
  const { version, wire, format } = head
  if (format > storeFormat || wire > wireVersion)
    throw new BackupError(
      `${path} was made by a newer bmail, ${version}: its database has format ${format}, of wire ${wire}, and this program reads none above ${storeFormat}, of wire ${wireVersion}. Install ${version} or a newer one, and restore it with that; nothing was restored.`,
    )
  if (wire < wireVersion)
    throw new BackupError(
      `${path} was made by bmail ${version}, of wire ${wire}, and this program speaks wire ${wireVersion}, in which that network does not go on. Restore it with ${version}; nothing was restored.`,
    )
  return head
}

function decoded<T>(decode: () => T, path: string): T {
  try {
    return decode()
  } catch (cause) {
    throw new BackupError(`${path} holds something that no back-up has. Take another back-up; nothing was restored.`, {
      cause,
    })
  }
}

/** Write a file of the home. A path that `backup` does not write leads nowhere. */
function writeInto(draft: string, { path, bytes }: { path: string; bytes: Uint8Array }, from: string): string {
  if (!isKept(path)) throw new BackupError(`${from} holds ${path}, which no back-up has. Nothing was restored.`)
  mkdirSync(dirname(join(draft, path)), { recursive: true, mode: 0o700 })
  writeFileSync(join(draft, path), bytes, { mode: 0o600, flag: 'wx', flush: true })
  return path
}

function moveUp(draft: string, home: string): void {
  const { config } = pathsOf(draft)
  for (const name of readdirSync(draft))
    if (join(draft, name) !== config) renameSync(join(draft, name), join(home, name))
  if (existsSync(config)) renameSync(config, pathsOf(home).config)
  rmSync(draft, { recursive: true })
  const folder = openSync(home, 'r')
  fsyncSync(folder)
  closeSync(folder)
}
