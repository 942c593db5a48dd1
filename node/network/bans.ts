/** Peers we refuse for a while. */
import type { Clock } from '../seams.ts'

/** The most bans remembered; the one that was made longest ago makes room. Identities are free, so a list without end would be a gift. */
const mostBans = 10_000

export interface Bans {
  /** Refuse a peer for `banMs` from now; an earlier ban that lasts longer stays. */
  add(peer: string, ban: { readonly banMs: number; readonly why: string }): void
  has(peer: string): boolean
  /** Why a peer is refused; nothing where it is not. */
  why(peer: string): string | undefined
  size(): number
}

/** An empty list of bans. */
export function createBans(clock: Clock): Bans {
  const bans = new Map<string, { readonly endMs: number; readonly why: string }>()

  function why(peer: string): string | undefined {
    const ban = bans.get(peer)
    if (ban === undefined || ban.endMs > clock.now()) return ban?.why
    bans.delete(peer)
    return undefined
  }
  const has = (peer: string): boolean => why(peer) !== undefined

  return {
    add(peer, { banMs, why }) {
      const endMs = clock.now() + banMs
      if (endMs <= clock.now() || endMs <= (bans.get(peer)?.endMs ?? 0)) return
      bans.delete(peer)
      bans.set(peer, { endMs, why })
      if (bans.size > mostBans) bans.delete(bans.keys().next().value!)
    },
    has,
    why,
    size: () => [...bans.keys()].filter(has).length,
  }
}
