/**
 * Seals in place, from the randomness of a simulation, unpacks in place, and shows messages as they came: for simulations,
 * whose time is not that of a thread. The real one works on threads that are stopped by real time.
 */
import type { LetterReader } from '../../node/letter/reader.ts'
import { works } from '../../node/letter/work.ts'
import { seal } from '../../node/seal/seal.ts'
import type { Random } from '../../node/seams.ts'

export const plainReader = (random: Random): LetterReader => ({
  seal: (letter) => seal({ random, ...letter }),
  unpack: works.unpack,
  head: works.plainPage,
  ownHead: works.plainPage,
  read: works.plainPage,
  formatted: async () => undefined,
  attachments: async () => [],
  close: async () => undefined,
})
