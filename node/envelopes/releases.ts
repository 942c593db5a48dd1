/**
 * What opens locks: shares that keepers publish, and lock keys that senders kept. Either makes a settled message readable,
 * and whoever has the key of a lock gives it to whoever asks.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
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
import { createOpenedLately } from './opened-lately.ts'
import type { WithKeys } from './unwritten.ts'

type Options = {
  readonly store: Pick<Store, 'disk' | 'fetch' | 'get' | 'getMany' | 'writeSoon'> & WithKeys
  readonly context: Context
  readonly envelopes: Pick<Envelopes, 'get' | 'holds' | 'keeps'>
}

/**
 * What came of a release: the answer of gossip, and the work that it caused for nothing. `looks`: messages that were looked
 * for on disk without learning anything new. `echoes`: messages whose lock had opened a moment ago.
 */
type TakenRelease = { readonly answer: Answer; readonly looks: number; readonly echoes: number }

/** What a wrong lock key costs its bringer, counted in looks: the envelope was read and decoded in order to tell. */
const wrongKeyLooks = 16

export type Releases = ReturnType<typeof createReleases>

export function createReleases({ store, context, envelopes }: Options) {
  const early = createEarlyShares()
  const locks = createLockOpening({ store, context, envelopes })
  const lately = createOpenedLately()
  const listeners = new Set<(keeper: number) => void>()
  locks.onOpened((message) => lately.add(message))

  /** The messages that still have to be looked up on disk (`rest`), and how many were answered from memory: by kind of echo. */
  function unheard<T extends { readonly message: Uint8Array }>(all: readonly T[]) {
    const heard = all.map(({ message }) => lately.echo(message))
    const echoes = heard.filter((echo) => echo === 'fair').length
    const idle = heard.filter((echo) => echo === 'idle').length
    return { rest: all.filter((_, at) => heard[at] === undefined), echoes, idle }
  }

  /** A keeper's release: shares of messages that are settled here already are used, the others are kept for later. */
  async function takeShares({ keeper, shares }: KeeperShares): Promise<TakenRelease> {
    const { rest, echoes, idle } = unheard(shares)
    let news = 0
    const used = await locks.addShares(async () => {
      const view = await store.fetch(rest.map(({ message }) => ({ table: 'messages', key: message })))
      return rest.flatMap(({ message, share }) => {
        const record = view.read('messages', message)
        const byKeeper = { index: keeper, share }
        if (!record && early.keep(message, byKeeper)) news += 1
        return record ? [{ message, height: record.height, shares: [byKeeper] }] : []
      })
    })
    news += used
    // Others may still wait for what is known here already, but not for what nobody waits for any more.
    return { answer: news + echoes > 0 ? 'accept' : 'ignore', looks: rest.length - news + idle, echoes }
  }

  /** Take a lock key, from whomever: once the envelope is there, the key itself shows whether it is right. */
  async function takeLockKey(
    message: Uint8Array,
    lockKey: Uint8Array,
  ): Promise<'opened' | 'known' | 'wrong' | 'early'> {
    const record = await messageRecordOf(store, message)
    if (!record) return 'early'
    // Open already? That is one key; the envelope is larger by orders of magnitude, and has to be decoded.
    const settled = { message, height: record.height }
    if (await lockKeyIn(store, settled)) return 'known'
    const envelope = await locks.envelopeOf(message)
    if (!envelope) return 'early'
    if (!checkLockKey(context.network, envelope, lockKey)) return 'wrong'
    return (await locks.openWith(settled, lockKey)) ? 'opened' : 'known'
  }

  /** Lock keys by a sender. Only news travels on: keys that are public already can be put together in any number of ways. */
  async function takeLockKeys(keys: readonly { message: Uint8Array; lockKey: Uint8Array }[]): Promise<TakenRelease> {
    const { rest, echoes, idle } = unheard(keys)
    let looks = idle
    let isNews = false
    for (const { message, lockKey } of rest) {
      const result = await takeLockKey(message, lockKey)
      // Only a node that has the envelope can tell. Others are honest and relay the key, beside one that opens a lock.
      if (result === 'wrong') looks += wrongKeyLooks
      if (result === 'opened') isNews = true
      // If we hold its envelope, the message is about to be settled: a key may arrive before its batch, and is free then.
      else if (!envelopes.holds(message)) looks += 1
    }
    return { answer: isNews ? 'accept' : 'ignore', looks, echoes }
  }

  return {
    onOpened: locks.onOpened,
    /** Called with the place of a keeper that published shares, news or not. */
    onShares: (listener: (keeper: number) => void): void => void listeners.add(listener),
    progress: locks.progress,
    takeLockKey,
    /** Take a release that was gossiped. It is rejected if it names a message twice, which no honest node does. */
    async take(release: Release): Promise<TakenRelease> {
      const named = release.TAG === 'shares' ? release.data.shares : release.data.keys
      const names = new Set(named.map(({ message }) => bytesToHex(message)))
      if (names.size < named.length) return { answer: 'reject', looks: 0, echoes: 0 }
      if (release.TAG === 'lockKeys') return takeLockKeys(release.data.keys)
      const answer = answerTo(context, release.data)
      if (answer !== 'accept') return { answer, looks: 1, echoes: 0 }
      for (const listener of listeners) listener(release.data.keeper)
      return takeShares(release.data)
    },
    /** Writes that belong to a batch: they note each message that it settles and this node keeps as still closed. */
    writesOf: (sends: readonly SettledSend[], height: bigint): Write[] =>
      sends
        .filter(({ send: { recipients } }) => envelopes.keeps(recipients))
        .map(({ message }) => writeOfClosed({ height, message })),
    /** After the batch is on disk: use the shares that were early. */
    async settled(sends: readonly SettledSend[], height: bigint): Promise<void> {
      await locks.addShares(async () =>
        sends
          .map(({ message }) => ({ message, height, shares: early.takeOut(message) }))
          .filter(({ shares }) => shares.length > 0),
      )
    },
    /** An envelope came late: perhaps its shares are here already. */
    async envelopeCame(message: Uint8Array, height: bigint): Promise<void> {
      await locks.addShares(async () => [{ message, height, shares: [] }])
    },
    lockKeyOf: (message: Uint8Array, height: bigint): Promise<Uint8Array | undefined> =>
      lockKeyIn(store, { message, height }),
    /** Settled messages whose lock is closed, from a height on, the oldest first. */
    closed: (limit: number, from = 0n): Promise<SettledAt[]> => closedIn(store, { limit, from }),
    /** Lock keys of messages settled from a height on, in order, as peers are given them. */
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
