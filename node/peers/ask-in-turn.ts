/** Asking peers one after the other, until one of them had it all. */
import type { Logger } from '../logger.ts'
import type { Random } from '../seams.ts'

/** Ask peers until one of them leaves nothing to ask for; a failure is the next one's turn. */
export async function askInTurn(
  logger: Pick<Logger, 'debug'>,
  { peers, what }: { readonly peers: readonly string[]; readonly what: string },
  task: (peer: string) => Promise<'done' | 'more'>,
): Promise<void> {
  for (const peer of peers) {
    try {
      if ((await task(peer)) === 'done') return
    } catch (error) {
      logger.debug({ peer, err: error }, `could not fetch ${what}`)
    }
  }
}

/** In an order drawn at random, so that no peer is asked first by everybody. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const drawn = random(items.length)
  return items
    .map((item, at) => ({ item, at: drawn[at]! }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
