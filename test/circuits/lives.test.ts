/**
 * Nobody honest is refused, and what is proven is what the plain model says: hidden states go through whole lives, and for each
 * step there is a witness of the renew circuit whose new leaf is the one of the model.
 */
import fc from 'fast-check'
import { test } from 'tap'
import { compile } from '../../circuits/compile.ts'
import type { Inputs } from '../../node/seams.ts'
import { firstHidden, slotCount } from '../../protocol/identity.ts'
import { demandsOf } from '../../protocol/pass.ts'
import { reaches } from '../../protocol/reputation.ts'
import { treeOf } from '../../protocol/tree.ts'
import type { Gathered } from '../../protocol/verdict-tree.ts'
import { calculatorOf } from './calculator.ts'
import { createTrees, elementOf, keysOf, type Past, reserve, stepOf } from './lives.ts'
import { passOf, points, secret } from './scenes.ts'
import { modelOf, texts, wake } from './waking.ts'
import { rules } from '../kit/fixtures.ts'

const proveRenewal = await calculatorOf((await compile('renew')).wasm)
const provePass = await calculatorOf((await compile('pass')).wasm)

const sum = fc.bigInt({ min: 0n, max: 2n ** 24n })
const verdicts = fc.array(fc.record({ positive: sum, negative: sum }), { minLength: 0, maxLength: slotCount })
const days = fc.record({
  gap: fc.constantFrom(1, 1, 1, 2, 3, 5, 64, 70),
  mine: verdicts,
  others: verdicts,
  endorses: fc.boolean(),
})
const life = fc.record({
  name: fc.nat(),
  enrolled: fc.constantFrom(1, 2, 63, 66, 120),
  days: fc.array(days, { minLength: 4, maxLength: 8 }),
})

test('lives: long ones, with absences, empty epochs and endorsements', async (t) => {
  await fc.assert(
    fc.asyncProperty(life, async ({ name, enrolled, days }) => {
      const secret = elementOf(`life ${name}`)
      const rows = new Map<number, Gathered[]>()
      const past: Past = { gathered: (epoch) => rows.get(epoch) ?? [] }
      let hidden = firstHidden
      let epoch = enrolled
      for (const { gap, mine, others, endorses } of days) {
        // Verdicts come until the epoch after has closed, so only now are those of two epochs ago looked at.
        const model = modelOf(past, { secret, hidden, epoch, spent: 0n })
        const quarter = (model.positive - model.negative) / 4n
        const spent = endorses && quarter > 0n && model.positive - model.negative - quarter >= reserve ? quarter : 0n
        hidden = wake(past, createTrees(past), { secret, hidden, epoch, spent }, proveRenewal)
        t.same(texts(hidden), texts({ ...model, positive: model.positive - spent }))
        const strangers = keysOf(elementOf('a stranger'), epoch)
        rows.set(epoch, [
          ...mine.map((sums, slot) => ({ key: keysOf(secret, epoch)[slot]!, ...sums })),
          ...others.map((sums, slot) => ({ key: strangers[slot]!, ...sums })),
        ])
        epoch += gap
      }
    }),
    { numRuns: 12, seed: 4 },
  )
})

test('lives: decay of any number of epochs, and sums as large as they get', async (t) => {
  // Nothing is folded, so that it does not matter what the history is.
  const trees = { ...createTrees({ gathered: () => [] }), historyIn: () => treeOf([], 8) }
  const largest = 2n ** 48n - 1n
  for (const epochs of [0, 1, 2, 3, 31, 32, 62, 63, 64, 65, 127, 128, 40_000])
    for (const { positive, negative } of [
      { positive: largest, negative: largest },
      { positive: points(9) + 1n, negative: 1n },
    ]) {
      const hidden = { positive, negative, previous: 0, last: 0, asOf: 7 }
      const { inputs } = stepOf({ gathered: () => [] }, trees, { secret, hidden, epoch: 7 + epochs })
      t.doesNotThrow(() => proveRenewal(inputs), `${epochs} epochs`)
    }
})

test('lives: a quarter can be given to the last bit, and the reserve is all that must be left', async (t) => {
  const trees = createTrees({ gathered: () => [] })
  const step = (positive: bigint, spent: bigint) =>
    stepOf({ gathered: () => [] }, trees, {
      secret,
      hidden: { positive, negative: 5n, previous: 0, last: 6, asOf: 7 },
      epoch: 7,
      spent,
    }).inputs
  const fits = (inputs: Inputs) => {
    try {
      return Boolean(proveRenewal(inputs))
    } catch {
      return false
    }
  }
  t.ok(fits(step(5n + 4n * reserve, reserve)))
  t.notOk(fits(step(4n + 4n * reserve, reserve)))
  t.ok(fits(step(5n + reserve + points(8), points(8))))
  t.notOk(fits(step(4n + reserve + points(8), points(8))))
  t.ok(fits(step(0n, 0n)), 'nothing is asked of who gives nothing')
})

test('lives: a pass is for whom the rules say that they reach a tier', async (t) => {
  for (const tier of [0, 1, 2, 3, 4]) {
    const [score, most] = tier ? [rules.reputation.scores[tier - 1]!, rules.reputation.negatives[tier - 1]!] : [0n, 64n]
    for (const over of [-1n, 0n, 1n])
      for (const negative of [0n, (most << 16n) - 1n, most << 16n, (most << 16n) + 1n]) {
        const sums = { positive: (score << 16n) + negative + over, negative }
        if (sums.positive < 0n) continue
        const prove = () => provePass(passOf({ secret, slot: 1, ...sums }, demandsOf(rules, tier)))
        if (reaches(rules, tier, sums)) t.doesNotThrow(prove, `tier ${tier}`)
        else t.throws(prove, /not so.*Reaches/, `tier ${tier}`)
      }
  }
})
