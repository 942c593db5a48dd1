/** Opening a lock, by shares that are enough together or by its key; one at a time, and whoever waits for one is told. */
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { Envelope } from '../../protocol/envelope.ts'
import { combineShares, type Lock, type Share } from '../../protocol/lock.ts'
import type { Store, Write } from '../ledger/store.ts'
import { createTurns } from '../turns.ts'
import type { SettledAt } from './envelope-records.ts'
import type { Envelopes } from './envelopes.ts'
import { isClosed, lockKeyIn, sharesIn, writesOfOpen, writesOfShares } from './lock-records.ts'

type Options = {
  readonly store: Pick<Store, 'get' | 'getMany' | 'writeSoon'>
  readonly context: Pick<Context, 'network' | 'rules'>
  readonly envelopes: Pick<Envelopes, 'get'>
}

/** Called with each lock as it opens. */
type OpenedListener = (message: Uint8Array, lockKey: Uint8Array) => void | Promise<void>
type Opened = { readonly message: Uint8Array; readonly lockKey: Uint8Array }

/** A settled message, and shares of its lock key that are not on disk. */
type WithShares = SettledAt & { readonly shares: readonly Share[] }

export function createLockOpening({ store, context, envelopes }: Options) {
  const listeners = new Set<OpenedListener>()
  const inTurn = createTurns()

  /** In turns, because shares of one lock that come at the same time have to find each other. */
  async function opening(task: () => Promise<readonly Opened[]>): Promise<void> {
    for (const { message, lockKey } of await inTurn(task))
      for (const listener of listeners) await listener(message, lockKey)
  }

  const sharesOf = (message: Uint8Array) => sharesIn(store, message, context.rules.keepers.members.length)

  async function envelopeOf(message: Uint8Array): Promise<Envelope | undefined> {
    const bytes = await envelopes.get(message)
    return bytes && Envelope.decode(bytes)
  }

  /** What shares come to for one message: its lock key, where they are enough now, and what to write. */
  async function add({ shares, ...settled }: WithShares): Promise<{ writes: Write[]; opened?: Opened }> {
    const { message } = settled
    // Open already, or not kept here: then its shares would stay for ever. It is asked first, because it is one key.
    if (!(await isClosed(store, settled))) return { writes: [] }
    const known = await sharesOf(message)
    // Shares that are known do not open it now either; without new ones, it is the envelope that came.
    if (shares.length > 0 && shares.every((share) => isSame(known, share))) return { writes: [] }
    const envelope = await envelopeOf(message)
    const lock = envelope && combineShares(context.network, envelope, [...known, ...shares])
    if (lock?.state === 'open') {
      const { lockKey } = lock
      return { writes: writesOfOpen(settled, lockKey, known), opened: { message, lockKey } }
    }
    const fresh = shares.filter(({ index }) => !known.some((other) => other.index === index))
    return { writes: writesOfShares(message, fresh) }
  }

  return {
    onOpened: (listener: OpenedListener): void => void listeners.add(listener),
    envelopeOf,
    /**
     * Add shares of settled messages, found when their turn comes, and open the locks for which they are enough now. Says
     * for how many of them something came of it.
     */
    async addShares(find: () => Promise<readonly WithShares[]>): Promise<number> {
      let news = 0
      await opening(async () => {
        const results = await Promise.all((await find()).map(add))
        const writes = results.flatMap((result) => result.writes)
        news = results.filter((result) => result.writes.length > 0).length
        await store.writeSoon(writes)
        return results.flatMap(({ opened }) => opened ?? [])
      })
      return news
    },
    /** Open a lock with its key, which must be right. False where it was open already. */
    async openWith(settled: SettledAt, lockKey: Uint8Array): Promise<boolean> {
      const { message } = settled
      let isNew = false
      await opening(async () => {
        isNew = (await lockKeyIn(store, settled)) === undefined
        if (!isNew) return []
        await store.writeSoon(writesOfOpen(settled, lockKey, await sharesOf(message)))
        return [{ message, lockKey }]
      })
      return isNew
    },
    /** How far a closed lock is: how many right shares of how many that are needed. */
    async progress(message: Uint8Array): Promise<Lock | undefined> {
      const envelope = await envelopeOf(message)
      return envelope && combineShares(context.network, envelope, await sharesOf(message))
    },
  }
}

/** Whether a share is among those that are known; a keeper may have given a wrong one first. */
const isSame = (known: readonly Share[], { index, share }: Share): boolean =>
  known.some((other) => other.index === index && equalBytes(other.share, share))
