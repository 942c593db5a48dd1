// Slow: it runs daemons.
/** Each fuzzer for a moment, from a seed: what was found before is found no more, and the fuzzers themselves still work. */
import { test } from 'tap'
import { openFuzzer } from '../fuzz/open.ts'
import { run } from '../fuzz/run.ts'
import '../kit/patience.ts'

for (const [name, inputs] of [
  ['decoders', 10_000],
  ['streams', 600],
  ['api', 300],
] as const)
  test(`fuzz: ${name}`, async (t) => {
    const { fuzzer, close } = await openFuzzer(name)
    t.teardown(close)
    const begun = new Set<string>()
    let kept = 0
    const isEnough = (tried: number): boolean => {
      if (begun.size === 0) {
        kept = tried
        begun.add(name)
      }
      return tried >= kept + inputs
    }
    const { tried, byTarget, findings } = await run(fuzzer, { seed: 9, isEnough, keeps: false })
    t.ok(tried >= inputs, `${tried} inputs`)
    t.ok(Object.keys(byTarget).length > 10, `of ${Object.keys(byTarget).length} kinds`)
    t.strictSame(findings, [])
  })
