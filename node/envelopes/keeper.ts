/** A keeper: opens its share of every message that a final batch settles, and publishes them, one release a batch. */
import type { Context } from '../../protocol/context.ts'
import { Envelope } from '../../protocol/envelope.ts'
import { type Release, releaseHash } from '../../protocol/gossip.ts'
import type { Envelopes } from './envelopes.ts'
import type { X25519Pair } from '../seal/hpke.ts'
import type { Releases } from './releases.ts'
import { messageRecordOf, type SettledSend } from '../ledger/settled-sends.ts'
import type { Random } from '../seams.ts'
import { openShare } from '../seal/share.ts'
import { sign } from '../keys/sign.ts'
import type { Store } from '../ledger/store.ts'

/** A keeper's secrets, and its place in the network's set. */
export type KeeperKeys = { readonly index: number; readonly pair: X25519Pair; readonly signingKey: Uint8Array }

export type Keeper = ReturnType<typeof createKeeper>

type Options = {
  readonly keys: KeeperKeys
  readonly context: Context
  readonly store: Pick<Store, 'fetch'>
  readonly envelopes: Pick<Envelopes, 'get'>
  readonly releases: Pick<Releases, 'closed'>
  readonly random: Random
  readonly publish: (release: Release) => Promise<void>
  readonly warn: (what: object, sentence: string) => void
}

type SettledMessage = {
  readonly message: Uint8Array
  readonly sender: Uint8Array
  readonly recipients: readonly Uint8Array[]
}

/** The most shares in one release, so that it stays a small message. */
const sharesMax = 1_000

export function createKeeper({ keys, context, store, envelopes, releases, random, publish, warn }: Options) {
  const { network, rules } = context

  async function shareOf({
    message,
    sender,
    recipients,
  }: SettledMessage): Promise<{ message: Uint8Array; share: Uint8Array } | undefined> {
    const bytes = await envelopes.get(message)
    if (!bytes) return undefined
    const envelope = Envelope.decode(bytes)
    try {
      return {
        message,
        share: openShare({ index: keys.index, keeper: keys.pair, envelope, network, sender, recipients }),
      }
    } catch (error) {
      warn({ err: error }, 'a share was not sealed for this keeper and this message; its sender made it wrong')
      return undefined
    }
  }

  async function release(messages: readonly SettledMessage[]): Promise<void> {
    const opened = await Promise.all(messages.map(shareOf))
    const shares = opened.filter((share) => share !== undefined)
    for (let at = 0; at < shares.length; at += sharesMax) {
      const unsigned = {
        keeperSet: rules.keepers.version,
        keeper: keys.index,
        shares: shares.slice(at, at + sharesMax),
      }
      // Signed anew each time, because gossip drops bytes that it has seen, and a release is published again where it was lost.
      const signature = sign(releaseHash(network, unsigned), keys.signingKey, random(32))
      await publish({ TAG: 'shares', data: { ...unsigned, signature } })
    }
  }

  return {
    /** Publish the shares of what a batch settled. */
    settled: (sends: readonly SettledSend[]): Promise<void> =>
      release(sends.map(({ message, op, send }) => ({ message, sender: op.account, recipients: send.recipients }))),
    /** Publish again for messages that stay closed: we were away, an envelope came late, or a release was lost. */
    async again(limit: number): Promise<void> {
      const messages: SettledMessage[] = []
      for (const { message } of await releases.closed(limit)) {
        const record = await messageRecordOf(store, message)
        if (record)
          messages.push({ message, sender: record.sender, recipients: record.recipients.map(({ address }) => address) })
      }
      await release(messages)
    },
  }
}
