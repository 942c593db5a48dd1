/** What takes longer than a second says how far it is. */
import type { Invocation } from './command.ts'
import { say } from './print.ts'

const everyMs = 1_000

/** Do something, and say every second what it is at, until it is done. `work` is given the way to tell that. */
export async function withProgress<T>(
  context: Pick<Invocation, 'json'>,
  begun: string,
  work: (told: (what: string) => void) => Promise<T>,
): Promise<T> {
  let now = begun
  const startMs = Date.now()
  const timer = setInterval(() => say(context, `${Math.round((Date.now() - startMs) / 1_000)} s: ${now} …`), everyMs)
  try {
    return await work((what) => void (now = what))
  } finally {
    clearInterval(timer)
  }
}
