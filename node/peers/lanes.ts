/**
 * The way in of operations, one lane an account: whatever brings them (gossip, a peer that gives or answers, this node's
 * own), those of one account are looked at one after the other, in the order in which they came. One that comes before its
 * predecessor waits aside for a moment instead of being refused: between honest peers ops overtake each other, so a gap is
 * nobody's fault.
 */
import { equalBytes } from '../../protocol/codec.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { no, type Reason, type Result } from '../../protocol/reason.ts'
import type { SettledBatch } from '../ledger/batch-steps.ts'
import type { Clock, StepAside } from '../seams.ts'

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
type Aside = {
  readonly incoming: Incoming
  readonly from: string
  readonly conclude: (taken: Taken) => void
}

/**
 * The ops of one account that wait aside. `moves` counts how often an op of the account was taken in or settled since the
 * first of them came.
 */
type Place = { moves: number; readonly byNonce: Map<bigint, readonly Aside[]> }

/** Who brought an op, and how to wait for its predecessor; who cannot wait, like our own, is told of a gap at once. */
type Bringer = { readonly from: string; readonly stepAside: StepAside } | { readonly from: undefined }

type Options = {
  /** Looks at one op and takes it in; is never called twice at one time for one account. */
  readonly take: (incoming: Incoming, from: string | undefined) => Promise<Taken>
  readonly clock: Pick<Clock, 'after'>
}

export type Lanes = ReturnType<typeof createLanes>

/** Lanes in front of a pool. */
export function createLanes({ take, clock }: Options) {
  /** The last turn of each lane in which there is one. */
  const turns = new Map<string, Promise<unknown>>()
  /** By lane. */
  const aside = new Map<string, Place>()
  const ofPeer = new Map<string, Set<Aside>>()
  let inAll = 0
  let batches = 0

  /** Run a task after everything of its lane that was asked for before. */
  function inTurn<T>(lane: string, task: () => Promise<T>): Promise<T> {
    const turn = (turns.get(lane) ?? Promise.resolve()).then(task)
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    turns.set(lane, settled)
    void settled.then(() => turns.get(lane) === settled && turns.delete(lane))
    return turn
  }

  const waitingAt = (lane: string, nonce: bigint): readonly Aside[] => aside.get(lane)?.byNonce.get(nonce) ?? []

  /** Take an op in, and soon what waited for it. In its turn only. */
  async function takeIn(incoming: Incoming, from: string | undefined): Promise<Taken> {
    const taken = await take(incoming, from)
    if (taken.ok && taken.value === 'new') follow(incoming.lane)
    return taken
  }

  /** Something of a lane was taken in or settled: what waits aside is looked at again. */
  function follow(lane: string): void {
    const place = aside.get(lane)
    if (!place) return
    place.moves += 1
    // Outside of what goes on now, so that what was taken in travels on before what builds on it.
    clock.after(0, () => inTurn(lane, () => lookAgain(lane)))
  }

  /** Look at what waits aside in the order of nonces, up to the first that is too early still. */
  async function lookAgain(lane: string): Promise<void> {
    const nonces = [...(aside.get(lane)?.byNonce.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1))
    for (const nonce of nonces)
      for (const { incoming, from, conclude } of waitingAt(lane, nonce)) {
        const taken = await take(incoming, from)
        if (isEarly(taken)) return
        conclude(taken)
      }
  }

  /** Let an op wait aside. Resolves to what becomes of it; where nothing changes in time, to the refusal that it came with. */
  function setAside(incoming: Incoming, from: string, refused: Taken): Promise<Taken> {
    const { lane, op } = incoming
    const share = ofPeer.get(from) ?? new Set()
    if (share.size >= asideOfPeerMax) return Promise.resolve(no('queue-full'))
    if (inAll >= asideMax) makeRoom()
    const place: Place = aside.get(lane) ?? { moves: 0, byNonce: new Map() }
    return new Promise((resolve) => {
      const one: Aside = {
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
      const wait = (moves: number): (() => void) =>
        clock.after(asideMs, () => {
          if (place.moves === moves) one.conclude(refused)
          else cancel = wait(place.moves)
        })
      let cancel = wait(place.moves)
      place.byNonce.set(op.nonce, [...waitingAt(lane, op.nonce), one])
      aside.set(lane, place)
      ofPeer.set(from, share.add(one))
      inAll += 1
    })
  }

  function leave(one: Aside): void {
    const { lane, op } = one.incoming
    const left = waitingAt(lane, op.nonce).filter((other) => other !== one)
    const { byNonce } = aside.get(lane)!
    if (left.length > 0) byNonce.set(op.nonce, left)
    else byNonce.delete(op.nonce)
    if (byNonce.size === 0) aside.delete(lane)
    inAll -= 1
  }

  /** Of the peer that brought the most, the one that came last makes room. */
  function makeRoom(): void {
    const shares = [...ofPeer.values()]
    const largest = shares.reduce((most, share) => (share.size > most.size ? share : most))
    const latest = [...largest].at(-1)!
    latest.conclude(no('queue-full'))
  }

  /** Take an op in, in its turn, or let it wait aside; what becomes of it, and whether that takes a while. */
  async function arrive(incoming: Incoming, by: Bringer): Promise<{ taken: Taken } | { later: Promise<Taken> }> {
    for (;;) {
      const before = batches
      const taken = await takeIn(incoming, by.from)
      if (by.from === undefined || !isEarly(taken)) return { taken }
      // Where a batch became final meanwhile, nothing may be missing any more.
      if (batches === before) return { later: setAside(incoming, by.from, taken) }
    }
  }

  return {
    /** Take an op in, in its turn. Refuses what `take` refuses (an early op only after it has waited aside), and: queue-full, where there is no room to wait. */
    async enter(incoming: Incoming, by: Bringer): Promise<Taken> {
      const arrived = await inTurn(incoming.lane, () => arrive(incoming, by))
      if ('taken' in arrived) return arrived.taken
      const { later } = arrived
      return by.from === undefined ? later : by.stepAside(() => later)
    },
    /** Whether the same bytes wait aside already. */
    isAside: ({ lane, op, bytes }: Incoming): boolean =>
      waitingAt(lane, op.nonce).some(({ incoming }) => equalBytes(incoming.bytes, bytes)),
    /**
     * A batch is final: what waits for what it settled is looked at again. What it settled itself came too late to wait, for
     * which nobody is to blame.
     */
    settled({ ops }: Pick<SettledBatch, 'ops'>): void {
      batches += 1
      for (const { lane, op, bytes } of ops)
        for (const { incoming, conclude } of waitingAt(lane, op.nonce))
          if (equalBytes(incoming.bytes, bytes)) conclude(no('nonce-gap'))
      for (const lane of new Set(ops.map(({ lane }) => lane))) follow(lane)
    },
    /** Let nothing wait any more. */
    stop(): void {
      for (const share of [...ofPeer.values()]) for (const { conclude } of [...share]) conclude(no('nonce-gap'))
    },
    /** How many wait aside, of how many accounts and brought by how many peers; and the lanes in which something is looked at. */
    get sizes() {
      return { aside: inAll, lanes: aside.size, peers: ofPeer.size, turns: turns.size }
    },
  }
}

/**
 * Refusals that may pass once more ops of the account are taken in or settled: an earlier op is missing, too many wait, or
 * the ops that wait have reserved its money. In each case the peer may only be a batch ahead of us.
 */
const early: ReadonlySet<Reason> = new Set(['nonce-gap', 'queue-full', 'funds-short', 'reserve-short'])

const isEarly = (taken: Taken): boolean => !taken.ok && early.has(taken.reason)
