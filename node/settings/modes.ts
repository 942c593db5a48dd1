/** Who else on this machine could read what is secret: the modes of a home and of files, held against what they may be. */
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathsOf } from './home.ts'

/** Something secret that others could read or enter; the message says what, and the command that ends it. */
class ExposedError extends Error {
  override name = 'ExposedError'
}

/** Throws ExposedError where others can enter a home, or read a keystore or a key in it. */
export function guardHome(home: string): void {
  if (!existsSync(home)) return // whoever looks for what is in it says so
  const [first] = exposures(home)
  if (first !== undefined) throw new ExposedError(`${first} Nothing was started.`)
}

/** Throws ExposedError where others can read a file. */
export function guardFile(path: string): void {
  const exposure = fileExposure(path)
  if (exposure !== undefined) throw new ExposedError(exposure)
}

/** What of a home others can enter or read: a sentence each, with what to do. */
export function exposures(home: string): string[] {
  const { keystore, api } = pathsOf(home)
  const keys = readdirSync(home).filter((name) => name.endsWith('.key'))
  const files = [keystore, api, ...keys.map((name) => join(home, name))].filter((path) => existsSync(path))
  return [folderExposure(home), ...files.map(fileExposure)].filter((sentence) => sentence !== undefined)
}

/** Make a folder its owner’s alone, where it is there: an older version took the mode of its shell. */
export function keepToOwner(folder: string): void {
  if (existsSync(folder) && permissions(folder) & othersBits) chmodSync(folder, 0o700)
}

const othersBits = 0o077
/** A secret of root’s may be for a group, as of those that run a service: nobody else put it there. */
const othersBitsOfRoot = 0o037
/** Where container engines mount secrets, with modes of their own (0444, of root) that nobody inside can change. */
const mountedSecrets = '/run/secrets/'

function folderExposure(path: string): string | undefined {
  const mode = permissions(path)
  if ((mode & othersBits) === 0) return undefined
  const isOurs = [statSync(path).uid, 0].includes(process.getuid?.() ?? 0)
  const elsewhere = isOurs ? '' : ', or where it is a mount that is not yours, name a folder inside it with --home'
  return `Others can enter ${path} (mode ${octal(mode)}), where keys and mail lie. Say \`chmod 700 ${quoted(path)}\`${elsewhere}.`
}

function fileExposure(path: string): string | undefined {
  const mode = permissions(path)
  const bits = statSync(path).uid === 0 ? othersBitsOfRoot : othersBits
  if ((mode & bits) === 0 || path.startsWith(mountedSecrets)) return undefined
  return `Others can read ${path} (mode ${octal(mode)}), which holds a secret. Say \`chmod 600 ${quoted(path)}\`.`
}

const permissions = (path: string): number => statSync(path).mode & 0o777

const octal = (mode: number): string => mode.toString(8).padStart(3, '0')

/** A path as a shell takes it. */
const quoted = (path: string): string => (/^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)
