/**
 * What an observer makes of raw bytes: for each token of a pseudonym in them a sight, which says where it stood, when, whom it
 * came from, and beside which values. Every field of whatever decodes is a value by its own path, so that a new one is
 * looked at as soon as it is there; in what does not decode, tokens are looked for byte by byte.
 */
import type * as P from 'micro-packed'
import { bytesToHex } from '@noble/hashes/utils.js'
import { decodeStrict } from '../../protocol/codec.ts'
import { Envelope } from '../../protocol/envelope.ts'
import * as Gossip from '../../protocol/gossip.ts'
import { SignedOp } from '../../protocol/wire.ts'
import type { Frame, Recording } from './tap.ts'
import type { Known, Search } from './tokens.ts'

export type Value = number | string

export type Sight = {
  /** What was seen: the kind of frame, file or line, and the path of the field that names the pseudonym. */
  readonly kind: string
  readonly pseudonym: number
  /** Which one: two sights of one frame were beside each other. */
  readonly frame: number
  /** 0 where it has no time. */
  readonly timeMs: number
  /** The peer, or the home. Nothing in the log, which comes from nobody. */
  readonly by: string | undefined
  readonly fields: readonly (readonly [path: string, value: Value])[]
}

/** Strictly decoded; nothing where there is no codec, or the bytes are something else. */
function decodedBy(codec: unknown, bytes: Uint8Array): unknown {
  const decoded = codec ? decodeStrict(codec as P.CoderType<unknown>, bytes) : undefined
  return decoded?.ok ? decoded.value : undefined
}

/** Frames by the first word of their topic or protocol. */
const codecs: Readonly<Record<Frame['way'], Readonly<Record<string, unknown>>>> = {
  gossip: { mail: Gossip.Mail, ops: SignedOp, batches: Gossip.CompactBatch, releases: Gossip.Release },
  asked: {
    hello: Gossip.Hello,
    log: Gossip.LogRequest,
    envelopes: Gossip.IdsRequest,
    shard: Gossip.ShardRequest,
    releases: Gossip.ReleasesRequest,
    ops: Gossip.IdsRequest,
    promises: Gossip.IdsRequest,
    give: Gossip.Given,
  },
  answer: {
    hello: Gossip.Hello,
    envelopes: Gossip.Stored,
    shard: Gossip.Stored,
    releases: Gossip.ReleasedKey,
    waiting: Gossip.IdsRequest,
    ops: Gossip.Mail,
    promises: Gossip.InclusionPromise,
    give: Gossip.Taken,
  },
}
/** Bytes inside of bytes, by the field that they are. */
const inner: Readonly<Record<string, unknown>> = { mails: Gossip.Mail, op: SignedOp, envelope: Envelope }
/** Bytes up to this length are a value; longer ones are decoded, or searched. */
const valueBytesMax = 66

/** One record: a frame, or an item of a list in it. */
type Entry = {
  readonly path: string
  readonly fields: [string, Value][]
  readonly named: { readonly path: string; readonly pseudonym: number; readonly timeMs: number }[]
}

/** Take a value apart into records. */
function takeApart(value: unknown, path: string, search: Search): Entry[] {
  const entries: Entry[] = []
  const open = (at: string): Entry => {
    const entry: Entry = { path: at, fields: [], named: [] }
    entries.push(entry)
    return entry
  }

  function walk(part: unknown, at: string, entry: Entry): void {
    if (part instanceof Uint8Array) bytes(part, at, entry)
    else if (typeof part === 'bigint' || typeof part === 'number') entry.fields.push([at, Number(part)])
    else if (typeof part === 'string' || typeof part === 'boolean') entry.fields.push([at, String(part)])
    else if (Array.isArray(part)) list(part, at, entry)
    else if (typeof part === 'object' && part !== null) inside(part, at, entry)
  }

  function list(items: readonly unknown[], at: string, entry: Entry): void {
    entry.fields.push([`${at}.length`, items.length])
    for (const item of items) walk(item, at, open(`${path}${at}[]`))
  }

  function inside(part: object, at: string, entry: Entry): void {
    // Of several forms it has one, and what the others say elsewhere is not compared with it.
    if ('TAG' in part && 'data' in part) walk(part.data, `${at}.${part.TAG}`, entry)
    else for (const [name, one] of Object.entries(part)) walk(one, `${at}.${name}`, entry)
  }

  function bytes(part: Uint8Array, at: string, entry: Entry): void {
    const isShort = part.length <= valueBytesMax
    const token = isShort ? search.exact(part) : undefined
    const decoded = isShort ? undefined : decodedBy(inner[at.split('.').at(-1)!], part)
    if (token) entry.named.push({ path: at, ...token })
    entry.fields.push(isShort ? [at, bytesToHex(part.subarray(0, 10))] : [`${at}.bytes`, part.length])
    if (decoded !== undefined) walk(decoded, at, entry)
    else if (!isShort) for (const found of search.inBytes(part)) entry.named.push({ path: `${at} in bytes`, ...found })
  }

  walk(value, '', open(path))
  return entries
}

/** A sight for every token that records name. */
const sightsOf = (
  entries: readonly Entry[],
  about: { readonly frame: number; readonly timeMs: number; readonly by: string | undefined },
): Sight[] =>
  entries.flatMap(({ path, fields, named }) =>
    named.map(({ path: at, pseudonym, timeMs }): Sight => {
      const age: [string, number][] = timeMs > 0 ? [['age', about.timeMs - timeMs]] : []
      return { kind: `${path} ${at}`, pseudonym, ...about, fields: [...fields, ...age] }
    }),
  )

/** Every op of the log. */
export function sightsInLog({ log }: Pick<Known, 'log'>, search: Search): Sight[] {
  return log.flatMap(({ bytes, timeMs, height, epoch }, frame) => {
    const signed = SignedOp.decode(bytes)
    const [first, ...rest] = takeApart(signed, `log ${signed.op.action.TAG}`, search)
    first!.fields.push(['height', height], ['epoch', epoch], ['place', frame])
    return sightsOf([first!, ...rest], { frame, timeMs, by: undefined })
  })
}

/** Every frame that reached a node. */
export function sightsInFrames(frames: readonly Frame[], search: Search): Sight[] {
  return frames.flatMap(({ timeMs, by, way, name, bytes }, frame) => {
    const [word] = name.split('/')
    const value = decodedBy(codecs[way][word!], bytes) ?? bytes
    return sightsOf(takeApart(value, `${way} ${word}`, search), { frame, timeMs, by })
  })
}

/** The first time that each token reached a node, and from whom. */
export function firstSights(frames: readonly Frame[], search: Search): Sight[] {
  const seen = new Set<unknown>()
  return frames.flatMap(({ timeMs, by, way, name, bytes }, frame) => {
    if (way === 'answer') return []
    return search.inBytes(bytes).flatMap((token): Sight[] => {
      if (seen.has(token) || token.timeMs === 0) return []
      seen.add(token)
      const { pseudonym } = token
      return [{ kind: `first ${name.split('/')[0]}`, pseudonym, frame, timeMs, by, fields: [] }]
    })
  })
}

/**
 * At which peers each pseudonym may be at home: at those that gave an operation of it, and where none did, at all that take
 * part in the topic of its shard.
 */
export function sightsOfHomes(
  homes: ReadonlyMap<string, ReadonlySet<string>>,
  { topicOf, seen }: { readonly topicOf: readonly string[]; readonly seen: readonly Sight[] },
): Sight[] {
  const given = Map.groupBy(
    seen.filter(({ kind }) => kind.startsWith('asked give') && kind.endsWith('.op.account')),
    ({ pseudonym }) => pseudonym,
  )
  const found = topicOf.flatMap((topic, pseudonym) => {
    const givers = new Set((given.get(pseudonym) ?? []).flatMap(({ by }) => by ?? []))
    const peers = givers.size > 0 ? [...givers] : [...homes.keys()].filter((peer) => homes.get(peer)!.has(topic))
    return peers.map((by) => ({ pseudonym, by }))
  })
  return found.map((one, frame) => ({ kind: 'may be at home', ...one, frame, timeMs: 0, fields: [] }))
}

/** Which peers of a node were there, and which away, when a pseudonym had something settled: its own device was there. */
export function sightsOfPresence({ comings }: Recording, sights: readonly Sight[]): Sight[] {
  const peers = new Set(comings.map(({ peer }) => peer))
  const there = new Set<string>()
  let at = 0
  return sights
    .filter(({ kind }) => kind.startsWith('log ') && kind.endsWith(' .op.account'))
    .flatMap((sight) => {
      for (; at < comings.length && comings[at]!.timeMs <= sight.timeMs; at++) {
        const { peer, state } = comings[at]!
        if (state === 'up') there.add(peer)
        else there.delete(peer)
      }
      return [...peers].map((by): Sight => ({ ...sight, kind: there.has(by) ? 'there' : 'away', by, fields: [] }))
    })
}
