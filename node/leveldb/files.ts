/** The files of a LevelDB database, by their names, and what is looked at in each. */
import type { Checked } from './checked.ts'
import { checkLog } from './log.ts'
import { checkTable } from './table.ts'

const kinds: readonly { readonly names: RegExp; readonly check: (bytes: Uint8Array) => Checked }[] = [
  { names: /^\d+\.(ldb|sst)$/, check: checkTable },
  { names: /^\d+\.log$/, check: checkLog },
  { names: /^MANIFEST-\d+$/, check: checkLog },
]

/** How to look at a file; nothing where it holds nothing that could be lost: a lock, or what LevelDB tells people. */
export const checkOf = (name: string): ((bytes: Uint8Array) => Checked) | undefined =>
  kinds.find(({ names }) => names.test(name))?.check

/** The file that names the list of tables that is in use. */
export const currentName = 'CURRENT'

/** What `CURRENT` has to say, judged by the other files' names: the newest manifest. Undefined if there is no manifest. */
export function currentIn(names: readonly string[]): string | undefined {
  const lists = names.filter((name) => /^MANIFEST-\d+$/.test(name))
  const [newest] = lists.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)))
  return newest && `${newest}\n`
}
