/**
 * Locks on disk. A settled message that this node keeps is marked as closed; while it is, right shares of its lock key are
 * kept beside it. Once the lock is open, its key is kept, by the height of its batch, and mark and shares are gone.
 */
import * as P from 'micro-packed'
import { U64 } from '../../protocol/codec.ts'
import type { Share } from '../../protocol/lock.ts'
import { keyIn, rangeOf, type Store, type Write } from '../ledger/store.ts'
import type { SettledAt } from './envelope-records.ts'
import type { WithKeys } from './unwritten.ts'

const closedKey = ({ height, message }: SettledAt): Uint8Array => keyIn('closed', U64.encode(height), message)
const lockKeyKey = ({ height, message }: SettledAt): Uint8Array => keyIn('lockKey', U64.encode(height), message)
const shareKey = (message: Uint8Array, keeper: number): Uint8Array => keyIn('share', message, P.U8.encode(keeper))

/** What to write for a message that was settled just now. */
export const writeOfClosed = (settled: SettledAt): Write => ({ key: closedKey(settled), value: Uint8Array.of() })

/** What to write for a lock that is open: its key is kept, and the shares that were kept for it are not. */
export const writesOfOpen = (settled: SettledAt, lockKey: Uint8Array, shares: readonly Share[]): Write[] => [
  { key: lockKeyKey(settled), value: lockKey },
  { key: closedKey(settled), value: undefined },
  ...shares.map(({ index }) => ({ key: shareKey(settled.message, index), value: undefined })),
]

/** What to write for shares of a lock that stays closed. */
export const writesOfShares = (message: Uint8Array, shares: readonly Share[]): Write[] =>
  shares.map(({ index, share }) => ({ key: shareKey(message, index), value: share }))

/** Whether a message is kept here and its lock is not open yet. */
export const isClosed = async ({ get }: Pick<Store, 'get'>, settled: SettledAt): Promise<boolean> =>
  (await get(closedKey(settled))) !== undefined

/** The lock key of a message, if its lock is open. */
export const lockKeyIn = ({ get }: Pick<Store, 'get'>, settled: SettledAt): Promise<Uint8Array | undefined> =>
  get(lockKeyKey(settled))

/** The shares that are kept of a lock, out of so many keepers. */
export async function sharesIn(
  { getMany }: Pick<Store, 'getMany'>,
  message: Uint8Array,
  keepersCount: number,
): Promise<Share[]> {
  const keepers = Array.from({ length: keepersCount }, (_, index) => index)
  const shares = await getMany(keepers.map((index) => shareKey(message, index)))
  return shares.flatMap((share, index) => (share ? [{ index, share }] : []))
}

/** Settled messages whose lock is closed, from a height on, the oldest first. */
export async function closedIn(
  { keys }: WithKeys,
  { limit, from }: { readonly limit: number; readonly from: bigint },
): Promise<SettledAt[]> {
  const names = await keys('closed', { from: U64.encode(from), limit })
  return names.map((key) => ({ height: U64.decode(key.slice(1, 9)), message: key.slice(9) }))
}

/** Lock keys on disk of messages settled from a height on, in order. */
export async function* lockKeysIn(
  { disk }: Pick<Store, 'disk'>,
  from: bigint,
): AsyncGenerator<SettledAt & { readonly lockKey: Uint8Array }> {
  const range = { ...rangeOf('lockKey'), gte: keyIn('lockKey', U64.encode(from)) }
  for await (const [key, lockKey] of disk.iterator(range))
    yield { height: U64.decode(key.slice(1, 9)), message: key.slice(9), lockKey }
}
