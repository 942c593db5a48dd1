/**
 * The opening of locks: shares that keepers publish, and lock keys that senders kept, put together into the one key
 * that makes a settled message readable.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { U64 } from '../protocol/codec.ts'
import type { Context } from '../protocol/context.ts'
import { Envelope } from '../protocol/envelope.ts'
import { type KeeperShares, type Release, releaseHash } from '../protocol/gossip.ts'
import { checkLockKey, combineShares, type Lock, type Share } from '../protocol/lock.ts'
import { isLowS } from '../protocol/signature.ts'
import type { Message } from '../protocol/state.ts'
import type { Envelopes } from './envelopes.ts'
import type { Answer } from './seams.ts'
import type { SentOp } from './sent.ts'
import { keyIn, rangeOf, type Store, type Write } from './store.ts'

/** The most shares kept for messages that this node has not seen settled yet. */
const earlyMax = 50_000

export type Releases = ReturnType<typeof createReleases>

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

  const recordOf = async (message: Uint8Array): Promise<Message | undefined> =>
    (await store.fetch([{ table: 'messages', key: message }])).read('messages', message)

  async function sharesOf(message: Uint8Array): Promise<Share[]> {
    const rows = await store.disk.iterator(rangeOf('share', message)).all()
    return rows.map(([key, share]) => ({ index: key[33]!, share }))
  }

  async function lockKeyOf(message: Uint8Array, height: bigint): Promise<Uint8Array | undefined> {
    return store.get(keyIn('lockKey', U64.encode(height), message))
  }

  /** The lock is open: keep the key, forget the shares, tell whoever waits. */
  async function open(message: Uint8Array, height: bigint, lockKey: Uint8Array): Promise<void> {
    const at = U64.encode(height)
    const shares = await store.disk.keys(rangeOf('share', message)).all()
    await store.writeSoon([
      { key: keyIn('lockKey', at, message), value: lockKey },
      { key: keyIn('closed', at, message), value: undefined },
      ...shares.map((key) => ({ key, value: undefined })),
    ])
    for (const listener of listeners) await listener(message, lockKey)
  }

  async function envelopeOf(message: Uint8Array): Promise<Envelope | undefined> {
    const bytes = await envelopes.get(message)
    return bytes && Envelope.decode(bytes)
  }

  /** Add shares of a settled message, and open its lock if they are enough now. */
  async function addShares(message: Uint8Array, height: bigint, shares: readonly Share[]): Promise<void> {
    // Open already, or not kept here: then its shares would stay for ever.
    if (!(await store.get(keyIn('closed', U64.encode(height), message)))) return
    const envelope = await envelopeOf(message)
    const known = await sharesOf(message)
    const lock = envelope && combineShares(context.network, envelope, [...known, ...shares])
    if (lock?.state === 'open') return open(message, height, lock.lockKey)
    const fresh = shares.filter(({ index }) => !known.some((other) => other.index === index))
    await store.writeSoon(
      fresh.map(({ index, share }) => ({ key: keyIn('share', message, P.U8.encode(index)), value: share })),
    )
  }

  async function takeShares(release: KeeperShares): Promise<Answer> {
    const member = context.rules.keepers.members[release.keeper]
    if (!member || release.keeperSet !== context.rules.keepers.version) return 'ignore'
    const digest = releaseHash(context.network, release)
    if (!isLowS(release.signature)) return 'reject'
    if (!context.verify({ digest, signature: release.signature, key: member.signingKey })) return 'reject'
    for (const { message, share } of release.shares) {
      const record = await recordOf(message)
      const one: Share = { index: release.keeper, share }
      if (record) await addShares(message, record.height, [one])
      else remember(message, one)
    }
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
    if (await lockKeyOf(message, record.height)) return 'known'
    await open(message, record.height, lockKey)
    return 'opened'
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
      return results.every((result) => result === 'early') ? 'ignore' : 'accept'
    },
    /** What to write together with a batch: each message it settles, and this node keeps, is closed still. */
    writesOf: (sends: readonly SentOp[], height: bigint): Write[] =>
      sends
        .filter(({ message, op, send: { recipients } }) => envelopes.keeps(message, { sender: op.account, recipients }))
        .map(({ message }) => ({ key: keyIn('closed', U64.encode(height), message), value: Uint8Array.of() })),
    /** After the batch is on disk: use the shares that were early. */
    async settled(sends: readonly SentOp[], height: bigint): Promise<void> {
      for (const { message } of sends) {
        const shares = early.get(bytesToHex(message))
        if (!shares) continue
        early.delete(bytesToHex(message))
        await addShares(message, height, shares)
      }
    },
    /** An envelope came late: perhaps its shares are here already. */
    envelopeCame: (message: Uint8Array, height: bigint): Promise<void> => addShares(message, height, []),
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
