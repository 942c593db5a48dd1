/**
 * `npm run bench`: throughput, latency, memory and start-up, as ratios and as growth with size.
 * `-- --json` ends with one JSON object, `--only ledger,flow,daemon,proofs,page` picks parts, `--quick` takes smaller ones.
 */
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { daemon } from './daemon.ts'
import { ledger } from './ledger.ts'
import { flow } from './mail.ts'
import { tell } from './measure.ts'
import { page } from './page.ts'
import { proofs } from './proofs.ts'
import type { Section } from './section.ts'

const sections: Readonly<Record<string, Section<never>>> = {
  ledger: ledger as Section<never>,
  flow: flow as Section<never>,
  daemon: daemon as Section<never>,
  proofs: proofs as Section<never>,
  page: page as Section<never>,
}

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
const wanted = values.only?.split(',') ?? Object.keys(sections)
const results: Record<string, unknown> = {}
for (const name of wanted) {
  const section = sections[name]
  if (!section) throw new Error(`There is no part “${name}”. There are: ${Object.keys(sections).join(', ')}.`)
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
