/** Every pattern of waking in twelve epochs: each step has a witness, and what is proven is what the plain model says. */
import { test } from 'tap'
import { compile } from '../../circuits/compile.ts'
import type { Inputs } from '../../node/seams.ts'
import { firstHidden, type Hidden } from '../../protocol/identity.ts'
import type { Gathered } from '../../protocol/verdict-tree.ts'
import { calculatorOf } from './calculator.ts'
import { createTrees, keysOf, type Past } from './lives.ts'
import { readR1cs, violated } from './r1cs.ts'
import { points, secret } from './scenes.ts'
import { modelOf, texts, wake } from './waking.ts'

const epochs = Array.from({ length: 12 }, (_, at) => at + 1)
/** Verdicts come in two epochs, so that lives which differ in nothing that counts meet in the same state. */
const rows = new Map([2, 6].map((epoch) => [epoch, rowsIn(epoch)]))
const past: Past = { gathered: (epoch) => rows.get(epoch) ?? [] }
const trees = createTrees(past)

test('waking: every pattern in twelve epochs', async (t) => {
  const compiled = await compile('renew')
  const calculate = await calculatorOf(compiled.wasm)
  const constraints = await readR1cs(compiled)
  // Whoever is in a state in an epoch goes on alike from there: one witness is enough for all of them.
  const proven = new Map<string, Hidden>()
  let looked = 0
  const prove = (inputs: Inputs) => {
    const read = calculate(inputs)
    if (proven.size % 40 > 0) return
    t.equal(violated(constraints, read()).length, 0, 'the released constraints hold, too')
    looked++
  }
  for (let pattern = 0; pattern < 2 ** epochs.length; pattern++) {
    let hidden = firstHidden
    for (const epoch of epochs.filter((one) => (pattern >> (one - 1)) & 1)) {
      const { previous, last, asOf, positive, negative } = hidden
      const state = [epoch, previous, last, asOf, positive, negative].join()
      if (!proven.has(state)) {
        const waking = { secret, hidden, epoch, spent: 0n }
        proven.set(state, wake(past, trees, waking, prove))
        t.same(texts(proven.get(state)!), texts(modelOf(past, waking)), state)
      }
      hidden = proven.get(state)!
    }
  }
  t.ok(proven.size > 300, 'so many of the steps of all patterns are different')
  t.ok(looked > 5, 'so many witnesses were evaluated')
})

/** What three of our four keys gathered. */
function rowsIn(epoch: number): Gathered[] {
  const [, ...keys] = keysOf(secret, epoch)
  return keys.map((key, at) => ({ key, positive: points(3 * at) + 7n, negative: BigInt(epoch * at) }))
}
