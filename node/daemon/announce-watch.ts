/** Whether the names under which this node tells others to dial it are found. */
import { lookup } from 'node:dns/promises'
import type { Clock } from '../seams.ts'
import { namesIn } from '../settings/addresses.ts'

/** How often names are looked up, and how often while one is not found. */
const calmMs = 60_000
const againMs = 5_000

type Options = {
  readonly announce: readonly string[]
  readonly clock: Pick<Clock, 'after' | 'every' | 'monotonic'>
  readonly find?: (name: string) => Promise<unknown>
}

/** Look names up, from now on and until `stop`. */
export function watchAnnounced({ announce, clock, find = lookup }: Options) {
  let lost: readonly string[] = []
  let lookedAt = Number.NEGATIVE_INFINITY

  async function look(): Promise<void> {
    const isDue = lost.length > 0 || clock.monotonic() - lookedAt >= calmMs
    if (!isDue) return
    lookedAt = clock.monotonic()
    const all = await Promise.all(announce.map(async (address) => ((await isFound(address)) ? [] : [address])))
    lost = all.flat()
  }

  async function isFound(address: string): Promise<boolean> {
    try {
      await Promise.all((await namesIn(address)).map(find))
      return true
    } catch {
      return false
    }
  }

  const stops = announce.length > 0 ? [clock.after(0, look), clock.every(againMs, look)] : []
  return {
    stop(): void {
      for (const stop of stops) stop()
    },
    fault: (): string | undefined =>
      lost.length === 0
        ? undefined
        : `Others are told to dial ${lost.join(', ')}, and this machine does not find that name. Correct \`announce\` in bmail.toml (or --announce), or see to the name.`,
  }
}
