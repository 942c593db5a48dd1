/** This program once more, to be changed, with the packages that are installed here. */
import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** The path of a folder with the program in it, which is gone when the test is. Sources and sample proofs can be changed there. */
export function copyOfProgram(t: Test): string {
  const root = join(import.meta.dirname, '../..')
  const copy = t.testdir({ circuits: { artifacts: {} } })
  for (const folder of ['cli', 'node', 'protocol']) cpSync(join(root, folder), join(copy, folder), { recursive: true })
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(root, name), join(copy, name))
  for (const name of readdirSync(join(root, 'circuits/artifacts'))) {
    const from = join(root, 'circuits/artifacts', name)
    if (name === 'samples.json') cpSync(from, join(copy, 'circuits/artifacts', name))
    else symlinkSync(from, join(copy, 'circuits/artifacts', name))
  }
  return copy
}
