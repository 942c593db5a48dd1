/**
 * What a node keeps of messages only because they are its owner's: what the owner sent to shards that this node does not
 * follow, and marks of older letters that the owner's mailbox asks for. On disk these would tell a thief which messages are
 * the owner's, and so which names are one person's. So they are kept in memory, and peers are given nothing of them; on
 * disk is only what any node of these shards has. The mailbox keeps its own sealed copy of what it needs, and says again
 * after a restart what it waits for.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { U64 } from '../../protocol/codec.ts'
import { messageAt } from './envelope-records.ts'
import { keyIn, rangeOf, spaces, type Store, type Write } from '../ledger/store.ts'

/** How much of a message is kept in memory: all, or only its marks where every node of its shard writes the rest. */
type Extent = 'all' | 'marks'

type Space = keyof typeof messageAt
const marks: ReadonlySet<Space> = new Set(['missing', 'closed', 'share'])
const spaceOf = new Map<number, Space>((Object.keys(messageAt) as Space[]).map((space) => [spaces[space], space]))

type Base = Pick<Store, 'disk' | 'fetch' | 'get' | 'getMany' | 'writeSoon'>

/** A message of which something is in memory: records by their names in hex. */
type InMemory = { readonly extent: Extent; readonly records: Map<string, Uint8Array> }

export type Unwritten = ReturnType<typeof createUnwritten>

/** A store that says which names are in a space from some bytes on, those in memory among them. */
export type WithKeys = Pick<Unwritten['store'], 'keys'>

/** Begins empty, over the store that has everything else. */
export function createUnwritten(base: Base) {
  const byMessage = new Map<string, InMemory>()

  /** The message that a record is about, if it is in memory and records of this kind are kept there. */
  function homeOf(key: Uint8Array): InMemory | undefined {
    const space = spaceOf.get(key[0]!)
    if (space === undefined || byMessage.size === 0) return undefined
    const at = messageAt[space]
    const home = byMessage.get(bytesToHex(key.subarray(at, at + 32)))
    return home?.extent === 'all' || marks.has(space) ? home : undefined
  }

  const inMemory = (key: Uint8Array): Uint8Array | undefined => homeOf(key)?.records.get(bytesToHex(key))

  /** Take up what belongs here; says whether that is so. */
  function take({ key, value }: Write): boolean {
    const home = homeOf(key)
    if (value !== undefined) home?.records.set(bytesToHex(key), value)
    // It may be on disk from before.
    return value === undefined ? (home?.records.delete(bytesToHex(key)) ?? false) : home !== undefined
  }

  const namesIn = function* (): Generator<string> {
    for (const { records } of byMessage.values()) yield* records.keys()
  }

  const forget = (message: Uint8Array): void => void byMessage.delete(bytesToHex(message))

  return {
    has: (message: Uint8Array): boolean => byMessage.has(bytesToHex(message)),
    /** Keep so much of a message in memory from now on, and these records. What is on disk of it stays there. */
    keep(message: Uint8Array, extent: Extent, records: readonly Write[]): void {
      const name = bytesToHex(message)
      byMessage.set(name, byMessage.get(name) ?? { extent, records: new Map() })
      for (const record of records) take(record)
    },
    /** Forget what is in memory of a message: its owner has what it says, or it is past its lifetime. */
    forget,
    /** Forget messages whose lifetime was over before a time. */
    forgetBefore(now: bigint): void {
      const { gte } = rangeOf('keptUntil')
      const [first, end] = [bytesToHex(gte), bytesToHex(keyIn('keptUntil', U64.encode(now)))]
      for (const name of [...namesIn()]) if (name >= first && name < end) forget(hexToBytes(name).slice(9))
    },
    /** A store that has what is in memory as well. */
    store: {
      ...base,
      get: async (key: Uint8Array): Promise<Uint8Array | undefined> => inMemory(key) ?? base.get(key),
      async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
        const written = await base.getMany(keys)
        return keys.map((key, at) => inMemory(key) ?? written[at])
      },
      async writeSoon(writes: readonly Write[]): Promise<void> {
        const written = writes.filter((write) => !take(write))
        if (written.length > 0) await base.writeSoon(written)
      },
      /** Names in a space in their order, those before some bytes left out. */
      async keys(space: Space, { from = Uint8Array.of(), limit }: { from?: Uint8Array; limit: number }) {
        const bounds = { gte: keyIn(space, from), lt: rangeOf(space).lt }
        const written = (await base.disk.keys({ ...bounds, limit }).all()).map((key) => bytesToHex(key))
        const [first, end] = [bytesToHex(bounds.gte), bytesToHex(bounds.lt)]
        const ours = [...namesIn()].filter((name) => name >= first && name < end)
        return [...written, ...ours].sort().slice(0, limit).map(hexToBytes)
      },
    },
  }
}
