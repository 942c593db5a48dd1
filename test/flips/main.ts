/**
 * `npm run flips`: a byte turned in every block of every file of the home of a host, a relay, a keeper and a person, one after
 * the other. Says what came of them.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'tap'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { flagsOf } from '../../cli/flags.ts'
import { namesIn, numberIn, seedIn } from '../kit/flag-numbers.ts'
import { createTrial, lived, placesIn, roles } from '../kit/flips.ts'

const help = `npm run flips -- [OPTIONS]

  --only ROLE,…  of ${Object.keys(roles).join(', ')} these
  --letters N    how many letters the homes hold; 8 otherwise
  --seed N       the same bytes again; a seed that is drawn and said otherwise

Ends with 1 where something was lost.`

const { values } = flagsOf(help, {
  options: { seed: { type: 'string' }, letters: { type: 'string', default: '8' }, only: { type: 'string' } },
})
const seed = values.seed === undefined ? randomBytes(4).readUInt32BE() : seedIn('--seed', values.seed)
const chosen = namesIn('--only', values.only, Object.keys(roles))
const letters = numberIn('--letters', values.letters)

test(`flips, seed ${seed}`, { timeout: 0 }, async (t) => {
  const network = await lived(t, { letters })
  const trial = createTrial(network, { random: seededRandom(Uint8Array.of(...Buffer.from(String(seed))), 'flips') })
  const places = placesIn(network).filter(({ role }) => chosen.includes(role))
  const counts = new Map<string, number>()
  for (const [index, place] of places.entries()) {
    const { role, file, block } = place
    const kind = file.replace(/\d+/g, 'N')
    const came = await trial(place, join(network.folder, 'trial')).catch((error: Error) => {
      t.fail(`${role} ${file} block ${block}: ${error.stack}`)
      return 'lost'
    })
    const row = `${role} ${kind} ${came}`
    counts.set(row, (counts.get(row) ?? 0) + 1)
    if (index % 50 === 0) t.comment(`${index} of ${places.length}`)
  }
  for (const [row, count] of [...counts].sort()) t.comment(`${String(count).padStart(6)}  ${row}`)
  t.ok(places.length > 0, `${places.length} blocks`)
})
