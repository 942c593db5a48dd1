/**
 * `npm run unlinkability`: a larger population than the suite's, as the daemon draws its moments and with each planted leak.
 */
import { flagsOf } from '../../cli/flags.ts'
import { numberIn } from '../kit/flag-numbers.ts'
import { test } from 'tap'
import type { Timing } from '../kit/population.ts'
import { judge, timings } from '../kit/unlinkability.ts'

const help = `npm run unlinkability -- [OPTIONS]

  --people N    how many; 36 otherwise
  --epochs N    for how long; 8 otherwise
  --seed TEXT   another population

Ends with 1 where the adversary does better than a coin, or misses a planted leak.`

const { values } = flagsOf(help, {
  options: {
    people: { type: 'string', default: '36' },
    epochs: { type: 'string', default: '8' },
    seed: { type: 'string', default: 'unlinkability' },
  },
})
const size = {
  people: numberIn('--people', values.people),
  epochs: numberIn('--epochs', values.epochs),
  seed: values.seed,
}

for (const timing of Object.keys(timings) as Timing[])
  test(`unlinkability: ${timings[timing]}`, { timeout: 0 }, (t) => judge(t, { ...size, timing }))
