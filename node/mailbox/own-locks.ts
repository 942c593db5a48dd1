/**
 * Locks of our own letters that keepers did not open: the sender kept the lock key, so that no message depends on keepers
 * alone. A key is handed in only where a lock is still closed some time after its batch, each at a moment of its own and by
 * the way of the pseudonym that sent it. A letter stays among those that are looked after until its lock is seen open here,
 * whatever came of handing in.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Rules } from '../../protocol/rules.ts'
import type { Releases } from '../envelopes/releases.ts'
import type { Moments } from '../moments.ts'
import type { HandIn } from '../peers/handing-in.ts'
import type { Cabinet, Letter } from './cabinet.ts'

/** Keepers have so many batch intervals; then a key is handed in at a moment within as many as are in `spread`. */
const patience = 4
const spread = 8
/** Where a lock stays closed, all of it takes twice as long each time, so many times. */
const doublings = 6

type Options = {
  readonly cabinet: Pick<Cabinet, 'closedLetters' | 'outgoing'>
  readonly releases: Pick<Releases, 'lockKeyOf'>
  readonly rules: Pick<Rules, 'batchIntervalMs'>
  readonly moments: Pick<Moments, 'draw'>
  readonly handIn: HandIn
}

/** Gives a round: what is closed gets its moment. */
export function createOwnLocks({ cabinet, releases, rules, moments, handIn }: Options): () => Promise<void> {
  /** How often the key of each message was handed in, until its lock is seen open. */
  const tries = new Map<string, number>()

  async function release(name: string, { id, opId, height, own }: Letter): Promise<void> {
    const parcel = opId && (await cabinet.outgoing(opId))?.message
    if (!parcel || height === undefined || (await releases.lockKeyOf(id, height))) return
    const before = tries.get(name) ?? 0
    const isHanded = await handIn({ message: id, lockKey: parcel.lockKey, lane: bytesToHex(own), tries: before })
    if (isHanded) tries.set(name, before + 1)
  }

  return async () => {
    const closed = new Set<string>()
    for await (const letter of cabinet.closedLetters()) {
      const { id, folder, state, opId, height } = letter
      if (folder !== 'sent' || state !== 'settled' || !opId || height === undefined) continue
      const name = bytesToHex(id)
      closed.add(name)
      if (await releases.lockKeyOf(id, height)) continue
      const unitMs = rules.batchIntervalMs * 2 ** Math.min(tries.get(name) ?? 0, doublings)
      const span = { fromMs: patience * unitMs, toMs: (patience + spread) * unitMs }
      moments.draw(`lock ${name}`, span, () => release(name, letter))
    }
    for (const name of tries.keys()) if (!closed.has(name)) tries.delete(name)
  }
}
