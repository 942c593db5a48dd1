/** What readers did with strangers' letters, in words. */
import type { StrangersLetters } from '../node/priced.ts'

/** A line for each who got any: “anna: of 7 strangers’ letters 2 answered, 3 valued, 1 flagged, 1 given back”. */
export const strangersLines = (
  all: readonly { readonly name: string; readonly letters: StrangersLetters }[],
): readonly string[] =>
  all.filter(({ letters: { received } }) => received > 0).map(({ name, letters }) => `${name}: ${countsText(letters)}`)

/** What usually comes back from a reader, so that whoever writes knows what to expect. */
export const usuallyText = (letters: StrangersLetters): string =>
  letters.received === 0 ? 'no stranger wrote to them yet' : countsText(letters)

const countsText = ({ received, answered, valued, flagged, givenBack }: StrangersLetters): string =>
  `of ${received === 1 ? 'one stranger’s letter' : `${received} strangers’ letters`} ${answered} answered, ${valued} valued, ${flagged} flagged, ${givenBack} given back`
