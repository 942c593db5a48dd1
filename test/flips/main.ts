/**
 * `npm run flips [-- --seed N] [--letters N] [--only ROLE]`: a byte turned in every block of every file of the home of a
 * host, a relay, a keeper and a person, one after the other. Says what came of them, and ends with 1 where something was
 * lost.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { test } from 'tap'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { createTrial, lived, placesIn } from '../kit/flips.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, letters: { type: 'string', default: '8' }, only: { type: 'string' } },
})
const seed = values.seed === undefined ? randomBytes(4).readUInt32BE() : Number(values.seed)

test(`flips, seed ${seed}`, { timeout: 0 }, async (t) => {
  const network = await lived(t, { letters: Number(values.letters) })
  const trial = createTrial(network, { random: seededRandom(Uint8Array.of(...Buffer.from(String(seed))), 'flips') })
  const places = placesIn(network).filter(({ role }) => values.only === undefined || role === values.only)
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
