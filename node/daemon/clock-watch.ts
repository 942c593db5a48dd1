/**
 * Whether this machine's clock agrees with the batches. A batch that the host has just announced says what its clock says
 * now; any other header that it signed says what its clock had passed. In between, the time since the machine was started
 * counts on, which nobody sets.
 */
import { uptime } from 'node:os'
import type { Header } from '../../protocol/batch.ts'
import type { PeerClocks } from '../peers/peer-clocks.ts'
import type { Clock } from '../seams.ts'

export type ClockWatch = ReturnType<typeof watchClock>

type Options = {
  readonly clock: Pick<Clock, 'now'>
  /** How far apart clocks may be by the rules: batches of further ahead are not taken. */
  readonly toleranceMs: number
}

/** The time since the machine was started, sleep included, in milliseconds. */
const upMs = (): number => uptime() * 1_000

export function watchClock({ clock, toleranceMs }: Options) {
  /** The highest batch that was heard of; when the machine was started by the clock that it is of; whether that is exact. */
  let latest = { height: -1n, startedAt: Number.NEGATIVE_INFINITY, isFresh: false }

  return {
    /** A header that the host signed was heard of: with a batch as it was announced, or long after that, for all we know. */
    heard({ height, time }: Pick<Header, 'height' | 'time'>, how: 'announced' | 'told'): void {
      if (height <= latest.height) return
      latest = { height, startedAt: Number(time) - upMs(), isFresh: how === 'announced' }
    },
    /** How the clocks are apart, and what to do; nothing while they agree, as far as is known. */
    fault(): string | undefined {
      const now = clock.now()
      const aheadMs = now - (latest.startedAt + upMs())
      const isApart = aheadMs < -toleranceMs || (latest.isFresh && aheadMs > toleranceMs)
      return isApart ? apart(now, aheadMs, batches) : undefined
    },
  }
}

/** How a clock is apart from the median of its peers' clocks, and what to do; nothing while they agree. */
export function apartFromPeers(
  nowMs: number,
  { peers, toleranceMs }: { readonly peers: ReturnType<PeerClocks['median']>; readonly toleranceMs: number },
): string | undefined {
  const aheadMs = peers ? nowMs - peers.now : 0
  if (!peers || Math.abs(aheadMs) <= toleranceMs) return undefined
  return apart(nowMs, aheadMs, peers.count === 1 ? 'that of its one peer' : `the median of ${peers.count} peers’`)
}

const batches = 'the batches of this network'

const apart = (nowMs: number, aheadMs: number, whose: string): string =>
  `This machine’s clock says ${new Date(nowMs).toISOString()}, which is ${spanOf(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} ${whose}, so mail cannot be settled here. Set the clock (and have it kept, by NTP); the rest follows by itself. If this clock is right, ${whose === batches ? 'the host’s is wrong' : 'theirs are wrong'}: tell whoever runs the network.`

/** 45 s, 12 min, 30 h, 2,600 days. */
function spanOf(ms: number): string {
  const units = [
    ['days', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const
  for (const [name, unitMs] of units)
    if (ms >= 2 * unitMs) return `${Math.round(ms / unitMs).toLocaleString('en')} ${name}`
  return `${Math.round(ms / 1_000)} s`
}
