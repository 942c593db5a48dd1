/** An epoch in which somebody wakes, twice: as the circuits prove it step by step, and as the plain model of the simulation says it. */
import { renewed } from '../../node/simulation/identity.ts'
import type { Inputs } from '../../node/seams.ts'
import { type Hidden, modeOf } from '../../protocol/identity.ts'
import { rules } from '../kit/fixtures.ts'
import { gatheredBy, keysOf, type Past, stepOf, type Trees } from './lives.ts'

type Waking = {
  readonly secret: bigint
  readonly hidden: Hidden
  readonly epoch: number
  readonly spent: bigint
}

/** All that happens to the state: settling, renewing, or both. `prove` is given the inputs of each step. */
export function wake(past: Past, trees: Trees, waking: Waking, prove: (inputs: Inputs) => unknown): Hidden {
  const { secret, epoch } = waking
  let { hidden } = waking
  for (let mode = modeOf(hidden, epoch); mode; mode = modeOf(hidden, epoch)) {
    const { next, inputs } = stepOf(past, trees, { secret, hidden, epoch, spent: mode === 'renew' ? waking.spent : 0n })
    prove(inputs)
    hidden = next
  }
  return hidden
}

/** What the model says of it. It must never ask for verdicts that are not final yet. */
export function modelOf(past: Past, { secret, hidden, epoch: now, spent }: Waking): Hidden {
  const model = renewed(rules, hidden, now, (epoch) => {
    if (epoch > now - 2) throw new Error(`the verdicts of ${epoch} are not known in ${now}`)
    return gatheredBy(past.gathered(epoch), keysOf(secret, epoch))
  })
  return { ...model, positive: model.positive - spent }
}

/** A state of which tap can say where it differs. */
export const texts = ({ positive, negative, previous, last, asOf }: Hidden) => ({
  positive: `${positive}`,
  negative: `${negative}`,
  previous,
  last,
  asOf,
})
