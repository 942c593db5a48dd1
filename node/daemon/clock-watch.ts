/**
 * Whether this machine's clock agrees with the batches. A batch that the host has just announced says what its clock says
 * now; any other header that it signed says what its clock had passed, and then peers are asked how late it is. In between,
 * the time since the machine was started counts on, which nobody sets.
 */
import type { Header } from '../../protocol/batch.ts'
import { utc } from '../dates.ts'
import type { Clock } from '../seams.ts'

export type ClockWatch = ReturnType<typeof watchClock>

type Options = {
  readonly clock: Pick<Clock, 'monotonic' | 'now'>
  /** How far apart clocks may be by the rules: batches of further ahead are not taken. */
  readonly toleranceMs: number
  /** What time it is by the clocks of peers, in milliseconds since 1970; nothing where none says. */
  readonly peersNow?: () => number | undefined
}

export function watchClock({ clock, toleranceMs, peersNow = () => undefined }: Options) {
  const { monotonic } = clock
  /** The highest batch that was heard of; when the machine was started by the clock that it is of; whether that is exact. */
  let latest = { height: -1n, startedAt: Number.NEGATIVE_INFINITY, isFresh: false }

  return {
    /** A header that the host signed was heard of: with a batch as it was announced, or long after that, for all we know. */
    heard({ height, time }: Pick<Header, 'height' | 'time'>, how: 'announced' | 'told'): void {
      // A peer may have told of it a moment before the announcement came: what was heard first is closer.
      if (height === latest.height && how === 'announced') latest = { ...latest, isFresh: true }
      if (height <= latest.height) return
      latest = { height, startedAt: Number(time) - monotonic(), isFresh: how === 'announced' }
    },
    /** How the clocks are apart, and what to do; nothing while they agree, as far as is known. */
    fault(): string | undefined {
      const now = clock.now()
      const aheadMs = now - (latest.startedAt + monotonic())
      if (aheadMs < -toleranceMs) return apart(now, aheadMs, theBatches)
      if (latest.isFresh) return aheadMs > toleranceMs ? apart(now, aheadMs, theBatches) : undefined
      const theirs = peersNow() ?? now
      return Math.abs(now - theirs) > toleranceMs ? apart(now, now - theirs, thePeers) : undefined
    },
  }
}

const theBatches = 'the batches of this network'
const thePeers = 'the clocks of its peers'

const apart = (nowMs: number, aheadMs: number, whose: string): string =>
  `This machine’s clock says ${utc(nowMs)}, which is ${spanOf(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} ${whose}, so mail cannot be settled here. Set the clock (and have it kept, by NTP); the rest follows by itself. If this clock is right, the other is wrong: tell whoever runs the network.`

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
