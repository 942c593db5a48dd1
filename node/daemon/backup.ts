/**
 * Copying a home while its daemon works: the database as it stands at one moment, which LevelDB keeps for its reader
 * whatever is written meanwhile, and after that the files with what cannot be had again. Everything stays sealed as it is.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  globSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { wireVersion } from '../../protocol/version.ts'
import { diskPath, openDisk } from '../ledger/disk.ts'
import { formatOf, storeFormat } from '../ledger/store.ts'
import type { Disk } from '../seams.ts'
import { homeFile } from '../settings/files.ts'
import { pathsOf } from '../settings/home.ts'
import { idOf, parseNetworkFile } from '../settings/network-file.ts'
import {
  BackupError,
  createSum,
  encodeHead,
  firstLine,
  frameOf,
  HomeFile,
  Records,
  recordsBytes,
} from './backup-frames.ts'
import { version } from './version.ts'

/** Files of a home that a back-up has, by their names in it. */
const kept = ['bmail.toml', 'network.json', 'keystore.json', 'host.key', 'keeper-*.key', 'set-ups/*/*', 'agents/*.json']
/**
 * By this peers know a relay. A person's daemon makes another one and nobody misses the first, so that a mailbox that is
 * restored beside the original is no double of it: two nodes of one name take each other's connections.
 */
const keptOfRelays = 'peer.key'
/** Whether a back-up has files of this path. */
export const isKept = (path: string): boolean =>
  [...kept, keptOfRelays].some((pattern) => matchesGlob(path, pattern)) && !path.split('/').includes('..')
/** What a home has besides: of one run of the daemon, or of one machine. */
export const leftBehind = ['api.json', 'daemon.log', 'data', 'peer.key']

/** The files of a home that a back-up takes along, as paths in it. */
export function filesOf(home: string): string[] {
  const found = globSync(kept, { cwd: home })
  const isPersonsAlone = found.includes('keystore.json') && !found.some((path) => path.endsWith('.key'))
  return [...found, ...(isPersonsAlone ? [] : globSync(keptOfRelays, { cwd: home }))].sort()
}

type Source = { readonly disk: Disk; readonly network: string }

/** Frames of the whole database as it is now: the moment is that of the call, and not of the reading. */
export function databaseFrames({ disk, network }: Source): AsyncIterable<Uint8Array> {
  const records = disk.iterator()
  return framesOf(records, async () =>
    encodeHead({ version, network, wire: wireVersion, format: (await formatOf(disk)) ?? storeFormat }),
  )
}

async function* framesOf(
  records: AsyncIterable<[Uint8Array | string | Buffer, Uint8Array]>,
  head: () => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield frameOf('head', await head())
  let group: { key: Uint8Array; value: Uint8Array }[] = []
  let bytes = 0
  for await (const [key, value] of records) {
    group.push({ key: key as Uint8Array, value })
    bytes += key.length + value.length
    if (bytes < recordsBytes) continue
    yield frameOf('records', Records.encode(group))
    group = []
    bytes = 0
  }
  if (group.length > 0) yield frameOf('records', Records.encode(group))
}

/** The database of a home whose daemon is down. Throws HeldError where another process has it. */
export async function* databaseOf(home: string): AsyncGenerator<Uint8Array> {
  const { network: path } = pathsOf(home)
  const network = idOf(parseNetworkFile(homeFile(path, 'It holds no network file, so there is nothing to keep.')))
  if (!existsSync(diskPath(home))) {
    yield frameOf('head', encodeHead({ version, network, wire: wireVersion, format: storeFormat }))
    return
  }
  const disk = await openDisk(home)
  try {
    yield* databaseFrames({ disk, network })
  } finally {
    await disk.close()
  }
}

type Saving = {
  readonly home: string
  /** Frames of the database, from whoever has it. */
  readonly database: AsyncIterable<Uint8Array>
  readonly path: string
  /** Whether a file that is there makes room, once the new one is whole. */
  readonly replaces: boolean
  readonly told: (what: string) => void
}

/** Write a back-up, for its owner only. Throws BackupError where a file is there and is not to be replaced; what cannot be finished leaves nothing. */
export async function saveBackup(
  saving: Saving,
): Promise<{ readonly bytes: number; readonly files: readonly string[] }> {
  const { path, replaces } = saving
  const draft = replaces ? `${path}.${process.pid}.new` : path
  const file = created(draft)
  try {
    const saved = await write(file, saving)
    fsyncSync(file)
    if (replaces) renameSync(draft, path)
    return saved
  } catch (error) {
    rmSync(draft, { force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EFBIG' || code === 'EDQUOT')
      throw new BackupError(`There is no room for ${path}, and nothing of it was kept. Name a place with more.`, {
        cause: error,
      })
    throw error
  } finally {
    closeSync(file)
  }
}

function created(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new BackupError(`${path} is there already, and stays as it is. Name another file, or say --replace.`, {
        cause,
      })
    throw new BackupError(`${path} cannot be written. Check its folder and the permissions there.`, { cause })
  }
}

async function write(file: number, { home, database, told }: Saving) {
  const sum = createSum()
  let bytes = 0
  const put = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at)
    bytes += piece.length
  }
  put(firstLine)
  for await (const piece of database) {
    put(piece)
    sum.add(piece)
    told(`${Math.floor(bytes / 1024 / 1024)} MiB are written`)
  }
  // After the database: a name that is newer than it finds its mail in the log, and one that is older would miss a key.
  const files = filesOf(home)
  for (const path of files) {
    const frame = frameOf('file', HomeFile.encode({ path, bytes: contentOf(join(home, path)) }))
    put(frame)
    sum.add(frame)
  }
  put(frameOf('end', sum.digest()))
  return { bytes, files }
}

/** Files of set-ups are large, so all are read alike; a pipe would be waited for. */
function contentOf(path: string): Uint8Array {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new BackupError(
      `${path} is no file, or went away meanwhile. See what stands there, and take the back-up again.`,
    )
  return readFileSync(path)
}
