/** Small files that a home holds, or that people hand over, read without trusting that they are small, or files. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'

/** No file that is read whole at once is ever nearly so large. */
const smallBytesMax = 4 * 1024 * 1024

/** Something stands where a small file should be and cannot be read; the message says what, and what to do. */
export class UnreadableError extends Error {
  override name = 'UnreadableError'
}

/**
 * The bytes of a small file; undefined if there is no file. Throws UnreadableError for anything else than a small file of our
 * own: a folder, a pipe, a link that leads nowhere, more than 4 MiB, a file of somebody else's. `remedy` says what to do about what
 * is no small file.
 */
export function smallFile(path: string, remedy: string = restore): Buffer | undefined {
  const file = opened(path)
  if (file === undefined) return undefined
  try {
    const stat = fstatSync(file)
    if (!stat.isFile())
      throw new UnreadableError(
        `${path} is ${stat.isDirectory() ? 'a folder' : 'a pipe or a device'}, and no file. ${remedy}`,
      )
    if (stat.size > smallBytesMax)
      throw new UnreadableError(
        `${path} has ${stat.size} bytes, and what belongs there never has more than ${smallBytesMax}. ${remedy}`,
      )
    const bytes = Buffer.alloc(stat.size)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, length)
    return bytes.subarray(0, length)
  } catch (error) {
    throw error instanceof UnreadableError ? error : unreadable(path, error)
  } finally {
    closeSync(file)
  }
}

/** The text of a file in a home. Throws an Error that names the home and says what to do where there is none, and UnreadableError. */
export function homeFile(path: string, otherwise: string): string {
  const bytes = smallFile(path)
  if (bytes === undefined) throw new Error(`${dirname(path)} is not ready. ${otherwise}`)
  return bytes.toString('utf8')
}

/** A file that is opened without waiting for anybody, as a pipe would; nothing where there is none. */
function opened(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, error)
    if (!isThere(path)) return undefined
    throw new UnreadableError(`${path} is a link that leads nowhere. Mount or restore what it leads to.`)
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

const unreadable = (path: string, cause: unknown): UnreadableError =>
  new UnreadableError(
    `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}). See that it is yours and that the disk is well, or restore it.`,
    { cause },
  )

const restore = 'Move it away, and restore the file from a back-up.'
