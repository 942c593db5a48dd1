/**
 * The home folder of a daemon: where it is, what lies in it, and the note by which commands find the daemon that runs
 * there. Imports next to nothing but what is in Node, so that commands start fast.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { smallFile } from './files.ts'

/** No home was named, and whoever runs this has no folder in which one could be. */
class HomeError extends Error {
  override name = 'HomeError'
}

/** The folder named by a flag, else by `BMAIL_HOME`, else `~/.bmail`; absolute. Throws HomeError where there is no `~`. */
export const homeOf = ({ flag, env }: { flag?: string | undefined; env: NodeJS.ProcessEnv }): string =>
  resolve(flag || env.BMAIL_HOME || join(folderOfPerson(), '.bmail'))

/** An empty HOME is none: in the folder in which a command happens to run nobody looks for keys. */
function folderOfPerson(): string {
  const sentence =
    'Whoever runs this has no home folder (HOME). Name a folder for the mailbox with --home FOLDER, or in BMAIL_HOME.'
  let folder: string
  try {
    folder = homedir()
  } catch (cause) {
    throw new HomeError(sentence, { cause })
  }
  if (isAbsolute(folder)) return folder
  throw new HomeError(sentence)
}

/** What lies in a home folder, by what it is. */
export const pathsOf = (home: string) => ({
  config: join(home, 'bmail.toml'),
  network: join(home, 'network.json'),
  keystore: join(home, 'keystore.json'),
  /** Where the running daemon listens, and the token that opens its API. */
  api: join(home, 'api.json'),
  /** Set-ups of proofs that are not the program's own, a folder each, by id. */
  setUps: join(home, 'set-ups'),
  /** What a daemon that runs in the background says. */
  log: join(home, 'daemon.log'),
})

/** How a command reaches the daemon of a home: where its API listens (127.0.0.1 if not said), the token, its process id. */
export type ApiFile = { readonly host?: string; readonly port: number; readonly token: string; readonly pid: number }

/** 32 random bytes in hex: the bearer token of one run of a daemon. */
export const newToken = (): string => randomBytes(32).toString('hex')

/** Make the folder for its owner only, or make it so. */
export function makeHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  chmodSync(home, 0o700)
}

/** Put the note in place whole, readable by its owner only. */
export function writeApiFile(home: string, file: ApiFile): void {
  replaceFile(pathsOf(home).api, `${JSON.stringify({ ...file, folder: folderOf(home) })}\n`, 0o600)
}

/** The note of the daemon that runs here, or ran here and was killed; nothing where there is none, or it came with a copy of a home. */
export function readApiFile(home: string): Required<ApiFile> | undefined {
  try {
    const note = smallFile(pathsOf(home).api)?.toString('utf8') ?? ''
    const { host = '127.0.0.1', port, token, pid, folder } = JSON.parse(note)
    // In a copy of a home, commands would reach the daemon of the original, and stop it, or spend its money.
    if (folder !== undefined && folder !== folderOf(home)) return undefined
    if (typeof host !== 'string' || !isLoopback(host) || typeof token !== 'string') return undefined
    return Number.isInteger(port) && Number.isInteger(pid) && pid > 0 ? { host, port, token, pid } : undefined
  } catch {
    return undefined // absent or half written by hand: either way no daemon can be found by it
  }
}

/** What tells this folder from its copies, wherever it is mounted and whatever it is called. */
const folderOf = (home: string): string => String(statSync(home, { bigint: true }).ino)

/** Remove the note, if it still is the one with this token: another daemon may have replaced it. */
export function removeApiFile(home: string, token: string): void {
  if (readApiFile(home)?.token === token) rmSync(pathsOf(home).api, { force: true })
}

/** Write a file beside its place, then rename it there, so that nobody reads half of it. */
export function replaceFile(path: string, text: string | Uint8Array, mode: number): void {
  const draft = `${path}.${process.pid}.new`
  try {
    // A draft of a process that was killed and had our number would keep its own mode.
    rmSync(draft, { force: true })
    writeFileSync(draft, text, { mode, flag: 'wx', flush: true })
    renameSync(draft, path)
  } catch (cause) {
    rmSync(draft, { force: true })
    throw new Error(
      `${path} could not be written. Check the disk, the permissions of its folder, and that nothing but a file stands there.`,
      { cause },
    )
  }
}

/** Whether a host is this machine's own loopback: 127.0.0.0/8, ::1, localhost. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
