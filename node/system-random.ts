/** The real randomness: that of the operating system, also for a thread, which no simulation runs. */
import { randomBytes } from 'node:crypto'
import type { Random } from './seams.ts'

export const systemRandom: Random = (length) => new Uint8Array(randomBytes(length))
