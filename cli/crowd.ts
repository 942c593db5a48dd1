/** Among how many one hides: said before one acts, with a warning where they are few, and asked about. */
import { door } from '../node/daemon/door.ts'
import type { Invocation } from './command.ts'
import { say } from './print.ts'

const { crowdText } = await door.advice()

/** Say what one hides among, and have the person agree. */
export async function hideAmong(
  context: Invocation,
  { size, crowd, question, yes }: { size: number; crowd: string; question: string; yes: true | undefined },
): Promise<void> {
  say(context, crowdText(crowd, size))
  const { agree } = await import('./terminal.ts')
  await agree(context, { question, yes, undone: 'nothing was done' })
}
