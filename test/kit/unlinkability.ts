/** Populations whose passes an adversary tries to tell apart: as the daemon draws its moments, and with planted leaks. */
import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { advantageOf } from './adversary.ts'
import { liveTogether, type Timing } from './population.ts'
import './patience.ts'

export const timings = {
  drawn: 'with the daemon’s own moments',
  none: 'without jitter, a planted leak',
  shared: 'with one draw for both pseudonyms, a planted leak',
} as const satisfies Record<Timing, string>

/** Let people live, have the adversary play, say what it made of it, and hold that against what it should. */
export async function judge(
  t: Test,
  { seed, people, epochs, timing }: { seed: string; people: number; epochs: number; timing: Timing },
): Promise<void> {
  // A quarter of the people wake at some moment of an epoch instead of at its beginning.
  const sightings = await liveTogether({ seed, people, epochs, lateShare: 25, timing })
  const gamesSeed = createHash('sha256').update(seed).digest()
  const { advantage, low, high, games, owners, setSize } = advantageOf(sightings, { seed: gamesSeed, gamesEach: 200 })
  t.comment(
    `${timings[timing]}: advantage ${advantage.toFixed(3)}, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}, over ${games} games with the passes of ${owners} people, in sets of ${setSize.toFixed(1)} passes`,
  )
  t.ok(owners > people * 0.75 && games > 1_000, 'there were enough games')
  if (timing === 'drawn') t.ok(low <= 0 && high >= 0, 'the interval holds 0')
  else t.ok(low > 0.2, 'the adversary finds the leak')
}
