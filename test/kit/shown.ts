/**
 * What peers are shown of a person's daemon: from every frame that reached them, which pseudonyms each can say are at home
 * there. An op or a lock key counts where a peer has it from the daemon first, and a question where it is about one
 * pseudonym. What the daemon only passes on, after another peer gossiped it, anybody would pass on.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type * as P from 'micro-packed'
import { decodeStrict } from '../../protocol/codec.ts'
import * as Gossip from '../../protocol/gossip.ts'
import { messageOf, opId, SignedOp } from '../../protocol/wire.ts'
import type { Frame, Recording } from '../observers/tap.ts'

export type Kind = 'ops' | 'registrations' | 'retries' | 'promises' | 'lock keys' | 'envelopes' | 'shards'

/** That a peer was shown a pseudonym of a device. */
export type Shown = {
  readonly kind: Kind
  readonly peer: string
  readonly device: string
  readonly pseudonym: string
  readonly timeMs: number
}

type Life = {
  readonly network: Uint8Array
  /** What reached each peer, by one clock. */
  readonly recordings: ReadonlyMap<string, Recording>
  /** Whose each pseudonym is, by its address in hex. */
  readonly owners: ReadonlyMap<string, string>
  /** The log. */
  readonly ops: readonly Uint8Array[]
}

/** What a frame names: an op or a lock key by what it is known by, and whose it is. */
type Named = { readonly token: string; readonly pseudonym: string; readonly isRegistration: boolean }

export function shownIn(life: Life): Shown[] {
  const { recordings, owners } = life
  const namesOf = createNames(life)
  const seen = new Set<string>()
  /** How each came to anybody first; and when it was given. */
  const origins = new Map<string, string>()
  const given = new Map<string, number[]>()
  const all = [...recordings].flatMap(([peer, { frames }]) => frames.map((frame) => ({ ...frame, peer })))
  return all
    .sort((a, b) => a.timeMs - b.timeMs)
    .flatMap(({ peer, ...frame }) => {
      const { by: device, timeMs, way } = frame
      const about = { peer, device, timeMs }
      const [word] = frame.name.split('/')
      return namesOf(frame).flatMap(({ token, pseudonym, isRegistration }): Shown[] => {
        if (way === 'asked' && word === 'shard') return [{ ...about, kind: 'shards', pseudonym }]
        const isOwn = owners.get(pseudonym) === device
        if (way === 'asked' && word === 'promises') return isOwn ? [{ ...about, kind: 'promises', pseudonym }] : []
        if (word === 'envelopes') return isOwn ? [{ ...about, kind: 'envelopes', pseudonym }] : []
        const isFirst = !seen.has(`${peer} ${token}`)
        seen.add(`${peer} ${token}`)
        const origin = origins.get(token) ?? `${way} ${device}`
        origins.set(token, origin)
        if (!isOwn) return []
        if (token.startsWith('key'))
          return isFirst && isNew(way, device, origin) ? [{ ...about, kind: 'lock keys', pseudonym }] : []
        if (word === 'give') {
          const times = given.get(`${device} ${token}`) ?? []
          given.set(`${device} ${token}`, [...times, timeMs])
          const rounds = new Set([...times, timeMs]).size
          if (rounds > 1) return rounds === 2 ? [{ ...about, kind: 'retries', pseudonym }] : []
        }
        const kind = isRegistration ? 'registrations' : 'ops'
        return isFirst && isNew(way, device, origin) ? [{ ...about, kind, pseudonym }] : []
      })
    })
}

/** Whether a device did more than to pass on what others gossiped. */
const isNew = (way: Frame['way'], device: string, origin: string): boolean =>
  way !== 'gossip' || origin === `gossip ${device}`

function createNames({ network, ops }: Life): (frame: Frame) => Named[] {
  const byOp = new Map<string, Named>()
  const byMessage = new Map<string, string>()
  for (const bytes of ops) {
    const { op } = SignedOp.decode(bytes)
    const pseudonym = bytesToHex(op.account)
    const token = `op ${bytesToHex(opId(network, op))}`
    byOp.set(token, { token, pseudonym, isRegistration: op.action.TAG === 'register' })
    const message = messageOf(network, op)
    if (message) byMessage.set(bytesToHex(message), pseudonym)
  }
  const ids = (all: readonly Uint8Array[]): Named[] => all.flatMap((id) => byOp.get(`op ${bytesToHex(id)}`) ?? [])
  const ofOp = (bytes: Uint8Array): Named[] => ids([opId(network, SignedOp.decode(bytes).op)])
  const ofMail = (bytes: Uint8Array): Named[] => decoded(Gossip.Mail, bytes, ({ op }) => ofOp(op))
  const key = (message: Uint8Array, what: string): Named[] => {
    const pseudonym = byMessage.get(bytesToHex(message))
    return pseudonym ? [{ token: `${what} ${bytesToHex(message)}`, pseudonym, isRegistration: false }] : []
  }
  const ofRelease = (bytes: Uint8Array): Named[] =>
    decoded(Gossip.Release, bytes, (release) =>
      release.TAG === 'lockKeys' ? release.data.keys.flatMap(({ message }) => key(message, 'key')) : [],
    )
  const readers: Readonly<Record<string, (bytes: Uint8Array) => Named[]>> = {
    'gossip ops': ofOp,
    'gossip mail': ofMail,
    'gossip releases': ofRelease,
    'asked give': (bytes) =>
      decoded(Gossip.Given, bytes, ({ mails }) => mails.flatMap((one) => [...ofMail(one), ...ofRelease(one)])),
    'asked promises': (bytes) => decoded(Gossip.IdsRequest, bytes, (asked) => ids(asked.ids)),
    'asked shard': (bytes) =>
      decoded(Gossip.ShardRequest, bytes, ({ shard }) => [
        { token: '', pseudonym: `shard ${shard}`, isRegistration: false },
      ]),
    'answer ops': ofMail,
    'answer waiting': (bytes) => decoded(Gossip.IdsRequest, bytes, (asked) => ids(asked.ids)),
    'answer releases': (bytes) => decoded(Gossip.ReleasedKey, bytes, ({ message }) => key(message, 'key')),
    'answer envelopes': (bytes) => decoded(Gossip.Stored, bytes, ({ message }) => key(message, 'envelope')),
  }
  return ({ way, name, bytes }) => readers[`${way} ${name.split('/')[0]}`]?.(bytes) ?? []
}

function decoded<T>(codec: P.CoderType<T>, bytes: Uint8Array, read: (value: T) => Named[]): Named[] {
  const value = decodeStrict(codec, bytes)
  return value.ok ? read(value.value) : []
}

/** How often two pseudonyms of one device were shown to one peer in an epoch, and how often at one moment, of all pairs that were shown at all. */
type Pairs = { readonly pairs: number; readonly shared: number; readonly together: number }

/** Two within so long are one moment. */
const momentMs = 20

export function pairsIn(shown: readonly Shown[], kind: Kind, epochOf: (timeMs: number) => number): Pairs {
  const groups = Map.groupBy(
    shown.filter((one) => one.kind === kind),
    ({ device, timeMs }) => `${device} ${epochOf(timeMs)}`,
  )
  const counted = { pairs: 0, shared: 0, together: 0 }
  for (const group of groups.values()) {
    const each = [...Map.groupBy(group, ({ pseudonym }) => pseudonym).values()]
    for (const [at, left] of each.entries())
      for (const right of each.slice(at + 1)) {
        counted.pairs += 1
        const meets = (test: (a: Shown, b: Shown) => boolean): number =>
          left.some((a) => right.some((b) => test(a, b))) ? 1 : 0
        counted.shared += meets((a, b) => a.peer === b.peer)
        counted.together += meets((a, b) => Math.abs(a.timeMs - b.timeMs) <= momentMs)
      }
  }
  return counted
}
