/**
 * Packs and unpacks in place, and shows messages as they came: for simulations, whose time is not that of a thread. The
 * real one works on threads that are stopped by real time.
 */
import type { LetterReader } from '../../node/letter/reader.ts'
import { works } from '../../node/letter/work.ts'

export const plainReader: LetterReader = {
  pack: (parties, content) => works.pack({ parties, content }),
  unpack: works.unpack,
  read: works.plainPage,
  attachments: async () => [],
  close: async () => undefined,
}
