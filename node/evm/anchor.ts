/**
 * The evm anchor: a contract orders the log and executes its money part. Each entry of the contract's log that is final is
 * a batch, of the entry's number and its block's time; a node makes the headers for itself, and nobody signs them. Where a
 * node has a key for gas, it posts what waits.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { addressOf } from '../../protocol/address.ts'
import { Bytes32, decodeStrict, equalBytes, U64 } from '../../protocol/codec.ts'
import { depositBytes, isPostable } from '../../protocol/deposit.ts'
import { opIdOfSigned, unsigned } from '../../protocol/wire.ts'
import type { Replica } from '../ledger/replica.ts'
import { keyIn, type Store } from '../ledger/store.ts'
import type { Anchor } from '../peers/anchor.ts'
import type { Waiting } from '../peers/waiting-ops.ts'
import { bytesIn, type ChainEntry, ChainError, type ChainSettings, createEndpoint, hexOf } from './endpoint.ts'
import { createFollower } from './follow.ts'
import { type Candidate, openPoster, type PostSettings } from './poster.ts'

const Cursor = P.struct({ number: U64, hash: Bytes32 })

type Options = {
  readonly replica: Pick<Replica, 'context' | 'drop' | 'head' | 'make' | 'order' | 'view'>
  readonly store: Pick<Store, 'get' | 'write'>
  readonly settings: ChainSettings
  /** Where the chain is asked: at least one; where there are more they have to agree. */
  readonly urls: readonly string[]
  /** Of a node that posts: the key of an account with the chain's coin (32 bytes), and when it posts. */
  readonly posting: { readonly key: Uint8Array; readonly post: PostSettings } | undefined
  /** What waits and could be posted, each account's in the order of its nonces. */
  readonly waiting: () => readonly Waiting[]
  readonly now: () => number
}

/** The anchor over a replica. No daemon opens one yet: tests do, over a real chain. */
export async function openEvmAnchor({ replica, store, settings, urls, posting, waiting, now }: Options) {
  const [first, ...others] = urls.map((url) => createEndpoint(url, settings))
  if (!first)
    throw new ChainError(
      'This network is ordered by a chain, and no endpoint of it is named. Put one into `rpc` of bmail.toml.',
    )
  const { network } = replica.context
  const height = (): bigint => replica.head.sealed.header.height
  const poster =
    posting &&
    (await openPoster({
      ...posting,
      settings,
      endpoint: first,
      disk: {
        read: () => store.get(keyIn('posted')),
        write: (value) => store.write([{ key: keyIn('posted'), value }]),
      },
      now,
    }))
  const follower = createFollower({
    settings,
    endpoints: [first, ...others],
    cursor: {
      async read() {
        const bytes = await store.get(keyIn('chain'))
        const decoded = bytes && decodeStrict(Cursor, bytes)
        return decoded?.ok ? { number: decoded.value.number, hash: hexOf(decoded.value.hash) } : undefined
      },
      write: ({ number, hash }) =>
        store.write([{ key: keyIn('chain'), value: Cursor.encode({ number, hash: bytesIn(hash) }) }]),
    },
    delivered: height,
    deliver,
  })
  let settling: ReturnType<Anchor['settling']> = new Map()
  let isFollowed = false

  async function deliver(entry: ChainEntry): Promise<readonly boolean[]> {
    const time = entry.block.time
    if (entry.kind === 'deposit') {
      await replica.order({ time, entries: [depositBytes(entry)] })
      return [true]
    }
    const { applied } = await replica.order({ time, entries: entry.ops.filter(isPostable) })
    let at = 0
    const settled = entry.ops.map((op) => isPostable(op) && applied[at++]!.kind !== 'void')
    // Whoever made us pay for an operation that did nothing is posted no more by us.
    if (poster?.isOurs(entry.transaction))
      for (const [place, op] of entry.ops.entries()) if (!settled[place]) poster.bar(op)
    return settled
  }

  /** What waits and would count in the next batch, each with the key that signs it by then. */
  async function candidates(): Promise<Candidate[]> {
    const all = waiting()
    if (all.every(({ id }) => settling.has(bytesToHex(id)))) return []
    const head = replica.head.sealed.header.time
    const time = BigInt(now()) > head ? BigInt(now()) : head
    const { omitted } = await replica.make(time, all, () => unsigned)
    await replica.drop()
    const left = new Set(omitted.map(({ incoming }) => bytesToHex(incoming.id)))
    const signers = await signersOf(all)
    return all
      .filter(({ id }) => !left.has(bytesToHex(id)))
      .map((one) => ({ bytes: one.bytes, id: one.id, lane: one.lane, since: one.since, key: signers.get(one) }))
  }

  /** The key that signs each operation: its account's, or the one that another of the account's before it brings. */
  async function signersOf(all: readonly Waiting[]): Promise<ReadonlyMap<Waiting, Uint8Array | undefined>> {
    const accounts = all.flatMap(({ money }) => (money.author ? [money.author.account] : []))
    const view = await replica.view(accounts.map((key) => ({ table: 'accounts', key }) as const))
    const keys = new Map<string, Uint8Array | undefined>()
    const signers = new Map<Waiting, Uint8Array | undefined>()
    for (const one of all) {
      const { author, deed } = one.money
      if (!author) continue
      const name = bytesToHex(author.account)
      if (!keys.has(name)) keys.set(name, view.read('accounts', author.account)?.signingKey)
      const isOwn = deed.kind === 'register' && equalBytes(addressOf(deed.key), author.account)
      if (isOwn && !keys.get(name)) keys.set(name, deed.key)
      signers.set(one, keys.get(name))
      if (deed.kind === 'rekey') keys.set(name, deed.key)
    }
    return signers
  }

  const anchor: Anchor = {
    async round() {
      const final = await follower.round()
      settling = new Map(
        follower
          .tentative()
          .flatMap((entry) =>
            entry.kind === 'post'
              ? entry.ops.map((op) => [bytesToHex(opIdOfSigned(network, op)), { height: entry.entry }] as const)
              : [],
          ),
      )
      isFollowed = true
      if (poster) await poster.round(await candidates(), { inOrder: new Set(settling.keys()), final: final.number })
    },
    synced: () => isFollowed && !follower.stopped(),
    settling: () => settling,
  }
  return { ...anchor, stopped: follower.stopped, poster }
}
