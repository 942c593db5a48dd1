/**
 * Greeting all peers before a round of questions. Whoever is silent would be so to every question of the round, so only those
 * are asked who answer; and nobody is waited for long beside those who did, or one silent peer would hold up each round.
 */
import type { Clock } from '../seams.ts'

/** How long others are waited for once the first has answered. */
const othersMs = 1_000

type Options = {
  /** Greet a peer; rejects where it does not answer. */
  readonly greet: (peer: string) => Promise<void>
  readonly clock: Pick<Clock, 'after'>
  readonly failed: (peer: string) => (error: Error) => void
}

/** Returns what greets some peers at once and says who answered. One that is being greeted still is not greeted again. */
export function createGreetings({ greet, clock, failed }: Options): (peers: readonly string[]) => Promise<string[]> {
  const underWay = new Set<string>()

  return async (peers) => {
    const answered: string[] = []
    const first = Promise.withResolvers<void>()
    async function one(peer: string): Promise<void> {
      underWay.add(peer)
      try {
        await greet(peer)
        answered.push(peer)
        first.resolve()
      } catch (error) {
        failed(peer)(error as Error)
      } finally {
        underWay.delete(peer)
      }
    }
    const all = Promise.all(peers.filter((peer) => !underWay.has(peer)).map(one))
    const enough = first.promise.then(() => new Promise<void>((resolve) => void clock.after(othersMs, resolve)))
    await Promise.race([all, enough])
    return [...answered]
  }
}
