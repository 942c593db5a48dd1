/**
 * The way in of operations, one lane an account: whatever brings them (gossip, a peer that gives or answers, this node's
 * own), those of one account are looked at one after the other. One that comes before its predecessor waits aside for a
 * moment instead of being refused: honest peers bring ops in any order, so a gap is nobody's fault.
 */
import type { Incoming } from '../../protocol/doorway.ts'
import { no, type Result } from '../../protocol/reason.ts'
import type { Clock } from '../seams.ts'

/** How long an op waits for the ones before it. What is still missing then comes with a later round of asking. */
const asideMs = 5_000
/** How many may wait aside: of one account, brought by one peer, and in all. */
const asideOfLane = 256
const asideOfPeer = 1_024
const asideInAll = 8_192

/** What became of an op: taken in now, here already, or refused. */
export type Taken = Result<'new' | 'known'>

type Aside = {
  readonly incoming: Incoming
  readonly from: string | undefined
  /** Try again, because something of its account was taken in or settled. */
  readonly again: () => void
}

export type Lanes = ReturnType<typeof createLanes>

/** Lanes in front of a pool. `take` looks at one op and takes it in; it is never called twice at one time for one account. */
export function createLanes({
  take,
  clock,
}: {
  readonly take: (incoming: Incoming, from: string | undefined) => Promise<Taken>
  readonly clock: Pick<Clock, 'after'>
}) {
  const turns = new Map<string, Promise<unknown>>()
  const aside = new Map<string, Aside[]>()
  const ofPeer = new Map<string, number>()
  let inAll = 0

  /** Run a task after everything of its lane that was asked for before. */
  function inTurn<T>(lane: string, task: () => Promise<T>): Promise<T> {
    const turn = (turns.get(lane) ?? Promise.resolve()).then(task)
    const settled = turn.catch(() => undefined)
    turns.set(lane, settled)
    void settled.then(() => turns.get(lane) === settled && turns.delete(lane))
    return turn
  }

  /** Wait until something of the lane moved; false where there is no room to wait, or the time is over. */
  function waitAside(incoming: Incoming, from: string | undefined): Promise<boolean> {
    const { lane } = incoming
    const others = aside.get(lane) ?? []
    const brought = from === undefined ? 0 : (ofPeer.get(from) ?? 0)
    if (others.length >= asideOfLane || brought >= asideOfPeer || inAll >= asideInAll) return Promise.resolve(false)
    return new Promise((resolve) => {
      const leave = (isMoved: boolean) => {
        cancel()
        const left = (aside.get(lane) ?? []).filter((other) => other !== waiting)
        if (left.length > 0) aside.set(lane, left)
        else aside.delete(lane)
        inAll -= 1
        if (from !== undefined) count(from, -1)
        resolve(isMoved)
      }
      const waiting: Aside = { incoming, from, again: () => leave(true) }
      const cancel = clock.after(asideMs, () => leave(false))
      aside.set(lane, [...others, waiting])
      inAll += 1
      if (from !== undefined) count(from, 1)
    })
  }

  function count(peer: string, by: number): void {
    const sum = (ofPeer.get(peer) ?? 0) + by
    if (sum === 0) ofPeer.delete(peer)
    else ofPeer.set(peer, sum)
  }

  /** Something of an account was taken in or settled: what waits aside for it is looked at again, by nonce. */
  function moved(lane: string): void {
    const waiting = [...(aside.get(lane) ?? [])].sort((a, b) => (a.incoming.op.nonce < b.incoming.op.nonce ? -1 : 1))
    for (const { again } of waiting) again()
  }

  return {
    /** Take an op in, in its turn. Refuses what `take` does; nonce-gap only after it has waited aside. */
    async enter(incoming: Incoming, from: string | undefined): Promise<Taken> {
      for (;;) {
        const taken = await inTurn(incoming.lane, () => take(incoming, from))
        if (taken.ok && taken.value === 'new') moved(incoming.lane)
        if (taken.ok || taken.reason !== 'nonce-gap') return taken
        if (!(await waitAside(incoming, from))) return no('nonce-gap')
      }
    },
    moved,
    /** How many wait aside now. */
    get aside() {
      return inAll
    },
  }
}
