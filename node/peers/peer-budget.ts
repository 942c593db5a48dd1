/**
 * What one peer may cost in a minute. Some of what an honest peer sends does not fit the state that we know: it is ahead of
 * us, or behind. So work that came to nothing counts against nobody for good; but whoever causes very much of it is not
 * listened to for a while. It counts on every topic, and for every reason but one: an op that came
 * before its predecessor (`nonce-gap`) has had a place of its bringer's share in `aside.ts`, and costs nothing more.
 */
import type { Clock } from '../seams.ts'

/** What a peer may cost in a minute. After that, what it brings is not even looked at. */
const workPerMinute = 600

/**
 * What work costs that came to nothing, and what answers cost. One is an operation that was decoded and held against the
 * state, with its signature: about a quarter of a millisecond. A look at one key on disk is two orders of magnitude less.
 */
export const costs = {
  op: 1,
  /** A question over a stream, whatever is asked. */
  question: 1 / 4,
  /** An id that is looked up on disk in vain. */
  look: 1 / 64,
  /** A lock key or a share that is no news: a few keys are looked up on disk. */
  release: 1 / 16,
  /** The same in the moment in which everybody brings it: it is found in memory. */
  echo: 1 / 512,
  /** A lock key that is read in a row with others and sent. */
  answeredKey: 1 / 256,
  /** A MiB that is read from disk and sent. */
  answeredMib: 1,
  /** A batch that is read from disk to hold an old header against it, or asked for once more. */
  batch: 4,
  /** An envelope that we were told of, asked for and did not get. */
  pull: 8,
} as const

export type PeerBudget = ReturnType<typeof createPeerBudget>

/** How many peers' budgets an address has, behind which nobody is known to be many: as many as may be connected from it. */
const peersOfAddress = 8

/**
 * A budget for each peer, full again with every minute; and one for each voice, so that whoever comes back under ever new ids
 * has no more than those who are there together. `voiceOf` names it, and is the peer itself where the peer is one by itself.
 */
export function createPeerBudget(clock: Pick<Clock, 'now'>, voiceOf: (peer: string) => string = (peer) => peer) {
  const spent = new Map<string, number>()
  const spentByVoice = new Map<string, number>()
  /** The voice of each peer: remembered, because that of a peer that has gone cannot be looked up any more. */
  const voices = new Map<string, string>()

  function voice(peer: string): string | undefined {
    const known = voices.get(peer)
    if (known !== undefined) return known
    const name = voiceOf(peer)
    if (name === peer) return undefined
    voices.set(peer, name)
    return name
  }

  let minute = 0

  function renew(): void {
    const now = Math.floor(clock.now() / 60_000)
    if (now !== minute) for (const map of [spent, spentByVoice, voices]) map.clear()
    minute = now
  }

  return {
    isSpent(peer: string): boolean {
      renew()
      if ((spent.get(peer) ?? 0) >= workPerMinute) return true
      const name = voice(peer)
      return name !== undefined && (spentByVoice.get(name) ?? 0) >= peersOfAddress * workPerMinute
    },
    /** Count work that a peer caused. */
    spend(peer: string, cost: number = costs.op): void {
      renew()
      spent.set(peer, (spent.get(peer) ?? 0) + cost)
      const name = voice(peer)
      if (name !== undefined) spentByVoice.set(name, (spentByVoice.get(name) ?? 0) + cost)
    },
  }
}
