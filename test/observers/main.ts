/** `npm run observers`: who can tell that two pseudonyms are of one device, and who finds planted leaks. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { flagsOf } from '../../cli/flags.ts'
import { digits, tell } from '../bench/measure.ts'
import { live, type Lived } from './days.ts'
import { linkedBy, observers, sceneOf, shortEpochs, toldOf } from './observers.ts'
import { type Plant, plantings } from './plants.ts'

const help = `npm run observers -- [OPTIONS]

  --quick       fewer people and epochs, in less time
  --seed TEXT   another network
  --json        end with one JSON object

Says for each observer in how far it can tell that two pseudonyms are of one device (1 is always right, 0 is a coin), beside
what people are told of, and how well it finds planted leaks. Nothing is judged: it ends with 0.`

const { values } = flagsOf(help, {
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, seed: { type: 'string', default: 'observers' } },
})
const { seed } = values
/** Months have 26 epochs; leaks are planted in a shorter time. */
const size = values.quick ? { people: 8, months: shortEpochs + 2, planted: 2 } : { people: 10, months: 26, planted: 3 }
const pseudonyms = 3

type Row = {
  readonly name: string
  readonly advantage: number
  readonly low: number
  readonly high: number
  readonly told: number
  readonly planted: { readonly leak: string; readonly advantage: number }[]
}

const begun = Date.now()
const folder = mkdtempSync(join(tmpdir(), 'bmail-observers-'))
const rows: Row[] = []
try {
  const scene = await sceneOf(await lived([], size.months))
  for (const observer of observers) {
    const { advantage, low, high, by } = await linkedBy(observer, scene, seed)
    const told = toldOf(observer, scene, seed)
    rows.push({ name: observer.name, ...{ advantage, low, high, told, planted: [] } })
    tell(`${observer.name}: ${show(advantage)} by ${by.join('; ')}`)
  }
  for (const planting of plantings) await findPlanted(planting)
} finally {
  rmSync(folder, { recursive: true })
}
tell(
  `${Math.round((Date.now() - begun) / 1_000)} s, of which ${Math.round(process.cpuUsage().user / 1e6)} s of a processor`,
)

if (values.json) console.log(JSON.stringify({ observers: rows.map(rounded) }))
else {
  const table = new Table({
    head: ['observer', 'advantage', '95 %', 'told', 'planted'],
    style: { head: [], border: [] },
  })
  for (const { name, advantage, low, high, told, planted } of rows)
    table.push([
      name,
      show(advantage),
      `${show(low)} to ${show(high)}`,
      show(told),
      planted.map((one) => `${show(one.advantage)} ${one.leak}`).join('\n'),
    ])
  console.log(table.toString())
}
process.exit(0)

/** A network in which so much is planted, after so many epochs. */
function lived(planted: readonly Plant[], epochs: number): Promise<Lived> {
  const what = planted.length > 0 ? planted.map(({ leak }) => leak).join('; ') : 'as it is'
  const progress = (sentence: string): void => tell(`${what}: ${sentence}`)
  const inside = mkdtempSync(join(folder, 'homes-'))
  return live({
    seed,
    pseudonyms,
    people: size.people,
    plants: planted,
    folder: inside,
    epochs,
    awayFrom: shortEpochs,
    progress,
  })
}

/** Let people live with some leaks, and see who finds them. */
async function findPlanted(planting: readonly Plant[]): Promise<void> {
  const scene = await sceneOf(await lived(planting, size.planted))
  for (const [at, observer] of observers.entries())
    for (const plant of planting.filter((one) => observer.finds.includes(one))) {
      const { advantage, by } = await linkedBy(observer, scene, seed)
      rows[at]!.planted.push({ leak: plant.leak, advantage })
      tell(`${observer.name}, ${plant.leak}: ${show(advantage)} by ${by.join('; ')}`)
    }
}

/** Two digits behind the point. */
function show(advantage: number): string {
  return advantage.toFixed(2)
}

function rounded({ name, advantage, low, high, told, planted }: Row): Row {
  return {
    name,
    ...{ advantage: digits(advantage), low: digits(low), high: digits(high), told: digits(told) },
    planted: planted.map((one) => ({ leak: one.leak, advantage: digits(one.advantage) })),
  }
}
