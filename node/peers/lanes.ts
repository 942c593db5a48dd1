/**
 * The way in of operations, one lane an account: whatever brings them (gossip, a peer that gives or answers, this node's
 * own), those of one account are looked at one after the other, in the order in which they came. One that comes before its
 * predecessor waits aside for a moment instead of being refused: between honest peers ops overtake each other, so a gap is
 * nobody's fault.
 */
import { equalBytes } from '../../protocol/codec.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { no, type Reason } from '../../protocol/reason.ts'
import type { SettledBatch } from '../ledger/batch-steps.ts'
import type { Clock, StepAside } from '../seams.ts'
import { createAside, type Taken } from './aside.ts'

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
  const aside = createAside(clock)
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

  /** Something of a lane was taken in or settled: what waits aside is looked at again. */
  function follow(lane: string): void {
    // Outside of what goes on now, so that what was taken in travels on before what builds on it.
    if (aside.moved(lane)) clock.after(0, () => inTurn(lane, () => lookAgain(lane)))
  }

  /** Look at what waits aside in the order of nonces, up to the first that is too early still. */
  async function lookAgain(lane: string): Promise<void> {
    for (const nonce of aside.nonces(lane))
      for (const { incoming, from, conclude } of aside.at(lane, nonce)) {
        const taken = await take(incoming, from)
        if (isEarly(taken)) return
        conclude(taken)
      }
  }

  /** Take an op in, in its turn, or let it wait aside; what becomes of it, and whether that takes a while. */
  async function arrive(incoming: Incoming, by: Bringer): Promise<{ taken: Taken } | { later: Promise<Taken> }> {
    for (;;) {
      const before = batches
      const taken = await take(incoming, by.from)
      if (taken.ok && taken.value === 'new') follow(incoming.lane)
      if (by.from === undefined || !isEarly(taken)) return { taken }
      // Where a batch became final meanwhile, nothing may be missing any more.
      if (batches === before) return { later: aside.put(incoming, by.from, taken) }
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
    isAside: aside.has,
    /**
     * A batch is final: what waits for what it settled is looked at again. What it settled itself came too late to wait, for
     * which nobody is to blame.
     */
    settled({ ops }: Pick<SettledBatch, 'ops'>): void {
      batches += 1
      const lanes = new Set<string>()
      for (const { lane, money, bytes } of ops) {
        if (lane === undefined) continue
        lanes.add(lane)
        for (const { incoming, conclude } of aside.at(lane, money?.author?.nonce ?? 0n))
          if (equalBytes(incoming.bytes, bytes)) conclude(no('nonce-gap'))
      }
      for (const lane of lanes) follow(lane)
    },
    /** Let nothing wait any more. */
    stop: aside.stop,
    /** How many wait aside, of how many accounts and brought by how many peers; and the lanes in which something is looked at. */
    get sizes() {
      return { ...aside.sizes, turns: turns.size }
    },
  }
}

/**
 * Refusals that may pass once more ops of the account are taken in or settled: an earlier op is missing, too many wait, or
 * its money is set aside for ops that wait. In each case the peer may only be a batch ahead of us.
 */
const early: ReadonlySet<Reason> = new Set(['nonce-gap', 'queue-full', 'funds-short', 'reserve-short'])

const isEarly = (taken: Taken): boolean => !taken.ok && early.has(taken.reason)
