/** What people are told beside figures, wherever they read them: in a terminal, or in the page. */
import type { Habit } from './habit.ts'
import type { PriceLine, StrangersLetters } from './priced.ts'

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

type Factor = PriceLine['factors'][number]

/** What would lower each factor that is above one. */
const lowering: Readonly<Record<string, string>> = {
  size: 'a smaller message costs less, and attachments weigh most',
  lifetime: 'a shorter lifetime costs less',
  correspondence: 'a first letter to somebody; once they write back, or grant you that, the next cost far less',
  recipients: 'each recipient more makes all of them dearer; a message for each alone has none of that',
}

/** The factors of a line that make it dearer, each with what would lower it. `tier` is that of the pass it is priced under. */
export function dearer(
  { factors }: Pick<PriceLine, 'factors'>,
  tier: number | null,
): readonly (Factor & { readonly advice: string })[] {
  const above = factors.filter(({ basisPoints }) => BigInt(basisPoints) > 10_000n)
  const isFirst = above.some(({ name }) => name === 'correspondence')
  return above.map((factor) => ({ ...factor, advice: lowering[factor.name] ?? standingText(tier, isFirst) }))
}

/** What would lower the factor of a standing. */
function standingText(tier: number | null, isFirst: boolean): string {
  if (tier === null) return 'you show no pass, and any pass lowers it'
  return isFirst
    ? 'what strangers pay under any pass; readers’ flags raise it until they fade'
    : 'a higher tier lowers it, which is what readers value and time make of yours'
}

/** Fewer than this are few: whoever looks on can guess with some success. */
const fewBelow = 8

/** A sentence about so many that one hides among, with a warning where they are few. */
export const crowdText = (crowd: string, size: number): string =>
  `${crowd}${size < fewBelow ? ' That is few: whoever looks on can guess.' : ''}`

/** When passes are taken, in words. */
export const takenText = ({ warm, skipPercent }: Habit): string => {
  if (skipPercent === 100) return 'when asked for'
  const when = warm ? 'in every epoch' : 'while in use'
  return skipPercent === 0 ? when : `${when}, but ${skipPercent} of 100`
}

/** Which tier is shown, in words. */
export const showsText = ({ show, tier }: Habit): string =>
  ({ best: 'the best tier', 'at-most': `at most tier ${tier}`, exactly: `tier ${tier} or none` })[show]
