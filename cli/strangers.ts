/** What readers did with strangers' letters, in words. */
import type { StrangersLetters } from '../node/service.ts'

/** A line for each who got any: “anna: of 7 strangers’ letters 2 answered, 3 valued, 1 flagged, 1 given back”. */
export const strangersLines = (
  all: readonly { readonly name: string; readonly letters: StrangersLetters }[],
): readonly string[] =>
  all
    .filter(({ letters: { received } }) => received > 0)
    .map(
      ({ name, letters: { received, answered, valued, flagged, givenBack } }) =>
        `${name}: of ${received} strangers’ letters ${answered} answered, ${valued} valued, ${flagged} flagged, ${givenBack} given back`,
    )
