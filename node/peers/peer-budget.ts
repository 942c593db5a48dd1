/**
 * What one peer may cost in a minute. Some of what an honest peer sends does not fit the state that we know: it is ahead of
 * us, or behind. So a failure counts against nobody for good; but whoever brings very many is not listened to for a while.
 */
import type { Clock } from '../seams.ts'

/** Failures that one peer may bring in a minute. After that, what it brings is not even looked at. */
const failuresPerMinute = 600

export type PeerBudget = ReturnType<typeof createPeerBudget>

/** A budget for each peer, full again with every minute. */
export function createPeerBudget(clock: Pick<Clock, 'now'>) {
  const failures = new Map<string, number>()
  let minute = 0

  function renew(): void {
    const now = Math.floor(clock.now() / 60_000)
    if (now !== minute) failures.clear()
    minute = now
  }

  return {
    isSpent(peer: string): boolean {
      renew()
      return (failures.get(peer) ?? 0) >= failuresPerMinute
    },
    /** Count one failure of a peer. */
    spend: (peer: string): void => void failures.set(peer, (failures.get(peer) ?? 0) + 1),
  }
}
