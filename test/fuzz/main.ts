/**
 * `npm run fuzz -- decoders|streams|api [--minutes N] [--seed N]`: changed inputs until the time is over. What they show is
 * kept in `test/fuzz/corpus`; what must not be is kept there too, with the seed, and the program ends with 1.
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { openFuzzer } from './open.ts'
import { run } from './run.ts'

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const [name = ''] = positionals
const seed = values.seed === undefined ? randomBytes(4).readUInt32BE() : Number(values.seed)
const { fuzzer, close } = await openFuzzer(name)
const endMs = Date.now() + Number(values.minutes) * 60_000
const summary = await run(fuzzer, { seed, isEnough: () => Date.now() >= endMs, keeps: true })
await close()
for (const [target, count] of Object.entries(summary.byTarget).sort())
  console.log(`${String(count).padStart(8)}  ${target}`)
console.log(`${name}: ${summary.tried} inputs from seed ${seed} showed ${summary.shown} things`)
for (const { target, what, input } of summary.findings) console.log(`found: ${target}: ${what}: ${input.slice(0, 200)}`)
console.log(`${summary.findings.length} findings`)
process.exit(summary.findings.length > 0 ? 1 : 0)
