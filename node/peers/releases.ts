/**
 * The opening of locks: shares that keepers publish, and lock keys that senders kept, put together into the one key
 * that makes a settled message readable.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { U64 } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { Envelope } from '../../protocol/envelope.ts'
import { type KeeperShares, type Release, releaseHash } from '../../protocol/gossip.ts'
import { checkLockKey, combineShares, type Lock, type Share } from '../../protocol/lock.ts'
import * as P from 'micro-packed'
import { isLowS } from '../../protocol/signature.ts'
import type { Message } from '../../protocol/state.ts'
import type { Envelopes } from './envelopes.ts'
import type { Answer } from '../seams.ts'
import type { SentOp } from '../ledger/settled-sends.ts'
import { keyIn, rangeOf, type Store, type Write } from '../ledger/store.ts'

/** The most shares kept for messages that this node has not seen settled yet. */
const earlyMax = 50_000

export type Releases = ReturnType<typeof createReleases>

type Settled = { readonly message: Uint8Array; readonly height: bigint }
type Opened = { readonly message: Uint8Array; readonly lockKey: Uint8Array }

export function createReleases({
  store,
  context,
  envelopes,
}: {
  store: Store
  context: Context
  envelopes: Envelopes
}) {
  const listeners = new Set<(message: Uint8Array, lockKey: Uint8Array) => void | Promise<void>>()
  /** Shares that came before their batch did. */
  const early = new Map<string, Share[]>()

  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other, so that shares of one lock that come at once find each other. Listeners hear of locks it opened. */
  async function inTurn(task: () => Promise<readonly Opened[]>): Promise<void> {
    const next = turn.then(task)
    turn = next.catch(() => undefined)
    for (const { message, lockKey } of await next) for (const listener of listeners) await listener(message, lockKey)
  }

  const recordOf = async (message: Uint8Array): Promise<Message | undefined> =>
    (await store.fetch([{ table: 'messages', key: message }])).read('messages', message)

  const places = context.rules.keepers.members.map((_, index) => index)
  const shareKey = (message: Uint8Array, index: number): Uint8Array => keyIn('share', message, P.U8.encode(index))

  async function sharesOf(message: Uint8Array): Promise<Share[]> {
    const found = await store.getMany(places.map((index) => shareKey(message, index)))
    return found.flatMap((share, index) => (share ? [{ index, share }] : []))
  }

  async function lockKeyOf(message: Uint8Array, height: bigint): Promise<Uint8Array | undefined> {
    return store.get(keyIn('lockKey', U64.encode(height), message))
  }

  /** A lock is open: keep the key, forget the shares. */
  function writesOfOpen({ message, height }: Settled, lockKey: Uint8Array, shares: readonly Share[]): Write[] {
    const at = U64.encode(height)
    return [
      { key: keyIn('lockKey', at, message), value: lockKey },
      { key: keyIn('closed', at, message), value: undefined },
      ...shares.map(({ index }) => ({ key: shareKey(message, index), value: undefined })),
    ]
  }

  async function envelopeOf(message: Uint8Array): Promise<Envelope | undefined> {
    const bytes = await envelopes.get(message)
    return bytes && Envelope.decode(bytes)
  }

  /** Add shares of settled messages, and open the locks for which they are enough now. */
  async function addShares(settled: readonly (Settled & { readonly shares: readonly Share[] })[]): Promise<Opened[]> {
    const results = await Promise.all(
      settled.map(async (one): Promise<{ writes: Write[]; lockKey?: Uint8Array }> => {
        const { message, height, shares } = one
        const [isClosed, envelope, known] = await Promise.all([
          store.get(keyIn('closed', U64.encode(height), message)),
          envelopeOf(message),
          sharesOf(message),
        ])
        // Open already, or not kept here: then its shares would stay for ever.
        if (!isClosed) return { writes: [] }
        const lock = envelope && combineShares(context.network, envelope, [...known, ...shares])
        if (lock?.state === 'open') return { writes: writesOfOpen(one, lock.lockKey, known), lockKey: lock.lockKey }
        const fresh = shares.filter(({ index }) => !known.some((other) => other.index === index))
        return { writes: fresh.map(({ index, share }) => ({ key: shareKey(message, index), value: share })) }
      }),
    )
    await store.writeSoon(results.flatMap(({ writes }) => writes))
    return results.flatMap(({ lockKey }, at) => (lockKey ? [{ message: settled[at]!.message, lockKey }] : []))
  }

  async function takeShares(release: KeeperShares): Promise<Answer> {
    const member = context.rules.keepers.members[release.keeper]
    if (!member || release.keeperSet !== context.rules.keepers.version) return 'ignore'
    const digest = releaseHash(context.network, release)
    if (!isLowS(release.signature)) return 'reject'
    if (!context.verify({ digest, signature: release.signature, key: member.signingKey })) return 'reject'
    await inTurn(async () => {
      const view = await store.fetch(release.shares.map(({ message }) => ({ table: 'messages', key: message })))
      return addShares(
        release.shares.flatMap(({ message, share }) => {
          const record = view.read('messages', message)
          const one: Share = { index: release.keeper, share }
          if (!record) remember(message, one)
          return record ? [{ message, height: record.height, shares: [one] }] : []
        }),
      )
    })
    return 'accept'
  }

  function remember(message: Uint8Array, share: Share): void {
    const name = bytesToHex(message)
    const known = early.get(name) ?? []
    if (known.some(({ index }) => index === share.index)) return
    early.set(name, [...known, share])
    for (const oldest of early.keys()) {
      if (early.size <= earlyMax) break
      early.delete(oldest)
    }
  }

  /** A lock key says itself whether it is right, once the envelope is there; true where it opened a lock now. */
  async function takeLockKey(
    message: Uint8Array,
    lockKey: Uint8Array,
  ): Promise<'opened' | 'known' | 'wrong' | 'early'> {
    const record = await recordOf(message)
    const envelope = record && (await envelopeOf(message))
    if (!record || !envelope) return 'early'
    if (!checkLockKey(context.network, envelope, lockKey)) return 'wrong'
    const { height } = record
    let isKnown = false
    await inTurn(async () => {
      isKnown = (await lockKeyOf(message, height)) !== undefined
      if (isKnown) return []
      await store.writeSoon(writesOfOpen({ message, height }, lockKey, await sharesOf(message)))
      return [{ message, lockKey }]
    })
    return isKnown ? 'known' : 'opened'
  }

  return {
    /** Called with each lock as it opens. */
    onOpened(listener: (message: Uint8Array, lockKey: Uint8Array) => void | Promise<void>): void {
      listeners.add(listener)
    },
    takeLockKey,
    /** Take a release that was gossiped. */
    async take(release: Release): Promise<Answer> {
      if (release.TAG === 'shares') return takeShares(release.data)
      const results = []
      for (const { message, lockKey } of release.data.keys) results.push(await takeLockKey(message, lockKey))
      if (results.includes('wrong')) return 'reject'
      // Only news travels on: keys that are public already can be put together in any number of ways.
      return results.includes('opened') ? 'accept' : 'ignore'
    },
    /** What to write together with a batch: each message it settles, and this node keeps, is closed still. */
    writesOf: (sends: readonly SentOp[], height: bigint): Write[] =>
      sends
        .filter(({ message, op, send: { recipients } }) => envelopes.keeps(message, { sender: op.account, recipients }))
        .map(({ message }) => ({ key: keyIn('closed', U64.encode(height), message), value: Uint8Array.of() })),
    /** After the batch is on disk: use the shares that were early. */
    settled: (sends: readonly SentOp[], height: bigint): Promise<void> =>
      inTurn(() =>
        addShares(
          sends.flatMap(({ message }) => {
            const name = bytesToHex(message)
            const shares = early.get(name)
            early.delete(name)
            return shares ? [{ message, height, shares }] : []
          }),
        ),
      ),
    /** An envelope came late: perhaps its shares are here already. */
    envelopeCame: (message: Uint8Array, height: bigint): Promise<void> =>
      inTurn(() => addShares([{ message, height, shares: [] }])),
    lockKeyOf,
    /** Settled messages whose lock is closed, oldest first. */
    async closed(limit: number): Promise<{ height: bigint; message: Uint8Array }[]> {
      const keys = await store.disk.keys({ ...rangeOf('closed'), limit }).all()
      return keys.map((key) => ({ height: U64.decode(key.slice(1, 9)), message: key.slice(9) }))
    },
    /** How far a closed lock is: how many right shares of how many that are needed. */
    async progress(message: Uint8Array): Promise<Lock | undefined> {
      const envelope = await envelopeOf(message)
      return envelope && combineShares(context.network, envelope, await sharesOf(message))
    },
    /** Lock keys of messages settled from a height on, in order. */
    async *from(height: bigint): AsyncGenerator<{ height: bigint; message: Uint8Array; lockKey: Uint8Array }> {
      const range = { ...rangeOf('lockKey'), gte: keyIn('lockKey', U64.encode(height)) }
      for await (const [key, lockKey] of store.disk.iterator(range))
        yield { height: U64.decode(key.slice(1, 9)), message: key.slice(9), lockKey }
    },
  }
}
