/**
 * The time by the clocks of our peers. Any of them may lie, so the median counts, which fewer than half of them cannot move.
 * Peers at one network address have one voice together, so that nobody gets more voices by running more nodes.
 */
import type { Clock, Network } from '../seams.ts'

/** If this many of the peers that the owner named are connected, only their clocks count, so strangers cannot outvote them. */
const chosenEnough = 3

/** The last time that can be written as a date: what peers say beyond it is no time. */
const lastTimeMs = 8_640_000_000_000_000

export type PeerClocks = ReturnType<typeof createPeerClocks>

/** Peers' time now, in milliseconds since 1970, and how many voices it is the median of. */
type PeersTime = { readonly now: number; readonly count: number }

type Options = {
  readonly network: Pick<Network, 'voiceOf'>
  readonly clock: Pick<Clock, 'monotonic'>
}

export function createPeerClocks({ network, clock }: Options) {
  /** By peer: what its clock said when our monotonic one was zero. Our own clock may jump, and moves none of them. */
  const origins = new Map<string, number>()

  function medianOrigin(): { readonly origin: number; readonly count: number } | undefined {
    const all = [...origins].map(([peer, origin]) => ({ origin, ...network.voiceOf(peer) }))
    const chosen = all.filter(({ isChosen }) => isChosen)
    const heard = chosen.length < chosenEnough ? all : chosen
    const voices = Map.groupBy(heard, ({ name }) => name)
    if (voices.size === 0) return undefined
    const said = [...voices.values()].map((of) => median(of.map(({ origin }) => origin)))
    return { origin: median(said), count: voices.size }
  }

  return {
    /** A peer said what its clock says, in answer to a question asked at `askedAt` by our monotonic clock: halfway, as far as we know. */
    heard(peer: string, { time, askedAt }: { readonly time: bigint; readonly askedAt: number }): void {
      if (time > BigInt(lastTimeMs)) return void origins.delete(peer)
      origins.set(peer, Number(time) - (askedAt + clock.monotonic()) / 2)
    },
    forget: (peer: string): void => void origins.delete(peer),
    /** The median of peers' clocks; nothing where none was heard. */
    median(): PeersTime | undefined {
      const known = medianOrigin()
      return known && { now: Math.round(known.origin + clock.monotonic()), count: known.count }
    },
  }
}

/** The one in the middle; of two, the lower, because what is signed too late harms nobody. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}
