/** Tests and their kit wait for what happens, and not how long it takes: the one limit is `kit/patience.ts`’s, and nobody sleeps. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'

const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') || path.startsWith('kit/'))
  .filter((path) => path !== 'kit/patience.ts' && path !== 'waits.test.ts')
  .map((path) => ({ path, text: readFileSync(join(import.meta.dirname, path), 'utf8') }))

const habits: Readonly<Record<string, RegExp>> = {
  'has a limit of its own': /\btimeout: (?!patienceMs)|\.setTimeout\(|AbortSignal\.timeout\(/,
  sleeps: /\bsetTimeout\(|setTimeout.* from 'node:timers\/promises'|\bAtomics\.wait\(/,
  'looks how long something took': /\bperformance\.now\(|\bhrtime[.(]/,
}

test('waits: no test goes by the time', async (t) => {
  for (const [what, pattern] of Object.entries(habits))
    t.strictSame(
      files.filter(({ text }) => pattern.test(text)).map(({ path }) => path),
      [],
      `nothing ${what}`,
    )
})

test('waits: the patterns catch what they are for', async (t) => {
  const samples = [
    'root.setTimeout(600_000)',
    '{ timeout: 1_000 }',
    'AbortSignal.timeout(5)',
    'setTimeout(resolve, 40)',
    'performance.now()',
  ]
  for (const sample of samples)
    t.ok(
      Object.values(habits).some((pattern) => pattern.test(sample)),
      sample,
    )
})
