/** `npm run bench`: throughput, latency, memory and start-up, as ratios and as growth with size. */
import Table from 'cli-table3'
import { flagsOf } from '../../cli/flags.ts'
import { namesIn } from '../kit/flag-numbers.ts'
import { bridge } from './bridge.ts'
import { daemon } from './daemon.ts'
import { ledger } from './ledger.ts'
import { flow } from './mail.ts'
import { tell } from './measure.ts'
import { proofs } from './proofs.ts'
import type { Section } from './section.ts'

const sections: Readonly<Record<string, Section<never>>> = {
  ledger: ledger as Section<never>,
  flow: flow as Section<never>,
  daemon: daemon as Section<never>,
  proofs: proofs as Section<never>,
  bridge: bridge as Section<never>,
}

const help = `npm run bench -- [OPTIONS]

  --only PART,…   of ${Object.keys(sections).join(', ')} these
  --quick         smaller ones, in less time
  --json          end with one JSON object`

const { values } = flagsOf(help, {
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
const results: Record<string, unknown> = {}
for (const name of namesIn('--only', values.only, Object.keys(sections))) {
  const section = sections[name]!
  tell(section.title)
  const result = await section.run({ isQuick: values.quick === true })
  results[name] = result
  if (values.json) continue
  console.log(`\n${section.title}`)
  for (const [head = [], ...rows] of section.tables(result)) {
    const table = new Table({ head: head.map(String), style: { head: [], border: [] } })
    table.push(...rows.map((row) => [...row]))
    console.log(table.toString())
  }
  for (const note of section.notes(result)) console.log(note)
}
if (values.json) console.log(JSON.stringify(results))
