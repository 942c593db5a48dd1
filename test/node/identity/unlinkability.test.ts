// Slow: it plays the lives of many people through.
/**
 * Whether two pseudonyms of one person can be told to belong together. People live on a ledger as their daemons do, with
 * their own code for renewals, passes and moments, over a simulated clock; an adversary then sees the whole log, and has
 * to say which of two pseudonyms belongs to the owner of a third. Within the set that the daemon states (passes of one
 * tier behind one checkpoint) it does no better than a coin, and where a leak is planted it finds it, also among few.
 * `npm run unlinkability` has as many people for each, and more epochs.
 */
import { test } from 'tap'
import type { Timing } from '../../kit/population.ts'
import { judge, timings } from '../../kit/unlinkability.ts'

const seed = process.env.SEED ?? 'unlinkability'
const people = { drawn: 36, none: 16, shared: 16 } as const satisfies Record<Timing, number>

for (const timing of Object.keys(timings) as Timing[])
  test(`unlinkability: ${timings[timing]}`, (t) => judge(t, { seed, people: people[timing], epochs: 5, timing }))
