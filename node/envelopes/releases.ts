/**
 * What opens locks: shares that keepers publish, and lock keys that senders kept. Either makes a settled message readable,
 * and whoever has the key of a lock gives it to whoever asks.
 */
import type { Context } from '../../protocol/context.ts'
import { type KeeperShares, type Release, releaseHash } from '../../protocol/gossip.ts'
import { checkLockKey } from '../../protocol/lock.ts'
import { isLowS } from '../../protocol/signature.ts'
import { messageRecordOf, type SettledSend } from '../ledger/settled-sends.ts'
import type { Store, Write } from '../ledger/store.ts'
import type { Answer } from '../seams.ts'
import { createEarlyShares } from './early-shares.ts'
import type { SettledAt } from './envelope-records.ts'
import type { Envelopes } from './envelopes.ts'
import { createLockOpening } from './lock-opening.ts'
import { closedIn, lockKeyIn, lockKeysIn, writeOfClosed } from './lock-records.ts'

type Options = {
  readonly store: Pick<Store, 'disk' | 'fetch' | 'get' | 'getMany' | 'writeSoon'>
  readonly context: Context
  readonly envelopes: Pick<Envelopes, 'get' | 'keeps'>
}

export type Releases = ReturnType<typeof createReleases>

export function createReleases({ store, context, envelopes }: Options) {
  const early = createEarlyShares()
  const locks = createLockOpening({ store, context, envelopes })

  /** A keeper's release: shares of messages that are settled here already are used, the others are kept for later. */
  async function takeShares({ keeper, shares }: KeeperShares): Promise<void> {
    await locks.addShares(async () => {
      const view = await store.fetch(shares.map(({ message }) => ({ table: 'messages', key: message })))
      return shares.flatMap(({ message, share }) => {
        const record = view.read('messages', message)
        const byKeeper = { index: keeper, share }
        if (!record) early.keep(message, byKeeper)
        return record ? [{ message, height: record.height, shares: [byKeeper] }] : []
      })
    })
  }

  /** Take a lock key, from whomever: once the envelope is there, the key itself shows whether it is right. */
  async function takeLockKey(
    message: Uint8Array,
    lockKey: Uint8Array,
  ): Promise<'opened' | 'known' | 'wrong' | 'early'> {
    const record = await messageRecordOf(store, message)
    const envelope = record && (await locks.envelopeOf(message))
    if (!record || !envelope) return 'early'
    if (!checkLockKey(context.network, envelope, lockKey)) return 'wrong'
    return (await locks.openWith({ message, height: record.height }, lockKey)) ? 'opened' : 'known'
  }

  return {
    onOpened: locks.onOpened,
    progress: locks.progress,
    takeLockKey,
    /** Take a release that was gossiped. */
    async take(release: Release): Promise<Answer> {
      if (release.TAG === 'shares') {
        const answer = answerTo(context, release.data)
        if (answer === 'accept') await takeShares(release.data)
        return answer
      }
      const results = []
      for (const { message, lockKey } of release.data.keys) results.push(await takeLockKey(message, lockKey))
      if (results.includes('wrong')) return 'reject'
      // Only news travels on: keys that are public already can be put together in any number of ways.
      return results.includes('opened') ? 'accept' : 'ignore'
    },
    /** What to write together with a batch: each message it settles, and this node keeps, is closed still. */
    writesOf: (sends: readonly SettledSend[], height: bigint): Write[] =>
      sends
        .filter(({ message, op, send: { recipients } }) => envelopes.keeps(message, { sender: op.account, recipients }))
        .map(({ message }) => writeOfClosed({ height, message })),
    /** After the batch is on disk: use the shares that were early. */
    settled: (sends: readonly SettledSend[], height: bigint): Promise<void> =>
      locks.addShares(async () =>
        sends
          .map(({ message }) => ({ message, height, shares: early.takeOut(message) }))
          .filter(({ shares }) => shares.length > 0),
      ),
    /** An envelope came late: perhaps its shares are here already. */
    envelopeCame: (message: Uint8Array, height: bigint): Promise<void> =>
      locks.addShares(async () => [{ message, height, shares: [] }]),
    lockKeyOf: (message: Uint8Array, height: bigint): Promise<Uint8Array | undefined> =>
      lockKeyIn(store, { message, height }),
    /** Settled messages whose lock is closed, the oldest first. */
    closed: (limit: number): Promise<SettledAt[]> => closedIn(store, limit),
    /** Lock keys of messages settled from a height on, in order. */
    from: (height: bigint) => lockKeysIn(store, height),
  }
}

/** Whether a release is signed by a keeper of the present set. One of another set is no fault: sets change. */
function answerTo({ network, rules, verify }: Context, release: KeeperShares): Answer {
  const member = rules.keepers.members[release.keeper]
  if (!member || release.keeperSet !== rules.keepers.version) return 'ignore'
  const { signature } = release
  if (!isLowS(signature)) return 'reject'
  return verify({ digest: releaseHash(network, release), signature, key: member.signingKey }) ? 'accept' : 'reject'
}
