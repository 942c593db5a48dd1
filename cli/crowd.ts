/** Among how many one hides: said before one acts, with a warning where they are few, and asked about. */
import type { Invocation } from './command.ts'
import { say } from './print.ts'

/** Fewer than this are few: whoever looks on can guess with some success. */
const fewBelow = 8

/** A sentence about so many that one hides among, with a warning where they are few. */
export const crowdText = (crowd: string, size: number): string =>
  `${crowd}${size < fewBelow ? ' That is few: whoever looks on can guess.' : ''}`

/** Say what one hides among, and have the person agree. */
export async function hideAmong(
  context: Invocation,
  { size, crowd, question, yes }: { size: number; crowd: string; question: string; yes: true | undefined },
): Promise<void> {
  say(context, crowdText(crowd, size))
  const { agree } = await import('./terminal.ts')
  await agree(context, { question, yes, undone: 'nothing was done' })
}
