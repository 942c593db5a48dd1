/**
 * `npm run contributing`: the page on adding an operation is followed, and then again without each of its steps in turn; says
 * who misses it. Ends with 1 where the page does not work, or nobody misses a step.
 */
import { test } from 'tap'
import { checkers, hasPython, look, steps, without, works } from './page.ts'

let isWhole = false

test('the operation of the page works, from the ledger up to the command line', async (t) => {
  isWhole = await works(t)
})

for (const { name } of steps)
  test(`leaving out “${name}” is noticed`, {
    skip: name.endsWith('.py') && !hasPython && 'no python3 here',
  }, async (t) => {
    if (!isWhole) return t.fail('the page itself does not work')
    const left = await without(t, name)
    if ('stuckAt' in left) return t.pass(`by “${left.stuckAt}”, which needs it`)
    for (const by of checkers) if ((await look(left.copy, by)).code !== 0) return t.pass(`by ${by}`)
    t.fail('nothing misses it')
  })
