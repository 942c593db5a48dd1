/** Tests and their kit wait for what happens, and not how long it takes: the one limit is `kit/patience.ts`’s, and nobody sleeps. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { readSource } from './kit/source.ts'

const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') || path.startsWith('kit/'))
  .filter((path) => path !== 'kit/patience.ts' && path !== 'waits.test.ts')
  .map((path) => ({ path, ...readSource(readFileSync(join(import.meta.dirname, path), 'utf8')) }))

const habits: Readonly<Record<string, RegExp>> = {
  'has a limit of its own': /\btimeout(?:: (?!patienceMs)| *[,}])|\.setTimeout\(|\bAbortSignal(?:\.timeout\b|\[)/,
  sleeps: /(?<!\.)\bsetTimeout\b|\bscheduler\b|\bAtomics\.wait/,
  'looks how long something took': /\bperformance\b|\bhrtime\b|\buptime\(|\bcpuUsage\b|\bDate\.now\(\) - [a-z]/,
}

test('waits: no test goes by the time', async (t) => {
  for (const [what, pattern] of Object.entries(habits))
    t.strictSame(
      files.filter(({ code }) => pattern.test(code)).map(({ path }) => path),
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
    "import { setTimeout as sleep } from 'node:timers/promises'",
    'import {\n  setTimeout as sleep,\n} from "node:timers/promises"',
    'scheduler.wait(5)',
    "AbortSignal['timeout'](5)",
    'Date.now() - begun',
    'test(name, { timeout }, run)',
  ]
  for (const sample of samples)
    t.ok(
      Object.values(habits).some((pattern) => pattern.test(readSource(sample).code)),
      sample,
    )
})
