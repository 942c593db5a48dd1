/**
 * Whether the host may sign the time that its clock shows. A batch is never of an earlier time than the one before, so a
 * time that was signed too far ahead cannot be taken back: the network would stand still until the time has come. So what
 * is signed is no further ahead than a little, of one of two: the time that has passed since the last that was believed,
 * by a clock that nobody sets; or the median of peers' clocks. After a start neither is known where the last batch is long
 * ago, and the disk may be an older one, with batches lost that were signed: then a peer is waited for, who tells what time
 * it is and how far the ledger is, or the owner's word.
 */
import type { Rules } from '../../protocol/rules.ts'
import { utc } from '../dates.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock } from '../seams.ts'
import type { PeerClocks } from './peer-clocks.ts'

/** How far ahead a time may be, in intervals between batches: more than clocks that are kept, or a busy machine, are ever off. */
const aheadIntervals = 10

/** A network that was founded no longer ago begins without anybody's word: nothing was signed in it yet. */
const foundingMs = 3_600_000

/** Why the host signs nothing, with what to do. */
export type HostTrouble = { readonly name: 'clock-ahead' | 'clock-unconfirmed'; readonly sentence: string }

export type HostClock = ReturnType<typeof createHostClock>

type Options = {
  readonly replica: Pick<Replica, 'head'> & { readonly context: { readonly rules: Rules } }
  readonly clock: Pick<Clock, 'monotonic' | 'now'>
  readonly clocks: Pick<PeerClocks, 'median'>
}

/** A time, and where the monotonic clock stood then. */
type Believed = { readonly time: number; readonly at: number }

/**
 * How far ahead of a believed time the host may sign: a few intervals, and at most half the skew that peers allow, so that a
 * peer whose clock is late by the other half still takes the batch.
 */
const aheadMaxMs = ({ batchIntervalMs, clockSkewMs }: Pick<Rules, 'batchIntervalMs' | 'clockSkewMs'>): number =>
  Math.min(aheadIntervals * batchIntervalMs, Math.floor(clockSkewMs / 2))

export function createHostClock({ replica, clock, clocks }: Options) {
  const aheadMax = aheadMaxMs(replica.context.rules)
  let believed = atStart()

  function atStart(): Believed | undefined {
    const { height, time } = replica.head.sealed.header
    const now = clock.now()
    const since = now - Number(time)
    if (since > (height === 0n ? foundingMs : aheadMax)) return undefined
    return { time: Math.max(now, Number(time)), at: clock.monotonic() }
  }

  const passed = ({ time, at }: Believed): number => time + clock.monotonic() - at

  function troubleAt(now: number): HostTrouble | undefined {
    if (believed && now <= passed(believed) + aheadMax) return undefined
    const peers = clocks.median()
    if (peers && now <= peers.now + aheadMax) return undefined
    if (peers) return { name: 'clock-ahead', sentence: aheadOfPeers(now, peers) }
    if (believed) return { name: 'clock-ahead', sentence: hasJumped(now, passed(believed)) }
    return { name: 'clock-unconfirmed', sentence: unconfirmed(now, Number(replica.head.sealed.header.time)) }
  }

  return {
    /** Why nothing may be signed now; nothing where all is well. */
    trouble: (): HostTrouble | undefined => troubleAt(clock.now()),
    /** The time that may be signed now, in milliseconds since 1970; nothing where there is trouble. */
    time(): number | undefined {
      const now = clock.now()
      if (troubleAt(now)) return undefined
      const peers = clocks.median()
      // The earlier of the two is remembered, so that neither peers who lie nor a clock that runs away take it along.
      if (peers && now <= peers.now + aheadMax) believed = { time: Math.min(now, peers.now), at: clock.monotonic() }
      return now
    },
    /** The owner says that this clock is right, and this disk the latest. */
    confirm(): void {
      believed = { time: clock.now(), at: clock.monotonic() }
    },
  }
}

const goesOn = 'It goes on by itself when the clock is right. If the clock is right: `bmail confirm-clock`.'

const aheadOfPeers = (now: number, { now: theirs, count }: { now: number; count: number }): string =>
  `The host signs no batches: its clock says ${utc(now)}, and those of its peers ${utc(theirs)} (${count === 1 ? 'one voice' : `the median of ${count}`}). ${goesOn}`

const hasJumped = (now: number, expected: number): string =>
  `The host signs no batches: its clock has jumped ahead to ${utc(now)}, where by the time that has passed it should say ${utc(expected)}, and no peer is there to ask. ${goesOn}`

const unconfirmed = (now: number, last: number): string =>
  `The host signs no batches yet: its clock says ${utc(now)}, its last batch is of ${utc(last)}, and no peer is there to say whether the clock is right and no later batch was lost. It goes on when a peer comes. If nobody will: \`bmail confirm-clock\`.`
