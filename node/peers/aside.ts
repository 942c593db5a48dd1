/**
 * Operations that came before their predecessor and wait aside for a moment, instead of being refused. The room is bounded,
 * and every peer has its share of it.
 */
import { equalBytes } from '../../protocol/codec.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { no, type Result } from '../../protocol/reason.ts'
import type { Clock } from '../seams.ts'

/**
 * How long an op waits aside while nothing of its account is taken in or settled. What is still missing then comes with a
 * later round of asking.
 */
const asideMs = 5_000
/**
 * The most ops that may wait aside: of one peer, and in all. Where there are too many in all, the peer with the most loses
 * its latest. So a flood of gaps, under however many peer ids, leaves every other peer as large a share.
 */
export const asideOfPeerMax = 512
const asideMax = 2_048

/** What became of an op: taken in now, here already, or refused. */
export type Taken = Result<'new' | 'known'>

/** An op that waits aside, and whoever waits for what becomes of it. */
type Waiting = {
  readonly incoming: Incoming
  readonly from: string
  readonly conclude: (taken: Taken) => void
}

/**
 * The ops of one account that wait aside. `moves` counts how often an op of the account was taken in or settled since the
 * first of them came.
 */
type Place = { moves: number; readonly byNonce: Map<bigint, readonly Waiting[]> }

/** A room in which nothing waits yet. */
export function createAside(clock: Pick<Clock, 'after'>) {
  /** By lane. */
  const places = new Map<string, Place>()
  const ofPeer = new Map<string, Set<Waiting>>()
  let inAll = 0

  const at = (lane: string, nonce: bigint): readonly Waiting[] => places.get(lane)?.byNonce.get(nonce) ?? []

  /** Wait for `asideMs` in which nothing moves in a place; returns what ends the wait. */
  function whenStill(place: Place, conclude: () => void): () => void {
    const wait = (moves: number): (() => void) =>
      clock.after(asideMs, () => {
        if (place.moves === moves) conclude()
        else cancel = wait(place.moves)
      })
    let cancel = wait(place.moves)
    return () => cancel()
  }

  function leave(one: Waiting): void {
    const { lane, op } = one.incoming
    const left = at(lane, op.nonce).filter((other) => other !== one)
    const { byNonce } = places.get(lane)!
    if (left.length > 0) byNonce.set(op.nonce, left)
    else byNonce.delete(op.nonce)
    if (byNonce.size === 0) places.delete(lane)
    inAll -= 1
  }

  /** Of the peer that brought the most, the one that came last makes room. */
  function makeRoom(): void {
    const shares = [...ofPeer.values()]
    const largest = shares.reduce((most, share) => (share.size > most.size ? share : most))
    const latest = [...largest].at(-1)!
    latest.conclude(no('queue-full'))
  }

  return {
    /**
     * Let an op wait that a peer brought. Resolves to what it is concluded with; where nothing changes in time, to the
     * refusal that it came with. Refuses: queue-full, where its bringer's share is used up.
     */
    put(incoming: Incoming, from: string, refused: Taken): Promise<Taken> {
      const { lane, op } = incoming
      const share = ofPeer.get(from) ?? new Set()
      if (share.size >= asideOfPeerMax) return Promise.resolve(no('queue-full'))
      if (inAll >= asideMax) makeRoom()
      const place: Place = places.get(lane) ?? { moves: 0, byNonce: new Map() }
      return new Promise((resolve) => {
        const one: Waiting = {
          incoming,
          from,
          conclude(taken) {
            if (!share.delete(one)) return
            if (share.size === 0) ofPeer.delete(from)
            leave(one)
            cancel()
            resolve(taken)
          },
        }
        const cancel = whenStill(place, () => one.conclude(refused))
        place.byNonce.set(op.nonce, [...at(lane, op.nonce), one])
        places.set(lane, place)
        ofPeer.set(from, share.add(one))
        inAll += 1
      })
    },
    at,
    /** The nonces at which ops of a lane wait, the lowest first. */
    nonces: (lane: string): bigint[] => [...(places.get(lane)?.byNonce.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1)),
    /** Something of a lane was taken in or settled. Says whether anything of it waits here. */
    moved(lane: string): boolean {
      const place = places.get(lane)
      if (place) place.moves += 1
      return place !== undefined
    },
    /** Whether the same bytes wait here already. */
    has: ({ lane, op, bytes }: Incoming): boolean =>
      at(lane, op.nonce).some(({ incoming }) => equalBytes(incoming.bytes, bytes)),
    /** Let nothing wait any more. */
    stop(): void {
      for (const share of [...ofPeer.values()]) for (const { conclude } of [...share]) conclude(no('nonce-gap'))
    },
    /** How many wait, of how many accounts, and brought by how many peers. */
    get sizes() {
      return { aside: inAll, lanes: places.size, peers: ofPeer.size }
    },
  }
}
