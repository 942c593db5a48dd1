/**
 * How long a test waits. Tests follow what happens, and not how long it takes; the one limit, `timeout` in `.taprc`, is
 * there to end what hangs, and is generous enough for a machine that is ten times as slow. A file that brings this in has
 * the limit also where it is run by itself.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as root } from 'tap'

const settings = readFileSync(join(import.meta.dirname, '../../.taprc'), 'utf8')
const fileMs = Number(/^timeout: (\d+)$/m.exec(settings)![1]) * 1_000
root.setTimeout(fileMs)

/** When a single wait is given up: so much earlier that it can still be told what was waited for. */
export const patienceMs = fileMs / 12

/** Ask again and again until there is an answer that counts. Throws with the last error, or with what `say` says then. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false | null | 0> | T | undefined | false | null | 0,
  { say = () => '' }: { say?: () => unknown } = {},
): Promise<T> {
  for (const end = Date.now() + patienceMs; ; ) {
    let last: unknown
    try {
      const answer = await ask()
      if (answer) return answer
    } catch (error) {
      last = error
    }
    if (Date.now() > end)
      throw new Error(`did not come about in ${patienceMs} ms: ${what}. ${JSON.stringify(say()) ?? ''}`, {
        cause: last,
      })
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}
