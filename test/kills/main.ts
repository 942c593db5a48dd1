/** `npm run kills [-- --kills N] [--seed N]`: daemons of every role, killed 100 times under load. Ends with 1 where anything is lost. */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { test } from 'tap'
import { killUnderLoad } from '../kit/kills.ts'

const { values } = parseArgs({ options: { kills: { type: 'string', default: '100' }, seed: { type: 'string' } } })
const seed = values.seed === undefined ? randomBytes(3).readUIntBE(0, 3) : Number(values.seed)

test(`kills, seed ${seed}`, { timeout: 0 }, (t) =>
  killUnderLoad(t, { kills: Number(values.kills), seed, deedsMax: 30 }),
)
