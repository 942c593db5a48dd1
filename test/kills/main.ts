/** `npm run kills`: daemons of every role, killed under load. */
import { randomBytes } from 'node:crypto'
import { flagsOf } from '../../cli/flags.ts'
import { numberIn, seedIn } from '../kit/flag-numbers.ts'
import { test } from 'tap'
import { killUnderLoad } from '../kit/kills.ts'

const help = `npm run kills -- [OPTIONS]

  --kills N   how many; 100 otherwise
  --seed N    the same moments again; a seed that is drawn and said otherwise

Ends with 1 where anything is lost.`

const { values } = flagsOf(help, { options: { kills: { type: 'string', default: '100' }, seed: { type: 'string' } } })
const kills = numberIn('--kills', values.kills)
const seed = values.seed === undefined ? randomBytes(3).readUIntBE(0, 3) : seedIn('--seed', values.seed)

test(`kills, seed ${seed}`, { timeout: 0 }, (t) => killUnderLoad(t, { kills, seed, deedsMax: 30 }))
