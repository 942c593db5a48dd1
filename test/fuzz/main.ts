/**
 * `npm run fuzz`: changed inputs until the time is over. What they show is kept in `test/fuzz/corpus`; what must not be is kept
 * there too, with the seed.
 */
import { randomBytes } from 'node:crypto'
import { flagsOf, refuseFlags } from '../../cli/flags.ts'
import { numberIn, seedIn } from '../kit/flag-numbers.ts'
import { fuzzerNames, openFuzzer } from './open.ts'
import { run } from './run.ts'

const help = `npm run fuzz -- ${fuzzerNames.join('|')} [OPTIONS]

  --minutes N   how long; 1 otherwise
  --seed N      the same inputs again; a seed that is drawn and said otherwise

Ends with 1 where something was found, which is kept in test/fuzz/corpus.`

const { values, positionals } = flagsOf(help, {
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const [name = ''] = positionals
if (!fuzzerNames.includes(name) || positionals.length > 1)
  refuseFlags(`Say which one of these, and no other word: ${fuzzerNames.join(', ')}.`)
const seed = values.seed === undefined ? randomBytes(4).readUInt32BE() : seedIn('--seed', values.seed)
const lengthMs = numberIn('--minutes', values.minutes) * 60_000
const { fuzzer, close } = await openFuzzer(name)
const endMs = Date.now() + lengthMs
const summary = await run(fuzzer, { seed, isEnough: () => Date.now() >= endMs, keeps: true })
await close()
for (const [target, count] of Object.entries(summary.byTarget).sort())
  console.log(`${String(count).padStart(8)}  ${target}`)
console.log(`${name}: ${summary.tried} inputs from seed ${seed} showed ${summary.shown} things`)
for (const { target, what, input } of summary.findings) console.log(`found: ${target}: ${what}: ${input.slice(0, 200)}`)
console.log(`${summary.findings.length} findings`)
process.exit(summary.findings.length > 0 ? 1 : 0)
