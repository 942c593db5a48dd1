/**
 * `npm run unlinkability [-- --people N] [--epochs N] [--seed TEXT]`: a larger population than the suite's, as the daemon draws
 * its moments and with each planted leak. Ends with 1 where the adversary does better than a coin, or misses a leak.
 */
import { parseArgs } from 'node:util'
import { test } from 'tap'
import type { Timing } from '../kit/population.ts'
import { judge, timings } from '../kit/unlinkability.ts'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '36' },
    epochs: { type: 'string', default: '8' },
    seed: { type: 'string', default: 'unlinkability' },
  },
})
const size = { people: Number(values.people), epochs: Number(values.epochs), seed: values.seed }

for (const timing of Object.keys(timings) as Timing[])
  test(`unlinkability: ${timings[timing]}`, { timeout: 0 }, (t) => judge(t, { ...size, timing }))
