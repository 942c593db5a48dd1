/** Damage to what a node keeps, met while it is read: where, and what to do. */

/** Something on disk is not as it was written. The message is for people. */
export class DamageError extends Error {
  override name = 'DamageError'
}

const cure =
  'Run `bmail doctor --repair` while the daemon is down: it mends it or fetches it anew, and throws nothing away.'

/** That the database of a home is damaged, and what to do. */
export const damagedSentence = (home: string, what: string): string =>
  `The database in ${home} is damaged: ${what}. ${cure}`

/** What a record holds. Throws DamageError where it does not decode: only what decoded was ever written. */
export function decodeStored<T>(codec: { decode(bytes: Uint8Array): T }, bytes: Uint8Array, what: string): T {
  try {
    return codec.decode(bytes)
  } catch (cause) {
    throw new DamageError(`The database is damaged: ${what} does not decode. ${cure}`, { cause })
  }
}

/** LevelDB's own words, as they go on after ours. */
export const plain = (message: string): string => message.replace(/^Corruption: /, '').replace(/\.$/, '')

/** The system lacks something that the database needs, and what is on disk is as it was written. The message says what to do. */
export class LackError extends Error {
  override name = 'LackError'
  readonly code = 'LEVEL_IO_ERROR'
}

/** The codes by which the system says that it lacks something. LevelDB says of each of them only that reading or writing failed. */
const lacks = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** Whether an error of the system says that it lacks something, and not that something is damaged. */
export function saysLack(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException
  return (
    error instanceof LackError || (code !== undefined && lacks.has(code)) || (cause instanceof Error && saysLack(cause))
  )
}

/** Whether LevelDB could not read or write, for a reason that it gives in words alone. */
export function isUnspoken(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException
  return code === 'LEVEL_IO_ERROR' || (cause instanceof Error && isUnspoken(cause))
}

/** What a failure of LevelDB means: damage for what it calls corruption, and anything else as it is. */
export function damageOf(home: string, error: unknown): unknown {
  const { code, message, cause } = error as Error & { code?: string }
  if (code === 'LEVEL_CORRUPTION' || (cause instanceof Error && cause.message.startsWith('Corruption')))
    return new DamageError(damagedSentence(home, plain(message)), { cause: error })
  return error
}
