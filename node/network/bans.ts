/** Peers we refuse for a while. */
import type { Clock } from '../seams.ts'

/** The most bans remembered; the one that was made longest ago makes room. Identities are free, so a list without end would be a gift. */
const mostBans = 10_000

export interface Bans {
  /** Refuse a peer for `banMs` from now; an earlier ban that lasts longer stays. */
  add(peer: string, banMs: number): void
  has(peer: string): boolean
  size(): number
}

/** An empty list of bans. */
export function createBans(clock: Clock): Bans {
  const until = new Map<string, number>()

  function has(peer: string): boolean {
    const endMs = until.get(peer)
    if (endMs === undefined) return false
    if (endMs > clock.now()) return true
    until.delete(peer)
    return false
  }

  return {
    add(peer, banMs) {
      const endMs = clock.now() + banMs
      if (endMs <= clock.now() || endMs <= (until.get(peer) ?? 0)) return
      until.delete(peer)
      until.set(peer, endMs)
      if (until.size > mostBans) until.delete(until.keys().next().value!)
    },
    has,
    size: () => [...until.keys()].filter(has).length,
  }
}
