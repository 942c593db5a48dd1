/**
 * What a reader did with strangers' letters: counts that stand at each address for all to see. A letter is a stranger's
 * where, when it was settled, the reader had never written to its sender by hand, nor granted them, and was owed no answer.
 * Prices do not ask for it.
 */
import type { Draft, Message, Records, View } from './state.ts'

type Reader = Records['readers']
type Part = Message['recipients'][number]

/** A reader to whom no stranger ever wrote. */
export const newReader: Reader = { received: 0, answered: 0, valued: 0, flagged: 0, givenBack: 0 }

/** What a reader did with strangers' letters so far: what a quote shows beside its lines. Reads the reader's record alone. */
export const readingOfReader = (view: View, reader: Uint8Array): Reader => view.read('readers', reader) ?? newReader

/** Where counts stop. */
const countMax = 2 ** 32 - 1

/** Count letters of strangers at a reader; less of them where the number is negative. Nothing is written where all are 0. */
export function countLetters(draft: Draft, reader: Uint8Array, letters: Partial<Reader>): void {
  if (Object.values(letters).every((count) => count === 0)) return
  const before = readingOfReader(draft, reader)
  const sum = (name: keyof Reader): number => Math.min(Math.max(before[name] + (letters[name] ?? 0), 0), countMax)
  draft.write('readers', reader, {
    received: sum('received'),
    answered: sum('answered'),
    valued: sum('valued'),
    flagged: sum('flagged'),
    givenBack: sum('givenBack'),
  })
}

/** Count what a verdict or a giving back makes of one recipient's part of a message. */
export function noteReading(draft: Draft, { before, after }: { readonly before: Part; readonly after: Part }): void {
  if (!after.stranger) return
  const [was, is] = [readingOf(before), readingOf(after)]
  countLetters(draft, after.address, {
    valued: is.valued - was.valued,
    flagged: is.flagged - was.flagged,
    givenBack: is.givenBack - was.givenBack,
  })
}

/** What one letter counts: given back only where all of it was, and not where it is flagged. */
function readingOf({ verdict, credit, given }: Part): Pick<Reader, 'valued' | 'flagged' | 'givenBack'> {
  const isFlagged = verdict === 'spam' || verdict === 'abuse'
  const isGivenBack = given > 0n && given === credit && !isFlagged
  return { valued: verdict === 'value' ? 1 : 0, flagged: isFlagged ? 1 : 0, givenBack: isGivenBack ? 1 : 0 }
}
