/** Which keepers answer: each publishes a share of every letter that is settled, whoever opens its lock meanwhile. */
import type { Clock } from '../seams.ts'

/** A keeper that has not answered for so long is away; one that was away for a moment publishes again within ten seconds. */
const graceMs = 30_000
/** What is settled so soon after the start, or heard of so late, may have been answered when nobody listened here. */
const deafMs = 10_000
const lateMs = 5_000
/** By so much a batch may be of a time that is ahead of ours. */
const apartMs = 1_000

export type KeeperWatch = ReturnType<typeof createKeeperWatch>

export function createKeeperWatch({
  keepers,
  clock,
}: {
  readonly keepers: number
  readonly clock: Pick<Clock, 'now'>
}) {
  const openedAt = clock.now()
  /** By keeper: since when it owes an answer. */
  const owing = new Map<number, number>()
  /** By keeper: when it was heard last. */
  const heardAt = new Map<number, number>()

  return {
    /** Letters were settled in a batch of this time (milliseconds since 1970). */
    settled(time: number): void {
      const now = clock.now()
      if (now < openedAt + deafMs || time < now - lateMs) return
      // A keeper that has the batch before us, as the host does, answers before we know that it owes anything.
      const isAnswered = (keeper: number) => (heardAt.get(keeper) ?? -Infinity) >= time - apartMs
      for (let keeper = 0; keeper < keepers; keeper++)
        if (!owing.has(keeper) && !isAnswered(keeper)) owing.set(keeper, now)
    },
    /** A keeper published shares. */
    heard(keeper: number): void {
      heardAt.set(keeper, clock.now())
      owing.delete(keeper)
    },
    /** The places of those who have owed an answer for too long, and since when. */
    silent: (): readonly { readonly keeper: number; readonly since: number }[] =>
      [...owing]
        .map(([keeper, since]) => ({ keeper, since }))
        .filter(({ since }) => since < clock.now() - graceMs)
        .sort((a, b) => a.keeper - b.keeper),
  }
}
