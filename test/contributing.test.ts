// Slow: it follows a page in copies of this repository.
/**
 * The page that shows how an operation is added, followed to the letter: what comes out works, and whoever looks at it misses
 * a step that is left out. Here one step for each that looks; `npm run contributing` leaves out every one.
 */
import { test } from 'tap'
import { type Checker, checkers, look, steps, without, works } from './contributing/page.ts'

/** Who misses what: all that look, but the vectors, which whoever leaves out a step cannot make at all. */
const missed: Readonly<Record<Exclude<Checker, 'the vectors'>, string>> = {
  'the compiler': 'node/api/routes.ts',
  'the specification': 'protocol/README.md',
  'the rules of the house': 'CHANGELOG.md',
  'the ledger’s test': 'test/vectors/refused.ts',
  'the reader in Python': 'test/vectors/read.py',
  'the API’s description': 'npm run openapi',
  'the commands’ test': 'test/cli/commands.test.ts',
}

let isWhole = false

test('the operation of the page works, from the ledger up to the command line', async (t) => {
  isWhole = await works(t)
})

for (const by of checkers)
  if (by !== 'the vectors')
    test(`${by} misses “${missed[by]}”`, async (t) => {
      if (!isWhole) return t.fail('the page itself does not work')
      if (!steps.some(({ name }) => name === missed[by])) return t.fail('the page has no such step: name another here')
      const left = await without(t, missed[by])
      if ('stuckAt' in left) return t.fail(`it is missed by “${left.stuckAt}” before: name another step here`)
      t.not((await look(left.copy, by)).code, 0)
    })

test('a command of the page misses “test/vectors/make/operations.ts”', async (t) => {
  t.match(await without(t, 'test/vectors/make/operations.ts'), { stuckAt: 'npm run vectors -- --raise' })
})
