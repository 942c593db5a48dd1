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

/** What the system says where it lacks something, and what is on disk is as it was written. */
const lacks =
  /No space left on device|Disk quota exceeded|File too large|Permission denied|Read-only file system|Too many open files|Cannot allocate memory/

/** Whether something failed because of what the system lacks, and not because of damage. */
export function isLack(error: unknown): boolean {
  const { message, cause } = error as Error
  return lacks.test(message) || (cause instanceof Error && isLack(cause))
}

/** What a failure of LevelDB means: damage for what it calls corruption, and anything else as it is. */
export function damageOf(home: string, error: unknown): unknown {
  const { code, message, cause } = error as Error & { code?: string }
  if (code === 'LEVEL_CORRUPTION' || (cause instanceof Error && cause.message.startsWith('Corruption')))
    return new DamageError(damagedSentence(home, plain(message)), { cause: error })
  return error
}
