// Slow: it plays the lives of many people through.
/**
 * Whether two pseudonyms of one person can be told to belong together. People live on a ledger as their daemons do, with
 * their own code for renewals, passes and moments, over a simulated clock; an adversary then sees the whole log, and has
 * to say which of two pseudonyms belongs to the owner of a third. Within the set that the daemon states (passes of one
 * tier behind one checkpoint) it does no better than a coin, and where a leak is planted it finds it.
 */
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { advantageOf } from '../../kit/adversary.ts'
import { liveTogether, type Timing } from '../../kit/population.ts'

const seed = process.env.SEED ?? 'unlinkability'
/** A quarter of the people wake at some moment of an epoch instead of at its beginning. */
const population = { seed, people: 36, epochs: 8, lateShare: 25 }

for (const { timing, finds, what } of [
  { timing: 'drawn', finds: false, what: 'with the daemon’s own moments' },
  { timing: 'none', finds: true, what: 'without jitter, a planted leak' },
  { timing: 'shared', finds: true, what: 'with one draw for both pseudonyms, a planted leak' },
] as const satisfies { timing: Timing; finds: boolean; what: string }[])
  test(`unlinkability: ${what}`, async (t) => {
    const sightings = await liveTogether({ ...population, timing })
    const gamesSeed = createHash('sha256').update(seed).digest()
    const { advantage, low, high, games, owners, setSize } = advantageOf(sightings, { seed: gamesSeed, gamesEach: 200 })
    t.comment(
      `${what}: advantage ${advantage.toFixed(3)}, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}, over ${games} games with the passes of ${owners} people, in sets of ${setSize.toFixed(1)} passes`,
    )
    t.ok(owners > 27 && games > 1_000, 'there were enough games')
    if (finds) t.ok(low > 0.2, 'the adversary finds the leak')
    else t.ok(low <= 0 && high >= 0, 'the interval holds 0')
  })
